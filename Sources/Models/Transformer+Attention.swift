import Kernels
import Tensors

/// The parts of attention that work head by head.
extension Transformer {
    /// LN(resid_pre) W + b for queries, keys and values, each [batch, pos, head, d_head].
    ///
    /// Only while someone listens to the heads' inputs does each head get a copy of its own.
    func queriesKeysValues(
        _ l: Int, _ resid: Tensor, _ pass: Pass
    ) -> (q: Tensor, k: Tensor, v: Tensor) {
        let inputs: [HookKind] = [.attnIn, .qInput, .kInput, .vInput]
        if inputs.contains(where: { pass.listens(to: $0, l) }) {
            return splitQueriesKeysValues(l, resid, pass)
        }
        let x = layerNorm(resid, weights.blocks[l].ln1, (.ln1Scale, .ln1Normalized), l, pass)
        let w = weights.blocks[l].attn
        let width = config.nHeads * config.dHead
        func project(_ third: QKV) -> Tensor {
            let columns = third.rawValue * width..<(third.rawValue + 1) * width
            var y = Tensor(uninitialized: headShape(of: resid))
            linear(
                x.rows, weight: w.W_QKV.rows[0..<config.dModel, columns],
                bias: w.b_QKV.rows[0..<1, columns], into: y.mutableRows(of: width))
            return y
        }
        return (project(.query), project(.key), project(.value))
    }

    /// The same from inputs by head, [batch, pos, head, d_model].
    private func splitQueriesKeysValues(
        _ l: Int, _ resid: Tensor, _ pass: Pass
    ) -> (q: Tensor, k: Tensor, v: Tensor) {
        let (heads, d) = (config.nHeads, config.dModel)
        let copies = (0..<resid.count / d).flatMap { [Int](repeating: $0, count: heads) }
        var attnIn = resid.reshaped([resid.count / d, d]).selecting(copies, axis: 0)
            .reshaped(resid.shape.dropLast() + [heads, d])
        pass.visit(.attnIn, l, &attnIn)
        func project(_ third: QKV, _ point: HookKind) -> Tensor {
            var input = attnIn
            pass.visit(point, l, &input)
            input = layerNorm(input, weights.blocks[l].ln1, (.ln1Scale, .ln1Normalized), l, pass)
            var y = Tensor(uninitialized: headShape(of: resid))
            let (x, out) = (input.rows(of: heads * d), y.mutableRows(of: heads * config.dHead))
            for head in 0..<heads {
                let w = weights.blocks[l].attn
                linear(
                    x[0..<x.count, head * d..<(head + 1) * d],
                    weight: w.matrix(third, head: head, dHead: config.dHead),
                    bias: w.bias(third, head: head, dHead: config.dHead),
                    into: out[0..<x.count, columns(head)])
            }
            return y
        }
        return (project(.query, .qInput), project(.key, .kInput), project(.value, .vInput))
    }

    /// z = pattern v, [batch, query_pos, head, d_head], with pattern = softmax(q kᵀ / attn_scale).
    ///
    /// - Parameters:
    ///   - q: [batch, query_pos, head, d_head]; the last query sees the last key.
    ///   - k: [batch, key_pos, head, d_head]
    ///   - v: [batch, key_pos, head, d_head]
    func attend(_ l: Int, _ q: Tensor, _ k: Tensor, _ v: Tensor, _ pass: Pass) -> Tensor {
        let (queries, keys) = (q.shape[1], k.shape[1])
        let scale = 1 / config.attentionScale(layer: l)
        var z = Tensor(uninitialized: q.shape)
        let heads = HeadViews(config, q: q, k: k, v: v, z: &z)
        if !pass.listens(to: .attnScores, l) && !pass.listens(to: .pattern, l) {
            parallelFor(heads.count) { i in
                var scratch = Tensor(uninitialized: [queries, keys])
                let pattern = scratch.mutableRows
                multiply(heads.q(i), heads.k(i), into: pattern, transposing: .right, scale: scale)
                causalSoftmax(pattern, past: keys - queries)
                multiply(pattern.reading, heads.v(i), into: heads.z(i))
            }
            return z
        }
        var pattern = Tensor(uninitialized: [q.shape[0], config.nHeads, queries, keys])
        let scores = pattern.mutableRows
        parallelFor(heads.count) { i in
            let scores = scores[i * queries..<(i + 1) * queries, 0..<keys]
            multiply(heads.q(i), heads.k(i), into: scores, transposing: .right, scale: scale)
            maskFuture(scores, past: keys - queries)
        }
        pass.visit(.attnScores, l, &pattern)
        softmax(pattern.mutableRows)
        pass.visit(.pattern, l, &pattern)
        let patterns = pattern.rows
        parallelFor(heads.count) { i in
            multiply(
                patterns[i * queries..<(i + 1) * queries, 0..<keys], heads.v(i), into: heads.z(i))
        }
        return z
    }

    /// Σ_h z[h] W_O[h] + b_O, [batch, pos, d_model]; head by head only while someone listens.
    func project(_ l: Int, _ z: Tensor, _ pass: Pass) -> Tensor {
        let w = weights.blocks[l].attn
        let (heads, d) = (config.nHeads, config.dModel)
        let flat = Array(z.shape.dropLast(2))
        guard pass.listens(to: .result, l) else {
            return z.reshaped(flat + [heads * config.dHead]).linear(w.W_O, w.b_O)
        }
        var result = Tensor(uninitialized: flat + [heads, d])
        let (z, out) = (z.rows(of: heads * config.dHead), result.mutableRows(of: heads * d))
        for head in 0..<heads {
            multiply(
                z[0..<z.count, columns(head)], w.outputMatrix(head: head, dHead: config.dHead),
                into: out[0..<z.count, head * d..<(head + 1) * d])
        }
        pass.visit(.result, l, &result)
        var attnOut = Tensor(flat + [d])
        let (results, sum) = (result.rows(of: heads * d), attnOut.mutableRows)
        for head in 0..<heads {
            add(results[0..<results.count, head * d..<(head + 1) * d], to: sum)
        }
        add(w.b_O.rows, to: sum)
        return attnOut
    }

    private func headShape(of resid: Tensor) -> [Int] {
        resid.shape.dropLast() + [config.nHeads, config.dHead]
    }

    /// The columns of one head among the heads side by side.
    private func columns(_ head: Int) -> Range<Int> {
        head * config.dHead..<(head + 1) * config.dHead
    }
}

/// Queries, keys, values and outputs of each head of each sequence as matrices in place.
private struct HeadViews: Sendable {
    /// Sequences times heads.
    let count: Int
    private let nHeads: Int
    private let dHead: Int
    private let rows: (q: Rows, k: Rows, v: Rows, z: MutableRows)
    private let lengths: (queries: Int, keys: Int)

    init(_ config: TransformerConfig, q: Tensor, k: Tensor, v: Tensor, z: inout Tensor) {
        (nHeads, dHead) = (config.nHeads, config.dHead)
        count = q.shape[0] * nHeads
        lengths = (q.shape[1], k.shape[1])
        let width = nHeads * dHead
        rows = (q.rows(of: width), k.rows(of: width), v.rows(of: width), z.mutableRows(of: width))
    }

    func q(_ i: Int) -> Rows { rows.q[positions(i, lengths.queries), columns(i)] }
    func k(_ i: Int) -> Rows { rows.k[positions(i, lengths.keys), columns(i)] }
    func v(_ i: Int) -> Rows { rows.v[positions(i, lengths.keys), columns(i)] }
    func z(_ i: Int) -> MutableRows { rows.z[positions(i, lengths.queries), columns(i)] }

    private func positions(_ i: Int, _ length: Int) -> Range<Int> {
        i / nHeads * length..<(i / nHeads + 1) * length
    }

    private func columns(_ i: Int) -> Range<Int> {
        i % nHeads * dHead..<(i % nHeads + 1) * dHead
    }
}
