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
    /// Where the norms of a block stand.
    public var normPlace = NormPlace.pre
    /// What a position attends to.
    public var attention = AttentionDirection.causal
    /// How many kinds of segment tokens can belong to, each with an embedding of its own; 0 for
    /// none.
    public var nTokenTypes = 0
    /// Whether the sum of the embeddings is normalised.
    public var normalizesEmbeddings = false
    /// The row of W_pos that the first position has; W_pos has n_ctx rows from there on.
    public var positionOffset = 0
    /// What reads the residual stream at the end.
    public var head = PredictionHead.nextToken
    /// The family whose checkpoints have this form.
    public var family = FamilyName.gpt2
    /// Whether attention scores are divided by sqrt(d_head).
    public var scalesAttention = true
    /// Whether attention scores are divided by layer + 1 as well.
    public var scalesAttentionByLayer = false
    /// Whether the unembedding is the token embedding transposed, one tensor in the checkpoint.
    public var tiesEmbeddings = true
    /// The token that ends a text; `nil` if there is none.
    public var endOfText: Int?
    /// The token that fills shorter sequences up, as the checkpoint says; `nil` if there is none.
    public var padding: Int?
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

    /// Whether it predicts what masks stand for, not the next token.
    public var isMasked: Bool { head != .nextToken }

    /// Which positions of a sequence queries see.
    ///
    /// - Parameters:
    ///   - start: The position of the first query.
    ///   - tokens: How many positions are no padding.
    package func visibility(from start: Int, tokens: Int) -> Visibility {
        attention == .causal ? .causal(past: start) : .first(tokens)
    }

    /// What attention scores of a layer are divided by: `attn_scale`.
    public func attentionScale(layer: Int) -> Float {
        (scalesAttention ? Float(dHead).squareRoot() : 1)
            * (scalesAttentionByLayer ? Float(layer + 1) : 1)
    }
}

/// The families of checkpoints, by their `model_type`.
public enum FamilyName: String, Sendable, CaseIterable {
    /// Radford et al. 2019: pre-norm, causal.
    case gpt2
    /// Devlin et al. 2019, https://arxiv.org/abs/1810.04805: post-norm, bidirectional.
    case bert
    /// Sanh et al. 2019, https://arxiv.org/abs/1910.01108: BERT without token types.
    case distilbert
    /// Liu et al. 2019, https://arxiv.org/abs/1907.11692: BERT with positions from 2 on.
    case roberta
}

/// Where the norms of a block stand.
public enum NormPlace: String, Sendable {
    /// Before attention and before the MLP, which read what they give; the stream itself is never
    /// normalised.
    case pre
    /// After attention's and after the MLP's output was added: the stream is normalised twice a
    /// block.
    case post
}

/// What reads the residual stream at the end.
public enum PredictionHead: Hashable, Sendable {
    /// A norm and the unembedding: logits of the token that comes next.
    case nextToken
    /// A layer, its function, a norm and the unembedding: logits of the token that a mask stands
    /// for.
    case masked(Activation)
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
