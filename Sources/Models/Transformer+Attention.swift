import Kernels
import Tensors

/// The parts of attention that work head by head.
extension Transformer {
    /// LN(resid_pre) W + b for queries, keys and values, each [row, head, d_head].
    ///
    /// Queries are computed for the readers' rows only. Only while someone listens to the heads'
    /// inputs does each head get a copy of its own.
    func queriesKeysValues(
        _ l: Int, _ resid: Tensor, _ layout: RowLayout,
        _ readers: (layout: RowLayout, rows: [Int])?, _ pass: some Pass
    ) -> (q: Tensor, k: Tensor, v: Tensor) {
        let inputs: [HookKind] = [.attnIn, .qInput, .kInput, .vInput]
        var q: Tensor
        var (k, v): (Tensor, Tensor)
        if inputs.contains(where: { pass.listens(to: $0, l) }) {
            (q, k, v) = splitQueriesKeysValues(l, resid, layout, pass)
            if let readers { q = q.selecting(readers.rows, axis: 0) }
        } else {
            let x = layerNorm(
                resid, weights.blocks[l].ln1, (.ln1Scale, .ln1Normalized), l, layout, pass)
            q = project(.query, l, readers.map { x.selecting($0.rows, axis: 0) } ?? x)
            (k, v) = (project(.key, l, x), project(.value, l, x))
        }
        pass.visit(.q, l, &q, readers?.layout ?? layout)
        pass.visit(.k, l, &k, layout)
        pass.visit(.v, l, &v, layout)
        return (q, k, v)
    }

    /// x W + b of all heads, [row, head, d_head].
    private func project(_ third: QKV, _ l: Int, _ x: Tensor) -> Tensor {
        let w = weights.blocks[l].attn
        let width = config.nHeads * config.dHead
        let columns = third.rawValue * width..<(third.rawValue + 1) * width
        var y = Tensor(uninitialized: [x.shape[0], config.nHeads, config.dHead])
        linear(
            x.rows, weight: w.W_QKV.rows[0..<config.dModel, columns],
            bias: w.b_QKV.rows[0..<1, columns], into: y.mutableRows(of: width))
        return y
    }

    /// The same from inputs by head, [row, head, d_model].
    private func splitQueriesKeysValues(
        _ l: Int, _ resid: Tensor, _ layout: RowLayout, _ pass: some Pass
    ) -> (q: Tensor, k: Tensor, v: Tensor) {
        let (heads, d) = (config.nHeads, config.dModel)
        let copies = (0..<layout.rowCount).flatMap { [Int](repeating: $0, count: heads) }
        var attnIn = resid.selecting(copies, axis: 0).reshaped([layout.rowCount, heads, d])
        pass.visit(.attnIn, l, &attnIn, layout)
        func project(_ third: QKV, _ point: HookKind) -> Tensor {
            var input = attnIn
            pass.visit(point, l, &input, layout)
            input = layerNorm(
                input, weights.blocks[l].ln1, (.ln1Scale, .ln1Normalized), l, layout, pass)
            var y = Tensor(uninitialized: [layout.rowCount, heads, config.dHead])
            let (x, out) = (input.rows(of: heads * d), y.mutableRows(of: heads * config.dHead))
            let w = weights.blocks[l].attn
            for head in 0..<heads {
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

    /// z = pattern v, [row, head, d_head], with pattern = softmax(q kᵀ / attn_scale).
    ///
    /// - Parameters:
    ///   - q: [row of `queries`, head, d_head]
    ///   - k: [row of `keys`, head, d_head]; what comes before is the pass's.
    ///   - v: As `k`.
    func attend(
        _ l: Int, _ q: Tensor, _ k: Tensor, _ v: Tensor, _ queries: RowLayout, _ keys: RowLayout,
        _ pass: some Pass
    ) -> Tensor {
        var z = Tensor(uninitialized: q.shape)
        let heads = HeadViews(self, l, queries, keys, pass.past, q: q, k: k, v: v, z: &z)
        if !pass.listens(to: .attnScores, l) && !pass.listens(to: .pattern, l) {
            parallelFor(heads.itemCount) { item in
                for head in 0..<config.nHeads { heads[item, head].attend() }
            }
            return z
        }
        let sizes = heads.patternSizes
        let offsets = sizes.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        var pattern = Tensor(uninitialized: [offsets[sizes.count]])
        func forEachHead(_ body: @Sendable (AttentionHead, MutableRows) -> Void) {
            let all = pattern.mutableRows
            parallelFor(sizes.count) { item in
                for head in 0..<config.nHeads {
                    let one = heads[item, head]
                    let size = one.q.count * one.keyCount
                    body(one, all.block(at: offsets[item] + head * size, one.q.count, one.keyCount))
                }
            }
        }
        forEachHead { $0.scores(into: $1) }
        pass.visit(.attnScores, l, &pattern, queries)
        forEachHead { softmax($1) }
        pass.visit(.pattern, l, &pattern, queries)
        forEachHead { $0.mix($1.reading) }
        return z
    }

    /// Σ_h z[h] W_O[h] + b_O, [row, d_model]; head by head only while someone listens.
    func project(_ l: Int, _ z: Tensor, _ layout: RowLayout, _ pass: some Pass) -> Tensor {
        let w = weights.blocks[l].attn
        let (heads, d) = (config.nHeads, config.dModel)
        guard pass.listens(to: .result, l) else {
            return z.reshaped([z.shape[0], heads * config.dHead]).linear(w.W_O, w.b_O)
        }
        var result = Tensor(uninitialized: [z.shape[0], heads, d])
        let (z, out) = (z.rows(of: heads * config.dHead), result.mutableRows(of: heads * d))
        for head in 0..<heads {
            multiply(
                z[0..<z.count, columns(head)], w.outputMatrix(head: head, dHead: config.dHead),
                into: out[0..<z.count, head * d..<(head + 1) * d])
        }
        pass.visit(.result, l, &result, layout)
        var attnOut = Tensor([z.count, d])
        let (results, sum) = (result.rows(of: heads * d), attnOut.mutableRows)
        for head in 0..<heads {
            add(results[0..<results.count, head * d..<(head + 1) * d], to: sum)
        }
        add(w.b_O.rows, to: sum)
        return attnOut
    }

    /// The columns of one head among the heads side by side.
    private func columns(_ head: Int) -> Range<Int> {
        head * config.dHead..<(head + 1) * config.dHead
    }
}

/// Each head of each item as matrices in place.
private struct HeadViews: Sendable {
    private let config: TransformerConfig
    private let layer: Int
    private let queries: RowLayout
    private let keys: RowLayout
    private let past: KeyValues?
    private let rows: (q: Rows, k: Rows, v: Rows, z: MutableRows)

    init(
        _ model: Transformer, _ layer: Int, _ queries: RowLayout, _ keys: RowLayout,
        _ past: KeyValues?, q: Tensor, k: Tensor, v: Tensor, z: inout Tensor
    ) {
        (config, self.layer, self.past) = (model.config, layer, past)
        (self.queries, self.keys) = (queries, keys)
        let width = config.nHeads * config.dHead
        rows = (q.rows(of: width), k.rows(of: width), v.rows(of: width), z.mutableRows(of: width))
    }

    var itemCount: Int { queries.items.count }

    /// How many numbers an item's pattern has, [head, query_pos, key_pos].
    var patternSizes: [Int] {
        queries.items.map { config.nHeads * $0.rows.count * $0.keyCount }
    }

    subscript(item: Int, head: Int) -> AttentionHead {
        let columns = head * config.dHead..<(head + 1) * config.dHead
        let (query, key) = (queries.items[item], keys.items[item])
        let before = past?.rows(layer: layer, sequence: key.sequence, count: key.start)
        return AttentionHead(
            q: rows.q[query.rows, columns], k: rows.k[key.rows, columns],
            v: rows.v[key.rows, columns], z: rows.z[query.rows, columns],
            past: before.map { before in
                (
                    before.keys[0..<before.keys.count, columns],
                    before.values[0..<before.values.count, columns]
                )
            }, visible: config.attention == .causal ? query.start + 1 : nil,
            scale: 1 / config.attentionScale(layer: layer))
    }
}
