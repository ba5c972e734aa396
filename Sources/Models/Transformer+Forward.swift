import Kernels
import Tensors

/// The forward pass as equations. Each line that ends in `visit` is a hook point; rows are
/// positions.
///
/// Elhage et al. 2021, https://transformer-circuits.pub/2021/framework, in the pre-norm form of
/// Radford et al. 2019.
extension Transformer {
    /// embed + pos_embed → resid_pre of block 0, [batch, pos, d_model].
    func embed(_ tokens: TokenBatch, _ pass: Pass) -> Tensor {
        let shape = [tokens.count, tokens.length, config.dModel]
        var embed = weights.W_E.selecting(tokens.ids.flatMap { $0 }, axis: 0).reshaped(shape)
        pass.visit(.embed, nil, &embed)
        let start = pass.past?.length ?? 0
        let positions = tokens.ids.flatMap { _ in start..<start + tokens.length }
        var posEmbed = weights.W_pos.selecting(positions, axis: 0).reshaped(shape)
        pass.visit(.posEmbed, nil, &posEmbed)
        add(posEmbed.rows, to: embed.mutableRows)
        return embed
    }

    /// resid_pre → resid_post of one block, [batch, pos, d_model].
    func block(_ l: Int, _ residPre: Tensor, _ pass: Pass) -> Tensor {
        var resid = residPre
        pass.visit(.residPre, l, &resid)
        var attnOut = attention(l, resid, pass)
        pass.visit(.attnOut, l, &attnOut)
        add(attnOut.rows, to: resid.mutableRows)
        pass.visit(.residMid, l, &resid)
        var mlpOut = mlp(l, resid, pass)
        pass.visit(.mlpOut, l, &mlpOut)
        add(mlpOut.rows, to: resid.mutableRows)
        pass.visit(.residPost, l, &resid)
        return resid
    }

    /// resid_pre → attn_out: Σ_h softmax(q kᵀ / attn_scale) v W_O[h] + b_O.
    private func attention(_ l: Int, _ resid: Tensor, _ pass: Pass) -> Tensor {
        var (q, k, v) = queriesKeysValues(l, resid, pass)
        pass.visit(.q, l, &q)
        pass.visit(.k, l, &k)
        pass.visit(.v, l, &v)
        if let all = pass.past?.extend(layer: l, keys: k, values: v) { (k, v) = all }
        var z = attend(l, q, k, v, pass)
        pass.visit(.z, l, &z)
        return project(l, z, pass)
    }

    /// resid_mid → mlp_out: act(LN(resid_mid) W_in + b_in) W_out + b_out.
    private func mlp(_ l: Int, _ residMid: Tensor, _ pass: Pass) -> Tensor {
        let w = weights.blocks[l].mlp
        var x = residMid
        pass.visit(.mlpIn, l, &x)
        x = layerNorm(x, weights.blocks[l].ln2, (.ln2Scale, .ln2Normalized), l, pass)
        var hidden = x.linear(w.W_in, w.b_in)
        pass.visit(.mlpPre, l, &hidden)
        let neurons = hidden.mutableRows
        config.activation.apply(neurons.reading, into: neurons)
        pass.visit(.mlpPost, l, &hidden)
        return hidden.linear(w.W_out, w.b_out)
    }

    /// resid_post of the last block → logits, [batch, pos, d_vocab].
    func unembed(_ resid: Tensor, _ pass: Pass) -> Tensor {
        var x = layerNorm(resid, weights.lnFinal, (.lnFinalScale, .lnFinalNormalized), nil, pass)
        pass.visit(.unembedIn, nil, &x)
        var logits = Tensor(uninitialized: x.shape.dropLast() + [config.dVocab])
        linear(
            x.rows, weight: weights.W_U_transposed.rows, transposed: true, bias: weights.b_U?.rows,
            into: logits.mutableRows)
        pass.visit(.unembedOut, nil, &logits)
        return logits
    }

    /// (x − mean) / scale · w + b, with scale = sqrt(var + eps); the quotient alone when w and b
    /// are folded.
    func layerNorm(
        _ x: Tensor, _ weights: NormWeights, _ points: (scale: HookKind, normalized: HookKind),
        _ layer: Int?, _ pass: Pass
    ) -> Tensor {
        var y = Tensor(uninitialized: x.shape)
        var scale = Tensor(uninitialized: x.shape.dropLast() + [1])
        centre(x.rows, into: y.mutableRows)
        rootMeanSquare(y.rows, eps: config.layerNormEps, into: scale.mutableRows)
        pass.visit(points.scale, layer, &scale)
        divide(y.mutableRows, by: scale.rows)
        pass.visit(points.normalized, layer, &y)
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
