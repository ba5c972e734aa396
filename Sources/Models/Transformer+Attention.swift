import Differentiation
import Tensors

/// The parts of attention that work head by head.
extension Transformer {
    /// LN(resid_pre) W + b for queries, keys and values, each [row, head, d_head]; of resid_pre
    /// itself in post-norm models.
    ///
    /// Queries are computed for the readers' rows only. Only while someone listens to the heads'
    /// inputs does each head get a copy of its own.
    func queriesKeysValues(
        _ l: Int, _ resid: Traced, _ layout: RowLayout,
        _ readers: (layout: RowLayout, rows: [Int])?, _ pass: some Pass
    ) -> (q: Traced, k: Traced, v: Traced) {
        let inputs: [HookKind] = [.attnIn, .qInput, .kInput, .vInput]
        var q: Traced
        var (k, v): (Traced, Traced)
        if inputs.contains(where: { pass.listens(to: $0, l) }) {
            (q, k, v) = splitQueriesKeysValues(l, resid, layout, pass)
            if let readers { q = q.selecting(readers.rows) }
        } else {
            let x = attentionInput(l, resid, layout, pass)
            q = project(.query, l, readers.map { x.selecting($0.rows) } ?? x)
            (k, v) = (project(.key, l, x), project(.value, l, x))
        }
        pass.visit(.q, l, &q, readers?.layout ?? layout)
        pass.visit(.k, l, &k, layout)
        pass.visit(.v, l, &v, layout)
        return (q, k, v)
    }

    /// What queries, keys and values are computed from.
    private func attentionInput(
        _ l: Int, _ x: Traced, _ layout: RowLayout, _ pass: some Pass
    ) -> Traced {
        config.normPlace == .post
            ? x
            : layerNorm(x, weights.blocks[l].ln1, (.ln1Scale, .ln1Normalized), l, layout, pass)
    }

    /// x W + b of all heads, [row, head, d_head].
    private func project(_ third: QKV, _ l: Int, _ x: Traced) -> Traced {
        let w = weights.blocks[l].attn
        let width = config.nHeads * config.dHead
        let columns = third.rawValue * width..<(third.rawValue + 1) * width
        let part = LinearPart(
            input: 0..<config.dModel, weight: (0..<config.dModel, columns), output: 0..<width)
        return x.linear(w.W_QKV, w.b_QKV, [part], into: [config.nHeads, config.dHead])
    }

    /// The same from inputs by head, [row, head, d_model].
    private func splitQueriesKeysValues(
        _ l: Int, _ resid: Traced, _ layout: RowLayout, _ pass: some Pass
    ) -> (q: Traced, k: Traced, v: Traced) {
        let (heads, d) = (config.nHeads, config.dModel)
        let copies = (0..<layout.rowCount).flatMap { [Int](repeating: $0, count: heads) }
        var attnIn = resid.selecting(copies).reshaped([layout.rowCount, heads, d])
        pass.visit(.attnIn, l, &attnIn, layout)
        let w = weights.blocks[l].attn
        func project(_ third: QKV, _ point: HookKind) -> Traced {
            var input = attnIn
            pass.visit(point, l, &input, layout)
            input = attentionInput(l, input, layout, pass)
            let parts = (0..<heads).map { head in
                LinearPart(
                    input: head * d..<(head + 1) * d,
                    weight: (0..<d, w.columns(third, head: head, dHead: config.dHead)),
                    output: columns(head))
            }
            return input.linear(w.W_QKV, w.b_QKV, parts, into: [heads, config.dHead])
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
        _ l: Int, _ q: Traced, _ k: Traced, _ v: Traced, _ queries: RowLayout, _ keys: RowLayout,
        _ pass: some Pass
    ) -> Traced {
        if let whole = keys.withTrunks() {
            return attend(
                l, q, k.selecting(whole.rows), v.selecting(whole.rows), queries, whole.layout, pass)
        }
        let grid = attentionGrid(l, queries, keys, pass.past)
        if !pass.listens(to: .attnScores, l) && !pass.listens(to: .pattern, l) {
            return q.attending(to: k, v, grid)
        }
        var pattern = q.attentionScores(k, grid)
        pass.visit(.attnScores, l, &pattern, queries)
        pattern.softmax(grid)
        pass.visit(.pattern, l, &pattern, queries)
        return pattern.mixing(v, q, k, grid)
    }

    /// Where the heads of each sequence stand.
    private func attentionGrid(
        _ l: Int, _ queries: RowLayout, _ keys: RowLayout, _ past: KeyValues?
    ) -> AttentionGrid {
        let items = zip(queries.items, keys.items).map { query, key in
            AttentionGrid.Item(
                queries: query.rows, keys: key.rows,
                past: past?.rows(layer: l, sequence: key.sequence, count: key.start),
                visible: config.visibility(from: query.start, tokens: key.tokenCount))
        }
        return AttentionGrid(
            items: items, heads: config.nHeads, dHead: config.dHead,
            scale: 1 / config.attentionScale(layer: l))
    }

    /// Σ_h z[h] W_O[h] + b_O, [row, d_model]; head by head only while someone listens.
    func project(_ l: Int, _ z: Traced, _ layout: RowLayout, _ pass: some Pass) -> Traced {
        let w = weights.blocks[l].attn
        let (heads, d) = (config.nHeads, config.dModel)
        guard pass.listens(to: .result, l) else { return z.linear(w.W_O, w.b_O) }
        let parts = (0..<heads).map { head in
            LinearPart(
                input: columns(head), weight: (columns(head), 0..<d),
                output: head * d..<(head + 1) * d)
        }
        var result = z.linear(w.W_O, nil, parts, into: [heads, d])
        pass.visit(.result, l, &result, layout)
        return result.summedOverHeads(w.b_O)
    }

    /// The columns of one head among the heads side by side.
    private func columns(_ head: Int) -> Range<Int> {
        head * config.dHead..<(head + 1) * config.dHead
    }
}
