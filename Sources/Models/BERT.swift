import Kernels
import Tensors

/// BERT: Devlin et al. 2019, https://arxiv.org/abs/1810.04805, as `transformers` saves
/// `BertForMaskedLM` or `BertForPreTraining`.
extension ModelFamily {
    static let bert = ModelFamily(
        name: .bert,
        readConfig: { blob in try ConfigFile.read(BERTConfig.self, from: blob) },
        writeConfig: { config in try BERTConfig(config).json() },
        parameters: { config in EncoderNames.bert.parameters(config) },
        prefix: "bert.", unembedding: "cls.predictions.decoder.weight",
        spellings: { name in
            // The first checkpoints have TensorFlow's names for gains and shifts.
            if name.hasSuffix("LayerNorm.weight") { return [name.dropLast(6) + "gamma"] }
            if name.hasSuffix("LayerNorm.bias") { return [name.dropLast(4) + "beta"] }
            return EncoderNames.bert.spellings(of: name)
        },
        isIgnored: { name in
            // Buffers, and what other tasks than masked prediction read.
            name.hasSuffix("embeddings.position_ids") || name.contains("pooler.dense.")
                || name.hasPrefix("cls.seq_relationship.")
        })
}

extension EncoderNames {
    fileprivate static let bert = EncoderNames.bert(
        head: ("cls.predictions.transform.dense", "cls.predictions.transform.LayerNorm"),
        bias: "cls.predictions.bias", unembedding: "cls.predictions.decoder")

    /// BERT's names within a layer, which RoBERTa shares, and those of a head.
    static func bert(
        head: (dense: String, norm: String), bias: String, unembedding: String
    ) -> EncoderNames {
        EncoderNames(
            layers: "encoder.layer", query: "attention.self.query", key: "attention.self.key",
            value: "attention.self.value", attentionOutput: "attention.output.dense",
            attentionNorm: "attention.output.LayerNorm", intermediate: "intermediate.dense",
            output: "output.dense", outputNorm: "output.LayerNorm", head: head,
            bias: bias, unembedding: unembedding)
    }
}

extension TransformerConfig {
    /// A size of BERT.
    static func bert(
        nLayers: Int = 12, dModel: Int = 768, nHeads: Int = 12, dVocab: Int
    ) -> TransformerConfig {
        var config = TransformerConfig(
            nLayers: nLayers, dModel: dModel, nHeads: nHeads, dVocab: dVocab, nCtx: 512,
            layerNormEps: 1e-12, activation: .gelu)
        config.becomeEncoder(.bert, head: .gelu)
        config.nTokenTypes = 2
        config.padding = 0
        return config
    }
}

/// The `config.json` of BERT and of RoBERTa, which differ in what they make of it.
struct BERTConfig: FamilyConfig {
    var model_type: String?
    var architectures: [String]?
    var num_hidden_layers: Int?
    var hidden_size: Int?
    var num_attention_heads: Int?
    var intermediate_size: Int?
    var max_position_embeddings: Int?
    var vocab_size: Int?
    var type_vocab_size: Int?
    var hidden_act: String?
    var layer_norm_eps: Float?
    var position_embedding_type: String?
    var is_decoder: Bool?
    var add_cross_attention: Bool?
    var tie_word_embeddings: Bool?
    var initializer_range: Double?
    var pad_token_id: Int?
    var bos_token_id: Int?
    var eos_token_id: Int?

    init(_ config: TransformerConfig) {
        model_type = config.family.rawValue
        architectures = [config.family == .bert ? "BertForMaskedLM" : "RobertaForMaskedLM"]
        num_hidden_layers = config.nLayers
        hidden_size = config.dModel
        num_attention_heads = config.nHeads
        intermediate_size = config.dMLP
        max_position_embeddings = config.nCtx + config.positionOffset
        vocab_size = config.dVocab
        type_vocab_size = config.nTokenTypes
        hidden_act = config.activation.rawValue
        layer_norm_eps = config.layerNormEps
        tie_word_embeddings = config.tiesEmbeddings
        initializer_range = config.initializerRange
        pad_token_id = config.padding
        // What `transformers` takes for RoBERTa unless told otherwise.
        if config.family == .roberta { (bos_token_id, eos_token_id) = (0, 2) }
    }

    func config(in file: ConfigFile) throws(CheckpointError) -> TransformerConfig {
        let isBERT = model_type != FamilyName.roberta.rawValue
        let width = try file.width(
            (hidden_size, "hidden_size"), heads: (num_attention_heads, "num_attention_heads"))
        if add_cross_attention == true || is_decoder == true {
            throw file.problem("BERT as a decoder (is_decoder) is not supported")
        }
        if let kind = position_embedding_type, kind != "absolute" {
            throw file.problem(
                "position_embedding_type is \(quoted(kind)); only absolute is supported")
        }
        let padding = pad_token_id ?? (isBERT ? 0 : 1)
        guard (0..<1 << 24).contains(padding) else {
            throw file.problem("pad_token_id is \(padding); it must be a token's id")
        }
        // RoBERTa's positions begin behind that of padding.
        let offset = isBERT ? 0 : padding + 1
        let positions = try file.size(
            max_position_embeddings, "max_position_embeddings", otherwise: 512)
        guard positions > offset else {
            throw file.problem(
                "max_position_embeddings is \(positions); RoBERTa's positions begin at \(offset)")
        }
        var config = TransformerConfig(
            nLayers: try file.layers(num_hidden_layers, "num_hidden_layers", otherwise: 12),
            dModel: width.dModel, nHeads: width.nHeads,
            dMLP: try file.size(intermediate_size, "intermediate_size", otherwise: 3072),
            dVocab: try file.size(
                vocab_size, "vocab_size", otherwise: isBERT ? 30522 : 50265),
            nCtx: positions - offset,
            layerNormEps: try file.epsilon(layer_norm_eps, "layer_norm_eps", otherwise: 1e-12),
            activation: try file.activation(hidden_act, "hidden_act", otherwise: "gelu"))
        // BERT's head has the function of its layers, RoBERTa's always the exact GELU.
        config.becomeEncoder(
            isBERT ? .bert : .roberta, head: isBERT ? config.activation : .gelu)
        config.nTokenTypes = try file.size(type_vocab_size, "type_vocab_size", otherwise: 2)
        config.positionOffset = offset
        config.padding = padding
        config.tiesEmbeddings = tie_word_embeddings ?? true
        config.initializerRange = initializer_range ?? 0.02
        return config
    }
}
