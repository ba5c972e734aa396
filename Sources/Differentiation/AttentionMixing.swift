import Kernels
import Tensors

/// `z = P v` head by head: `dP = dz vᵀ`, `dv = Pᵀ dz`.
struct AttentionMixing: Operation {
    let nodes: (pattern: Tape.Node?, v: Tape.Node?)
    let grid: AttentionGrid
    let (pattern, v): (Tensor, Tensor)

    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents) {
        let (dz, values) = (gradient.rows(of: grid.width), v.rows(of: grid.width))
        let patterns = pattern.rows(of: grid.patternCount)
        var (dP, dv) = (Tensor(uninitialized: pattern.shape), Tensor(uninitialized: v.shape))
        let (slopes, dValues) = (dP.mutableRows(of: dP.count), dv.mutableRows(of: grid.width))
        grid.forEachHead { [grid] index, head in
            let (item, columns) = (grid.items[index], grid.columns(head))
            let dz = dz[item.queries, columns]
            multiply(
                dz, values[item.keys, columns], into: grid.pattern(slopes, index, head),
                transposing: .right)
            multiply(
                grid.pattern(patterns, index, head), dz, into: dValues[item.keys, columns],
                transposing: .left)
        }
        cotangents.add(dP, to: nodes.pattern)
        cotangents.add(dv, to: nodes.v)
    }
}

extension Traced {
    /// Patterns (`self`, flat as ``AttentionGrid`` says) mix the values.
    ///
    /// - Parameters:
    ///   - q: The queries, whose shape z takes.
    ///   - k: The keys.
    public func mixing(_ v: Traced, _ q: Traced, _ k: Traced, _ grid: AttentionGrid) -> Traced {
        var z = Tensor(uninitialized: q.shape)
        let (queries, keys) = (q.value.rows(of: grid.width), k.value.rows(of: grid.width))
        let (values, out) = (v.value.rows(of: grid.width), z.mutableRows(of: grid.width))
        let patterns = value.rows
        grid.forEachHead { item, head in
            grid.head(item, head, q: queries, k: keys, v: values, z: out)
                .mix(grid.pattern(patterns, item, head))
        }
        let nodes = (pattern: node, v: v.node)
        return recording(z, from: [nodes.pattern, nodes.v]) {
            grid.requireNoPast()
            return AttentionMixing(nodes: nodes, grid: grid, pattern: value, v: v.value)
        }
    }
}
