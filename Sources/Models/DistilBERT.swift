import Kernels
import Tensors

/// DistilBERT: Sanh et al. 2019, https://arxiv.org/abs/1910.01108: BERT without token types, under
/// other names.
extension ModelFamily {
    static let distilBERT = ModelFamily(
        name: .distilbert,
        readConfig: { blob in try ConfigFile.read(DistilBERTConfig.self, from: blob) },
        writeConfig: { config in try DistilBERTConfig(config).json() },
        parameters: { config in names.parameters(config) },
        prefix: "distilbert.", unembedding: "vocab_projector.weight",
        isIgnored: { name in name.hasSuffix("embeddings.position_ids") })

    private static let names = EncoderNames(
        layers: "transformer.layer", query: "attention.q_lin", key: "attention.k_lin",
        value: "attention.v_lin", attentionOutput: "attention.out_lin",
        attentionNorm: "sa_layer_norm", intermediate: "ffn.lin1", output: "ffn.lin2",
        outputNorm: "output_layer_norm", head: ("vocab_transform", "vocab_layer_norm"),
        bias: "vocab_projector.bias", unembedding: "vocab_projector")
}

extension TransformerConfig {
    /// A size of DistilBERT.
    static func distilBERT(dVocab: Int) -> TransformerConfig {
        var config = TransformerConfig(
            nLayers: 6, dModel: 768, nHeads: 12, dVocab: dVocab, nCtx: 512, layerNormEps: 1e-12,
            activation: .gelu)
        config.becomeEncoder(.distilbert, head: .gelu)
        config.padding = 0
        return config
    }
}

/// DistilBERT's `config.json`; the eps of its norms is fixed.
private struct DistilBERTConfig: FamilyConfig {
    var model_type: String?
    var architectures: [String]?
    var n_layers: Int?
    var dim: Int?
    var n_heads: Int?
    var hidden_dim: Int?
    var max_position_embeddings: Int?
    var vocab_size: Int?
    var activation: String?
    var tie_word_embeddings: Bool?
    var initializer_range: Double?
    var pad_token_id: Int?

    init(_ config: TransformerConfig) {
        model_type = config.family.rawValue
        architectures = ["DistilBertForMaskedLM"]
        n_layers = config.nLayers
        dim = config.dModel
        n_heads = config.nHeads
        hidden_dim = config.dMLP
        max_position_embeddings = config.nCtx
        vocab_size = config.dVocab
        activation = config.activation.rawValue
        tie_word_embeddings = config.tiesEmbeddings
        initializer_range = config.initializerRange
        pad_token_id = config.padding
    }

    func config(in file: ConfigFile) throws(CheckpointError) -> TransformerConfig {
        let width = try file.width((dim, "dim"), heads: (n_heads, "n_heads"))
        var config = TransformerConfig(
            nLayers: try file.layers(n_layers, "n_layers", otherwise: 6), dModel: width.dModel,
            nHeads: width.nHeads,
            dMLP: try file.size(hidden_dim, "hidden_dim", otherwise: 3072),
            dVocab: try file.size(vocab_size, "vocab_size", otherwise: 30522),
            nCtx: try file.size(
                max_position_embeddings, "max_position_embeddings", otherwise: 512),
            layerNormEps: 1e-12,
            activation: try file.activation(activation, "activation", otherwise: "gelu"))
        config.becomeEncoder(.distilbert, head: config.activation)
        config.padding = pad_token_id ?? 0
        config.tiesEmbeddings = tie_word_embeddings ?? true
        config.initializerRange = initializer_range ?? 0.02
        return config
    }
}
