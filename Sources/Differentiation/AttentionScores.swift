import Kernels
import Tensors

/// `S = scale · q kᵀ` head by head, −∞ where a query must not look.
///
/// ```
/// dq = scale · dS k,    dk = scale · dSᵀ q,    with dS = 0 where S is masked
/// ```
struct AttentionScores: Operation {
    let nodes: AttentionNodes
    let grid: AttentionGrid
    let (q, k): (Tensor, Tensor)

    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents) {
        let all = gradient.mutableRows(of: grid.patternCount)
        let (queries, keys) = (q.rows(of: grid.width), k.rows(of: grid.width))
        var (dq, dk) = (Tensor(uninitialized: q.shape), Tensor(uninitialized: k.shape))
        let (dQueries, dKeys) = (
            dq.mutableRows(of: grid.width), dk.mutableRows(of: grid.width)
        )
        grid.forEachHead { [grid] index, head in
            let (item, columns) = (grid.items[index], grid.columns(head))
            let slope = grid.pattern(all, index, head)
            for row in 0..<slope.count {
                let seen = item.visible.count(of: item.keyCount, query: row)
                slope[row][seen...].update(repeating: 0)
            }
            multiply(
                slope.reading, keys[item.keys, columns], into: dQueries[item.queries, columns],
                scale: grid.scale)
            multiply(
                slope.reading, queries[item.queries, columns], into: dKeys[item.keys, columns],
                transposing: .left, scale: grid.scale)
        }
        cotangents.add(dq, to: nodes.q)
        cotangents.add(dk, to: nodes.k)
    }
}

extension Traced {
    /// Attention scores of queries (`self`) and keys, flat as ``AttentionGrid`` says.
    public func attentionScores(_ k: Traced, _ grid: AttentionGrid) -> Traced {
        var scores = Tensor(uninitialized: [grid.patternCount])
        // A head reads values and writes z, though not for scores.
        var z = Tensor(uninitialized: shape)
        let (q, keys) = (value.rows(of: grid.width), k.value.rows(of: grid.width))
        let (all, unused) = (scores.mutableRows, z.mutableRows(of: grid.width))
        grid.forEachHead { item, head in
            grid.head(item, head, q: q, k: keys, v: keys, z: unused)
                .scores(into: grid.pattern(all, item, head))
        }
        let nodes = AttentionNodes(q: node, k: k.node, v: nil)
        return recording(scores, from: nodes.all) {
            grid.requireNoPast()
            return AttentionScores(nodes: nodes, grid: grid, q: value, k: k.value)
        }
    }
}
