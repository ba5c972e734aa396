import Kernels
public import Tensors

/// The weights of a transformer under their TransformerLens names; inputs stand on the left (`x
/// W`).
///
/// The attention matrices of all heads lie side by side, as one product reads them and as GPT-2's
/// checkpoints store them; ``AttentionWeights/W_Q`` and the others are views by head.
public struct Weights: Sendable {
    /// Token embedding, [d_vocab, d_model].
    public var W_E: Tensor
    /// Position embedding, [n_ctx, d_model]; more rows where positions begin at an offset.
    public var W_pos: Tensor
    /// Embedding of the kinds of segment, [token type, d_model]; empty without.
    public var W_type = Tensor([0, 0])
    /// The norm of the embeddings' sum, where there is one.
    public var embedNorm = NormWeights()
    /// One entry per layer.
    public var blocks: [BlockWeights]
    /// The norm before the unembedding, where nothing else stands there.
    public var lnFinal = NormWeights()
    /// What stands before the unembedding of a masked-language model.
    public var mlmHead = HeadWeights()
    /// The unembedding transposed, [d_vocab, d_model]: a row is the direction that a token reads.
    ///
    /// Stored so because one token's direction is then contiguous, and because a tied checkpoint
    /// has it.
    public var W_U_transposed: Tensor
    /// Unembedding bias, [d_vocab]; `nil` in GPT-2's checkpoints.
    public var b_U: Tensor?

    /// Weights that are still to be set, for a model of this form.
    init(_ config: TransformerConfig) {
        self.init(nLayers: config.nLayers)
        if config.isMasked { b_U = Tensor([0]) }
    }

    /// Weights that are still to be set, for `nLayers` layers.
    public init(nLayers: Int) {
        W_E = Tensor([0])
        W_pos = Tensor([0])
        blocks = [BlockWeights](repeating: BlockWeights(), count: nLayers)
        W_U_transposed = Tensor([0])
    }
}

/// The weights of a masked-language model's head: `LN(act(x W + b))`.
public struct HeadWeights: Sendable {
    /// Matrix, [d_model, d_model].
    public var W = Tensor([0, 0])
    /// Bias, [d_model].
    public var b = Tensor([0])
    /// The norm behind the function.
    public var ln = NormWeights()

    /// Weights that are still to be set.
    public init() {}
}

/// The weights of one block.
public struct BlockWeights: Sendable {
    /// The norm before attention; after it in post-norm models.
    public var ln1 = NormWeights()
    /// Attention.
    public var attn = AttentionWeights()
    /// The norm before the MLP; after it in post-norm models.
    public var ln2 = NormWeights()
    /// The MLP.
    public var mlp = MLPWeights()

    /// Weights that are still to be set.
    public init() {}
}

/// A layer norm's gain and shift; not read where they are folded into what follows.
public struct NormWeights: Sendable {
    /// Gain, [d_model].
    public var w = Tensor([0])
    /// Shift, [d_model].
    public var b = Tensor([0])

    /// Weights that are still to be set, or folded away.
    public init() {}
}

/// The weights of a block's attention.
public struct AttentionWeights: Sendable {
    /// W_Q, W_K and W_V of all heads side by side, [d_model, 3 · head · d_head].
    public var W_QKV = Tensor([0, 0])
    /// b_Q, b_K and b_V of all heads, [3 · head · d_head].
    public var b_QKV = Tensor([0])
    /// Output matrix of all heads one below the other, [head · d_head, d_model].
    public var W_O = Tensor([0, 0])
    /// Output bias, [d_model].
    public var b_O = Tensor([0])
}

/// The weights of a block's MLP.
public struct MLPWeights: Sendable {
    /// Matrix into the neurons, [d_model, d_mlp].
    public var W_in = Tensor([0, 0])
    /// Bias of the neurons, [d_mlp].
    public var b_in = Tensor([0])
    /// Matrix out of the neurons, [d_mlp, d_model].
    public var W_out = Tensor([0, 0])
    /// Bias of the output, [d_model].
    public var b_out = Tensor([0])
}

/// Queries, keys or values: which third of ``AttentionWeights/W_QKV``.
package enum QKV: Int {
    case query, key, value
}

extension AttentionWeights {
    /// The columns of one head in one third of ``W_QKV``.
    func columns(_ third: QKV, head: Int, dHead: Int) -> Range<Int> {
        let start = third.rawValue * W_O.shape[0] + head * dHead
        return start..<start + dHead
    }

    /// The matrix of one head, [d_model, d_head], in place.
    package func matrix(_ third: QKV, head: Int, dHead: Int) -> Rows {
        W_QKV.rows[0..<W_QKV.shape[0], columns(third, head: head, dHead: dHead)]
    }

    /// The bias of one head, [1, d_head], in place.
    func bias(_ third: QKV, head: Int, dHead: Int) -> Rows {
        b_QKV.rows[0..<1, columns(third, head: head, dHead: dHead)]
    }

    /// The matrix of one head with its bias as the last row, [d_model + 1, d_head], copied.
    package func matrixWithBias(_ third: QKV, head: Int, dHead: Int) -> Tensor {
        var rows = Tensor(uninitialized: [W_QKV.shape[0] + 1, dHead])
        let (matrix, out) = (matrix(third, head: head, dHead: dHead), rows.mutableRows)
        copy(matrix, into: out[0..<matrix.count, 0..<dHead])
        copy(
            bias(third, head: head, dHead: dHead), into: out[matrix.count..<out.count, 0..<dHead])
        return rows
    }

    /// The output matrix of one head, [d_head, d_model], in place.
    package func outputMatrix(head: Int, dHead: Int) -> Rows {
        W_O.rows[head * dHead..<(head + 1) * dHead, 0..<W_O.shape[1]]
    }
}

extension AttentionWeights {
    /// Puts matrices by head side by side.
    ///
    /// - Parameters:
    ///   - W_Q: [head, d_model, d_head]; W_K and W_V alike.
    ///   - W_O: [head, d_head, d_model].
    ///   - b_Q: [head, d_head]; b_K and b_V alike.
    ///   - b_O: [d_model].
    public init(
        W_Q: Tensor, W_K: Tensor, W_V: Tensor, W_O: Tensor, b_Q: Tensor, b_K: Tensor, b_V: Tensor,
        b_O: Tensor
    ) {
        let heads = [W_Q, W_K, W_V].flatMap { matrices in
            (0..<matrices.shape[0]).map { matrices[at: $0] }
        }
        W_QKV = .concatenating(heads, axis: 1)
        b_QKV = .concatenating([b_Q, b_K, b_V].map { $0.reshaped([$0.count]) }, axis: 0)
        self.W_O = W_O.reshaped([W_O.shape[0] * W_O.shape[1], W_O.shape[2]])
        self.b_O = b_O
    }

    /// Query matrices by head, [head, d_model, d_head], copied.
    ///
    /// - Parameter dHead: The width of a head.
    public func W_Q(dHead: Int) -> Tensor { byHead(.query, dHead) }

    /// Key matrices by head, [head, d_model, d_head], copied.
    public func W_K(dHead: Int) -> Tensor { byHead(.key, dHead) }

    /// Value matrices by head, [head, d_model, d_head], copied.
    public func W_V(dHead: Int) -> Tensor { byHead(.value, dHead) }

    private func byHead(_ third: QKV, _ dHead: Int) -> Tensor {
        let (heads, dModel) = (W_O.shape[0] / dHead, W_QKV.shape[0])
        var result = Tensor(uninitialized: [heads, dModel, dHead])
        let out = result.mutableRows
        for head in 0..<heads {
            copy(
                matrix(third, head: head, dHead: dHead),
                into: out[head * dModel..<(head + 1) * dModel, 0..<dHead])
        }
        return result
    }
}
