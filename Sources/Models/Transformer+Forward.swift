import Kernels
package import Tensors

/// The forward pass as equations. Each line with `visit` is a hook point; tensors are [row, …], a
/// row being one position of one sequence.
///
/// Elhage et al. 2021, https://transformer-circuits.pub/2021/framework, in the pre-norm form of
/// Radford et al. 2019.
extension Transformer {
    /// embed + pos_embed → resid_pre of block 0, [row, d_model].
    func embed(_ tokens: TokenBatch, _ layout: RowLayout, _ pass: some Pass) -> Tensor {
        var embed = weights.W_E.selecting(tokens.ids.flatMap { $0 }, axis: 0)
        pass.visit(.embed, nil, &embed, layout)
        let positions = layout.items.flatMap { $0.start..<$0.end }
        var posEmbed = weights.W_pos.selecting(positions, axis: 0)
        pass.visit(.posEmbed, nil, &posEmbed, layout)
        add(posEmbed.rows, to: embed.mutableRows)
        return embed
    }

    /// resid_pre → resid_post of one block, [row, d_model].
    func block(_ l: Int, _ residPre: Tensor, _ layout: RowLayout, _ pass: some Pass) -> Tensor {
        var resid = residPre
        pass.visit(.residPre, l, &resid, layout)
        resid = addAttention(l, resid, layout, pass)
        resid = addMLP(l, resid, layout, pass)
        pass.visit(.residPost, l, &resid, layout)
        return resid
    }

    /// resid_pre → resid_mid = resid_pre + attn_out, [row, d_model].
    ///
    /// - Parameter readers: The rows to compute, a part of `layout` with the same items; keys and
    ///   values come from all rows. `nil` for all.
    package func addAttention(
        _ l: Int, _ residPre: Tensor, _ layout: RowLayout,
        readers: (layout: RowLayout, rows: [Int])? = nil, _ pass: some Pass
    ) -> Tensor {
        let queries = readers?.layout ?? layout
        let (q, k, v) = queriesKeysValues(l, residPre, layout, readers, pass)
        pass.remember(l, keys: k, values: v, layout)
        var z = attend(l, q, k, v, queries, layout, pass)
        pass.visit(.z, l, &z, queries)
        var attnOut = project(l, z, queries, pass)
        pass.visit(.attnOut, l, &attnOut, queries)
        var resid = readers.map { residPre.selecting($0.rows, axis: 0) } ?? residPre
        add(attnOut.rows, to: resid.mutableRows)
        pass.visit(.residMid, l, &resid, queries)
        return resid
    }

    /// resid_mid → resid_mid + mlp_out, with mlp_out = act(LN(resid_mid) W_in + b_in) W_out +
    /// b_out.
    package func addMLP(
        _ l: Int, _ residMid: Tensor, _ layout: RowLayout, _ pass: some Pass
    ) -> Tensor {
        let block = weights.blocks[l]
        var x = residMid
        pass.visit(.mlpIn, l, &x, layout)
        x = layerNorm(x, block.ln2, (.ln2Scale, .ln2Normalized), l, layout, pass)
        var hidden = x.linear(block.mlp.W_in, block.mlp.b_in)
        pass.visit(.mlpPre, l, &hidden, layout)
        config.activation.apply(to: hidden.mutableRows)
        pass.visit(.mlpPost, l, &hidden, layout)
        var mlpOut = hidden.linear(block.mlp.W_out, block.mlp.b_out)
        pass.visit(.mlpOut, l, &mlpOut, layout)
        var resid = residMid
        add(mlpOut.rows, to: resid.mutableRows)
        return resid
    }

    /// resid_post of the last block → what the unembedding reads, [row, d_model].
    package func finalNorm(_ resid: Tensor, _ layout: RowLayout, _ pass: some Pass) -> Tensor {
        var x = layerNorm(
            resid, weights.lnFinal, (.lnFinalScale, .lnFinalNormalized), nil, layout, pass)
        pass.visit(.unembedIn, nil, &x, layout)
        return x
    }

    /// What the unembedding reads → logits, [row, d_vocab].
    package func unembed(_ x: Tensor, _ layout: RowLayout, _ pass: some Pass) -> Tensor {
        var logits = Tensor(uninitialized: [x.shape[0], config.dVocab])
        linear(
            x.rows, weight: weights.W_U_transposed.rows, transposed: true, bias: weights.b_U?.rows,
            into: logits.mutableRows)
        pass.visit(.unembedOut, nil, &logits, layout)
        return logits
    }

    /// (x − mean) / scale · w + b, with scale = sqrt(var + eps); the quotient alone when w and b
    /// are folded.
    func layerNorm(
        _ x: Tensor, _ weights: NormWeights, _ points: (scale: HookKind, normalized: HookKind),
        _ layer: Int?, _ layout: RowLayout, _ pass: some Pass
    ) -> Tensor {
        var y = Tensor(uninitialized: x.shape)
        var scale = Tensor(uninitialized: x.shape.dropLast() + [1])
        centre(x.rows, into: y.mutableRows)
        rootMeanSquare(y.rows, eps: config.layerNormEps, into: scale.mutableRows)
        pass.visit(points.scale, layer, &scale, layout)
        divide(y.mutableRows, by: scale.rows)
        pass.visit(points.normalized, layer, &y, layout)
        if config.normalization == .layerNorm {
            scaleAndShift(y.mutableRows, gain: weights.w.rows, shift: weights.b.rows)
        }
        return y
    }
}

extension Tensor {
    /// x W + b over the last axis.
    func linear(_ weight: Tensor, _ bias: Tensor) -> Tensor {
        var y = Tensor(uninitialized: shape.dropLast() + [weight.shape[1]])
        Kernels.linear(rows, weight: weight.rows, bias: bias.rows, into: y.mutableRows)
        return y
    }
}
