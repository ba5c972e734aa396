// Models: one transformer with named hook points, its weights, and the checkpoints they come from.
// No probes here. Start at Transformer.swift, then Transformer+Forward.swift for the equations.

public import Kernels

/// The dimensions of a transformer and the choices that tell one family from another.
public struct TransformerConfig: Sendable, Hashable {
    /// Blocks.
    public var nLayers: Int
    /// Width of the residual stream.
    public var dModel: Int
    /// Attention heads per block.
    public var nHeads: Int
    /// Width of a head's queries, keys and values.
    public var dHead: Int
    /// Neurons of a block's MLP.
    public var dMLP: Int
    /// Tokens of the vocabulary.
    public var dVocab: Int
    /// The longest sequence.
    public var nCtx: Int
    /// Added to the variance in layer norms.
    public var layerNormEps: Float
    /// The function between the matrices of an MLP.
    public var activation: Activation
    /// Whether norms have a gain and a shift of their own.
    public var normalization = Normalization.layerNorm
    /// What a position attends to.
    public var attention = AttentionDirection.causal
    /// Whether attention scores are divided by sqrt(d_head).
    public var scalesAttention = true
    /// Whether attention scores are divided by layer + 1 as well.
    public var scalesAttentionByLayer = false
    /// Whether the unembedding is the token embedding transposed, one tensor in the checkpoint.
    public var tiesEmbeddings = true
    /// The token that ends a text; `nil` if there is none.
    public var endOfText: Int?
    /// Standard deviation of freshly initialised weights.
    public var initializerRange: Double = 0.02

    /// Describes a transformer of the GPT-2 family.
    public init(
        nLayers: Int, dModel: Int, nHeads: Int, dHead: Int? = nil, dMLP: Int? = nil, dVocab: Int,
        nCtx: Int, layerNormEps: Float = 1e-5, activation: Activation = .geluTanh
    ) {
        self.nLayers = nLayers
        self.dModel = dModel
        self.nHeads = nHeads
        self.dHead = dHead ?? dModel / nHeads
        self.dMLP = dMLP ?? 4 * dModel
        self.dVocab = dVocab
        self.nCtx = nCtx
        self.layerNormEps = layerNormEps
        self.activation = activation
    }

    /// What attention scores of a layer are divided by: `attn_scale`.
    public func attentionScale(layer: Int) -> Float {
        (scalesAttention ? Float(dHead).squareRoot() : 1)
            * (scalesAttentionByLayer ? Float(layer + 1) : 1)
    }
}

/// What a position attends to.
public enum AttentionDirection: String, Sendable {
    /// Itself and the positions before it.
    case causal
    /// All positions, as in encoders.
    case bidirectional
}

/// The kind of norm, by its name in TransformerLens.
public enum Normalization: String, Sendable {
    /// (x − mean) / std · w + b
    case layerNorm = "LN"
    /// (x − mean) / std; gain and shift are folded into the weights that read it.
    case layerNormPre = "LNPre"
}
