import Kernels
import Tensors

/// What BERT's relatives call the tensors that all of them have.
///
/// Their matrices have outputs first; queries, keys and values are three.
struct EncoderNames: Sendable {
    /// What stands before a layer's number.
    let layers: String
    let query: String
    let key: String
    let value: String
    let attentionOutput: String
    let attentionNorm: String
    let intermediate: String
    let output: String
    let outputNorm: String
    /// The layer and the norm before the unembedding.
    let head: (dense: String, norm: String)
    /// The unembedding's bias where the unembedding is the token embedding; BERT's head has it
    /// before all else.
    let bias: String
    /// Whether the positions' embedding stands behind the norm of the sum.
    var hasPositionsLast = false
    /// The module of the unembedding; of one that is not the token embedding it has the bias too.
    let unembedding: String
}

extension EncoderNames {
    /// The other name of the unembedding's bias.
    func spellings(of name: String) -> [String] {
        let names = [bias, "\(unembedding).bias"]
        return names.contains(name) ? names.filter { $0 != name } : []
    }

    /// All tensors, in the order of `named_parameters()`.
    func parameters(_ config: TransformerConfig) -> [Parameter] {
        let d = config.dModel
        let normal = InitialValue.normal(standardDeviation: config.initializerRange)
        var all = [
            Parameter("embeddings.word_embeddings.weight", [config.dVocab, d], \.W_E, normal)
        ]
        let positions = Parameter(
            "embeddings.position_embeddings.weight", [config.nCtx + config.positionOffset, d],
            \.W_pos, normal)
        if !hasPositionsLast { all.append(positions) }
        if config.nTokenTypes > 0 {
            all.append(
                Parameter(
                    "embeddings.token_type_embeddings.weight", [config.nTokenTypes, d], \.W_type,
                    normal))
        }
        all += ModelFamily.norm("embeddings.LayerNorm", \.embedNorm, config)
        if hasPositionsLast { all.append(positions) }
        for layer in 0..<config.nLayers { all += block(layer, config) }
        let ownBias = "\(unembedding).bias"
        let bias = Parameter(
            config.tiesEmbeddings ? bias : ownBias, [config.dVocab], \.b_U!, .zeros,
            isPrefixed: false)
        let isFirst = bias.name != ownBias
        if isFirst { all.append(bias) }
        all += linear(head.dense, \.mlmHead.W, \.mlmHead.b, [d, d], normal, isPrefixed: false)
        all += ModelFamily.norm(head.norm, \.mlmHead.ln, config, isPrefixed: false)
        if !config.tiesEmbeddings {
            all.append(
                Parameter(
                    "\(unembedding).weight", [config.dVocab, d], \.W_U_transposed, normal,
                    isPrefixed: false))
        }
        return isFirst ? all : all + [bias]
    }

    private func block(_ layer: Int, _ config: TransformerConfig) -> [Parameter] {
        let (d, heads, neurons) = (config.dModel, config.nHeads * config.dHead, config.dMLP)
        let block: WritableKeyPath<Weights, BlockWeights> = \.blocks[layer]
        let normal = InitialValue.normal(standardDeviation: config.initializerRange)
        let name = "\(layers).\(layer)."
        let qkv = [query, key, value].enumerated().flatMap { index, part in
            linear(
                name + part, block.appending(path: \.attn.W_QKV),
                block.appending(path: \.attn.b_QKV), [heads, d], normal, part: index, of: 3)
        }
        return qkv
            + linear(
                name + attentionOutput, block.appending(path: \.attn.W_O),
                block.appending(path: \.attn.b_O), [d, heads], normal)
            + ModelFamily.norm(name + attentionNorm, block.appending(path: \.ln1), config)
            + linear(
                name + intermediate, block.appending(path: \.mlp.W_in),
                block.appending(path: \.mlp.b_in), [neurons, d], normal)
            + linear(
                name + output, block.appending(path: \.mlp.W_out),
                block.appending(path: \.mlp.b_out), [d, neurons], normal)
            + ModelFamily.norm(name + outputNorm, block.appending(path: \.ln2), config)
    }

    /// A matrix, [out, in], and its bias.
    private func linear(
        _ name: String, _ weight: WritableKeyPath<Weights, Tensor>,
        _ bias: WritableKeyPath<Weights, Tensor>, _ shape: [Int], _ normal: InitialValue,
        part: Int = 0, of count: Int = 1, isPrefixed: Bool = true
    ) -> [Parameter] {
        [
            Parameter(
                "\(name).weight", shape, weight, normal, .transposed.part(part, of: count),
                isPrefixed: isPrefixed),
            Parameter(
                "\(name).bias", [shape[0]], bias, .zeros, .whole.part(part, of: count),
                isPrefixed: isPrefixed),
        ]
    }
}

extension TransformerConfig {
    /// What BERT's relatives have in common: post-norm, bidirectional, a head for masked tokens.
    mutating func becomeEncoder(_ family: FamilyName, head: Activation) {
        self.family = family
        normPlace = .post
        attention = .bidirectional
        normalizesEmbeddings = true
        self.head = .masked(head)
    }
}
