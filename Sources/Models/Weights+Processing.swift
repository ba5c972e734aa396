internal import Glibc
import Kernels
import Tensors

/// The steps of ``WeightProcessing``, as TransformerLens' `ProcessWeights` defines them.
extension Transformer {
    /// The model with rewritten weights.
    ///
    /// - Throws: ``RunError/inexactProcessing(_:_:)`` for steps that would change the predictions;
    ///   ``LinearAlgebraError`` where matrices to refactor are not finite.
    public func processed(by steps: WeightProcessing) throws -> Transformer {
        var (config, weights) = (config, weights)
        try weights.process(steps, &config)
        return Transformer(
            config: config, weights: weights, processing: processing.union(steps),
            tokenizer: tokenizer, name: name, source: source)
    }
}

extension Weights {
    /// Rewrites the weights in place; `config` says afterwards whether norms are folded.
    mutating func process(
        _ steps: WeightProcessing, _ config: inout TransformerConfig
    ) throws {
        let inexact = steps.subtracting(config.exactProcessing)
        guard inexact.isEmpty else { throw RunError.inexactProcessing(inexact, config.family) }
        let foldsNorms = steps.contains(.foldLayerNorm) && config.normalization == .layerNorm
        for layer in blocks.indices {
            if foldsNorms { blocks[layer].foldNorms() }
            if steps.contains(.centerWritingWeights) { blocks[layer].centreWriting() }
            let recentres = steps.contains(.centerWritingWeights)
            if steps.contains(.foldValueBiases) {
                blocks[layer].attn.foldValueBiases(recentring: recentres)
            }
            if steps.contains(.refactorFactoredAttention) {
                try blocks[layer].attn.refactor(dHead: config.dHead)
                if recentres { blocks[layer].attn.b_O.centreRows() }
            }
        }
        if steps.contains(.centerWritingWeights) {
            W_E.centreRows()
            W_pos.centreRows()
        }
        if foldsNorms {
            foldFinalNorm()
            config.normalization = .layerNormPre
        }
        if steps.contains(.centerUnembed) {
            centreColumns(W_U_transposed.mutableRows)
            b_U?.centreRows()
        }
        // What is written into them is theirs alone now.
        if foldsNorms || !steps.isDisjoint(with: [.centerUnembed, .centerWritingWeights]) {
            config.tiesEmbeddings = false
        }
    }

    /// b_U += b W_U, W_U = diag(w) W_U, and each token's direction is centred.
    private mutating func foldFinalNorm() {
        var bias = b_U ?? Tensor([W_U_transposed.shape[0]])
        multiply(
            W_U_transposed.rows, lnFinal.b.rows, into: bias.mutableRows(of: 1),
            transposing: .right, accumulating: true)
        b_U = bias
        scaleAndShift(W_U_transposed.mutableRows, gain: lnFinal.w.rows, shift: nil)
        W_U_transposed.centreRows()
        lnFinal = NormWeights()
    }
}

extension BlockWeights {
    fileprivate mutating func foldNorms() {
        ln1.fold(into: &attn.W_QKV, bias: &attn.b_QKV)
        ln2.fold(into: &mlp.W_in, bias: &mlp.b_in)
    }

    fileprivate mutating func centreWriting() {
        attn.W_O.centreRows()
        attn.b_O.centreRows()
        mlp.W_out.centreRows()
        mlp.b_out.centreRows()
    }
}

extension NormWeights {
    /// bias += b W, W = diag(w) W, and the columns of W are centred: a norm's output has mean zero.
    fileprivate mutating func fold(into weight: inout Tensor, bias: inout Tensor) {
        multiply(b.rows, weight.rows, into: bias.mutableRows, accumulating: true)
        scaleRows(weight.mutableRows, by: w.rows)
        centreColumns(weight.mutableRows)
        self = NormWeights()
    }
}

extension AttentionWeights {
    /// b_O += b_V W_O, b_V = 0.
    fileprivate mutating func foldValueBiases(recentring: Bool) {
        let width = W_O.shape[0]
        let values = QKV.value.rawValue * width..<(QKV.value.rawValue + 1) * width
        multiply(
            b_QKV.rows[0..<1, values], W_O.rows, into: b_O.mutableRows, accumulating: true)
        let bias = b_QKV.mutableRows[0..<1, values][0]
        for i in 0..<bias.count { bias[i] = 0 }
        if recentring { b_O.centreRows() }
    }

    /// Rewrites each head's W_Q W_Kᵀ, biases included, as (U √S) (V √S)ᵀ, and W_V W_O as (U S) Vᵀ.
    ///
    /// - Throws: ``LinearAlgebraError``, the weights then being half rewritten.
    fileprivate mutating func refactor(dHead: Int) throws(LinearAlgebraError) {
        foldValueBiases(recentring: false)
        let old = self
        let factors = try parallelMap(W_O.shape[0] / dHead) { (head) throws(LinearAlgebraError) in
            try old.factors(head: head, dHead: dHead)
        }
        let (qkv, bias, out) = (W_QKV.mutableRows, b_QKV.mutableRows, W_O.mutableRows)
        for (head, (qk, ov)) in factors.enumerated() {
            func write(_ vectors: Tensor, scaledBy power: Double, _ s: [Double], _ third: QKV) {
                let columns = columns(third, head: head, dHead: dHead)
                for (i, column) in columns.enumerated() {
                    let (vector, scale) = (vectors.rows[i], Float(pow(s[i], power)))
                    for m in 0..<qkv.count { qkv[m][column] = scale * vector[m] }
                    // The biases of values are zero by now.
                    if third != .value { bias[0][column] = scale * vector[qkv.count] }
                }
            }
            write(qk.left, scaledBy: 0.5, qk.values, .query)
            write(qk.right, scaledBy: 0.5, qk.values, .key)
            write(ov.left, scaledBy: 1, ov.values, .value)
            copy(ov.right.rows, into: out[head * dHead..<(head + 1) * dHead, 0..<out.columns])
        }
    }

    /// The singular values of a head's query–key and output–value products.
    private func factors(
        head: Int, dHead: Int
    ) throws(LinearAlgebraError) -> (qk: SingularValues, ov: SingularValues) {
        return (
            try singularValues(
                ofProduct: matrixWithBias(.query, head: head, dHead: dHead).rows,
                matrixWithBias(.key, head: head, dHead: dHead).rows, transposing: .right),
            try singularValues(
                ofProduct: matrix(.value, head: head, dHead: dHead),
                outputMatrix(head: head, dHead: dHead))
        )
    }
}

extension Tensor {
    /// Subtracts from each row its mean.
    fileprivate mutating func centreRows() {
        let rows = mutableRows
        let block = 256
        parallelFor((rows.count + block - 1) / block) { index in
            let part = rows[
                index * block..<min((index + 1) * block, rows.count), 0..<rows.columns]
            centre(part.reading, into: part)
        }
    }
}
