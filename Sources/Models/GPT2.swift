import Kernels
import Tensors

/// GPT-2 and its relatives: pre-norm, learned positions, one matrix for queries, keys and values.
///
/// Radford et al. 2019. The checkpoint's matrices have inputs on the left already.
extension ModelFamily {
    static let gpt2 = ModelFamily(
        name: .gpt2,
        readConfig: { blob in try ConfigFile.read(GPT2Config.self, from: blob) },
        writeConfig: { config in try GPT2Config(config).json() },
        parameters: { config in gpt2Parameters(config) },
        prefix: "transformer.", unembedding: "lm_head.weight",
        isIgnored: { name in
            name.hasSuffix(".attn.bias") || name.hasSuffix(".attn.masked_bias")
        })

    private static func gpt2Parameters(_ config: TransformerConfig) -> [Parameter] {
        let d = config.dModel
        let normal = InitialValue.normal(standardDeviation: config.initializerRange)
        var all = [
            Parameter("wte.weight", [config.dVocab, d], \.W_E, normal),
            Parameter("wpe.weight", [config.nCtx, d], \.W_pos, normal),
        ]
        for layer in 0..<config.nLayers { all += gpt2Block(layer, config) }
        all += norm("ln_f", \.lnFinal, config)
        if !config.tiesEmbeddings {
            let head = Parameter(
                "lm_head.weight", [config.dVocab, d], \.W_U_transposed, normal, isPrefixed: false)
            all.append(head)
        }
        return all
    }

    private static func gpt2Block(_ layer: Int, _ config: TransformerConfig) -> [Parameter] {
        let (d, heads, neurons) = (config.dModel, config.nHeads * config.dHead, config.dMLP)
        let block: WritableKeyPath<Weights, BlockWeights> = \.blocks[layer]
        let normal = InitialValue.normal(standardDeviation: config.initializerRange)
        // What writes to the residual stream starts smaller, as 2 · n_layers of them add up.
        let output = InitialValue.normal(
            standardDeviation: config.initializerRange / Double(2 * config.nLayers).squareRoot())
        let h = "h.\(layer)"
        return norm("\(h).ln_1", block.appending(path: \.ln1), config)
            + [
                Parameter(
                    "\(h).attn.c_attn.weight", [d, 3 * heads], block.appending(path: \.attn.W_QKV),
                    normal),
                Parameter(
                    "\(h).attn.c_attn.bias", [3 * heads], block.appending(path: \.attn.b_QKV),
                    .zeros),
                Parameter(
                    "\(h).attn.c_proj.weight", [heads, d], block.appending(path: \.attn.W_O),
                    output),
                Parameter(
                    "\(h).attn.c_proj.bias", [d], block.appending(path: \.attn.b_O), .zeros),
            ] + norm("\(h).ln_2", block.appending(path: \.ln2), config)
            + [
                Parameter(
                    "\(h).mlp.c_fc.weight", [d, neurons], block.appending(path: \.mlp.W_in),
                    normal),
                Parameter(
                    "\(h).mlp.c_fc.bias", [neurons], block.appending(path: \.mlp.b_in), .zeros),
                Parameter(
                    "\(h).mlp.c_proj.weight", [neurons, d], block.appending(path: \.mlp.W_out),
                    output),
                Parameter(
                    "\(h).mlp.c_proj.bias", [d], block.appending(path: \.mlp.b_out), .zeros),
            ]
    }

    static func norm(
        _ name: String, _ weights: WritableKeyPath<Weights, NormWeights>,
        _ config: TransformerConfig, isPrefixed: Bool = true
    ) -> [Parameter] {
        [("weight", \NormWeights.w, InitialValue.ones), ("bias", \.b, .zeros)].map { part in
            Parameter(
                "\(name).\(part.0)", [config.dModel], weights.appending(path: part.1), part.2,
                isPrefixed: isPrefixed)
        }
    }
}

/// GPT-2's `config.json`, as `transformers` writes it; what is missing has that library's default.
private struct GPT2Config: FamilyConfig {
    var model_type: String?
    var architectures: [String]?
    var n_layer: Int?
    var n_embd: Int?
    var n_head: Int?
    var n_inner: Int?
    var n_positions: Int?
    var vocab_size: Int?
    var activation_function: String?
    var layer_norm_epsilon: Float?
    var scale_attn_weights: Bool?
    var scale_attn_by_inverse_layer_idx: Bool?
    var add_cross_attention: Bool?
    var tie_word_embeddings: Bool?
    var initializer_range: Double?
    var bos_token_id: Int?
    var eos_token_id: Int?

    init(_ config: TransformerConfig) {
        model_type = "gpt2"
        architectures = ["GPT2LMHeadModel"]
        n_layer = config.nLayers
        n_embd = config.dModel
        n_head = config.nHeads
        n_inner = config.dMLP
        n_positions = config.nCtx
        vocab_size = config.dVocab
        activation_function = config.activation.rawValue
        layer_norm_epsilon = config.layerNormEps
        scale_attn_weights = config.scalesAttention
        scale_attn_by_inverse_layer_idx = config.scalesAttentionByLayer
        tie_word_embeddings = config.tiesEmbeddings
        initializer_range = config.initializerRange
        bos_token_id = config.endOfText
        eos_token_id = config.endOfText
    }

    func config(in file: ConfigFile) throws(CheckpointError) -> TransformerConfig {
        let width = try file.width((n_embd, "n_embd"), heads: (n_head, "n_head"))
        if add_cross_attention == true { throw file.problem("cross-attention is not supported") }
        var config = TransformerConfig(
            nLayers: try file.layers(n_layer, "n_layer", otherwise: 12), dModel: width.dModel,
            nHeads: width.nHeads,
            dMLP: try file.size(n_inner, "n_inner", otherwise: 4 * width.dModel),
            dVocab: try file.size(vocab_size, "vocab_size", otherwise: 50257),
            nCtx: try file.size(n_positions, "n_positions", otherwise: 1024),
            layerNormEps: try file.epsilon(
                layer_norm_epsilon, "layer_norm_epsilon", otherwise: 1e-5),
            activation: try file.activation(
                activation_function, "activation_function", otherwise: "gelu_new"))
        config.scalesAttention = scale_attn_weights ?? true
        config.scalesAttentionByLayer = scale_attn_by_inverse_layer_idx ?? false
        config.tiesEmbeddings = tie_word_embeddings ?? true
        config.initializerRange = initializer_range ?? 0.02
        config.endOfText = eos_token_id
        return config
    }
}
