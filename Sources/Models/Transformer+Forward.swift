package import Differentiation
import Tensors

/// The forward pass as equations. Each line with `visit` is a hook point; tensors are [row, …], a
/// row being one position of one sequence. Where the pass has a tape, the same lines record what
/// gradients need.
///
/// Elhage et al. 2021, https://transformer-circuits.pub/2021/framework, in the pre-norm form of
/// Radford et al. 2019, or in the post-norm form of Vaswani et al. 2017 and Devlin et al. 2019:
///
/// ```
/// pre-norm:   mid = pre + attn(LN1(pre))   post = mid + MLP(LN2(mid))        next pre = post
/// post-norm:  mid = pre + attn(pre)        post = LN1(mid) + MLP(LN1(mid))   next pre = LN2(post)
/// ```
extension Transformer {
    /// embed + pos_embed, with token_type_embed and their norm where the model has them → resid_pre
    /// of block 0, [row, d_model].
    ///
    /// - Parameters:
    ///   - ids: The token of each row.
    ///   - types: The kind of segment of each row.
    package func embed(
        _ ids: [Int], types: [Int], _ layout: RowLayout, _ pass: some Pass
    ) -> Traced {
        var embed = Traced(weights.W_E, on: pass.tape).selecting(ids)
        pass.visit(.embed, nil, &embed, layout)
        let positions = layout.items.flatMap { item in
            (item.start..<item.end).map { $0 + config.positionOffset }
        }
        var posEmbed = Traced(weights.W_pos, on: pass.tape).selecting(positions)
        pass.visit(.posEmbed, nil, &posEmbed, layout)
        embed += posEmbed
        if config.nTokenTypes > 0 {
            var typeEmbed = Traced(weights.W_type, on: pass.tape).selecting(types)
            pass.visit(.tokenTypeEmbed, nil, &typeEmbed, layout)
            embed += typeEmbed
        }
        guard config.normalizesEmbeddings else { return embed }
        embed = layerNorm(
            embed, weights.embedNorm, (.embedScale, .embedNormalized), nil, layout, pass)
        pass.visit(.fullEmbed, nil, &embed, layout)
        return embed
    }

    /// resid_pre of one block → resid_pre of the next, [row, d_model].
    func block(_ l: Int, _ residPre: Traced, _ layout: RowLayout, _ pass: some Pass) -> Traced {
        var resid = residPre
        pass.visit(.residPre, l, &resid, layout)
        resid = addAttention(l, resid, layout, pass)
        resid = addMLP(l, resid, layout, pass)
        return endBlock(l, resid, layout, pass)
    }

    /// resid_post → resid_pre of the next block: in post-norm models normalised by LN2.
    package func endBlock(
        _ l: Int, _ residPost: Traced, _ layout: RowLayout, _ pass: some Pass
    ) -> Traced {
        var resid = residPost
        pass.visit(.residPost, l, &resid, layout)
        guard config.normPlace == .post else { return resid }
        resid = layerNorm(
            resid, weights.blocks[l].ln2, (.ln2Scale, .ln2Normalized), l, layout, pass)
        pass.visit(.normalizedResidPost, l, &resid, layout)
        return resid
    }

    /// resid_pre → resid_mid = resid_pre + attn_out, [row, d_model].
    ///
    /// - Parameter readers: The rows to compute, a part of `layout` with the same items; keys and
    ///   values come from all rows. `nil` for all.
    package func addAttention(
        _ l: Int, _ residPre: Traced, _ layout: RowLayout,
        readers: (layout: RowLayout, rows: [Int])? = nil, _ pass: some Pass
    ) -> Traced {
        let queries = readers?.layout ?? layout
        let (q, k, v) = queriesKeysValues(l, residPre, layout, readers, pass)
        pass.remember(l, keys: k.value, values: v.value, layout)
        var z = attend(l, q, k, v, queries, layout, pass)
        pass.visit(.z, l, &z, queries)
        var attnOut = project(l, z, queries, pass)
        pass.visit(.attnOut, l, &attnOut, queries)
        var resid = readers.map { residPre.selecting($0.rows) } ?? residPre
        resid += attnOut
        pass.visit(.residMid, l, &resid, queries)
        return resid
    }

    /// resid_mid → resid_post, with mlp_out = act(x W_in + b_in) W_out + b_out of the normalised
    /// x = LN(resid_mid): resid_mid + mlp_out, or x + mlp_out in post-norm models.
    package func addMLP(
        _ l: Int, _ residMid: Traced, _ layout: RowLayout, _ pass: some Pass
    ) -> Traced {
        let block = weights.blocks[l]
        var x = residMid
        pass.visit(.mlpIn, l, &x, layout)
        let isPost = config.normPlace == .post
        x = layerNorm(
            x, isPost ? block.ln1 : block.ln2,
            isPost ? (.ln1Scale, .ln1Normalized) : (.ln2Scale, .ln2Normalized), l, layout, pass)
        var hidden = x.linear(block.mlp.W_in, block.mlp.b_in)
        pass.visit(.mlpPre, l, &hidden, layout)
        hidden.activate(config.activation)
        pass.visit(.mlpPost, l, &hidden, layout)
        var mlpOut = hidden.linear(block.mlp.W_out, block.mlp.b_out)
        pass.visit(.mlpOut, l, &mlpOut, layout)
        var resid = isPost ? x : residMid
        resid += mlpOut
        return resid
    }

    /// The stream behind the last block → what the unembedding reads, [row, d_model].
    package func readout(_ resid: Traced, _ layout: RowLayout, _ pass: some Pass) -> Traced {
        var x = resid
        switch config.head {
        case .nextToken:
            x = layerNorm(
                x, weights.lnFinal, (.lnFinalScale, .lnFinalNormalized), nil, layout, pass)
        case .masked(let activation):
            x = x.linear(weights.mlmHead.W, weights.mlmHead.b)
            x.activate(activation)
            x = layerNorm(
                x, weights.mlmHead.ln, (.mlmScale, .mlmNormalized), nil, layout, pass)
        }
        pass.visit(.unembedIn, nil, &x, layout)
        return x
    }

    /// What the unembedding reads → logits, [row, d_vocab].
    package func unembed(_ x: Traced, _ layout: RowLayout, _ pass: some Pass) -> Traced {
        var logits = x.linear(weights.W_U_transposed, weights.b_U, transposed: true)
        pass.visit(.unembedOut, nil, &logits, layout)
        return logits
    }

    /// (x − mean) / scale · w + b, with scale = sqrt(var + eps).
    ///
    /// The quotient alone when w and b are folded. Step by step only while someone listens to the
    /// steps.
    func layerNorm(
        _ x: Traced, _ weights: NormWeights, _ points: (scale: HookKind, normalized: HookKind),
        _ layer: Int?, _ layout: RowLayout, _ pass: some Pass
    ) -> Traced {
        let isFolded = config.normalization == .layerNormPre
        guard pass.listens(to: points.scale, layer) || pass.listens(to: points.normalized, layer)
        else {
            return x.layerNorm(
                eps: config.layerNormEps, gain: isFolded ? nil : weights.w,
                shift: isFolded ? nil : weights.b)
        }
        let centred = x.centred()
        var scale = centred.rootMeanSquare(eps: config.layerNormEps)
        pass.visit(points.scale, layer, &scale, layout)
        var normalized = centred.divided(by: scale)
        pass.visit(points.normalized, layer, &normalized, layout)
        return isFolded
            ? normalized : normalized.scaledAndShifted(gain: weights.w, shift: weights.b)
    }
}
