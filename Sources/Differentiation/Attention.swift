import Kernels
import Tensors

/// `z = P v` with `P = softmax(scale · q kᵀ)` head by head, without keeping P.
///
/// ```
/// dv = Pᵀ dz,    dP = dz vᵀ,    dS = P · (dP − Σ_key dP · P)
/// dq = scale · dS k,    dk = scale · dSᵀ q
/// ```
/// The pattern is computed again, a head at a time: it never leaves the cache, and a batch needs
/// no memory for it.
struct Attention: Operation {
    let nodes: AttentionNodes
    let grid: AttentionGrid
    let (q, k, v): (Tensor, Tensor, Tensor)

    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents) {
        let dz = gradient.rows(of: grid.width)
        nodes.add(to: &cotangents, width: grid.width, like: (q, k, v)) { dq, dk, dv in
            let (q, k, v) = (
                self.q.rows(of: grid.width), self.k.rows(of: grid.width),
                self.v.rows(of: grid.width)
            )
            parallelFor(grid.items.count * grid.heads) { [grid] index in
                let (item, head) = (index / grid.heads, index % grid.heads)
                let (queries, keys) = (grid.items[item].queries, grid.items[item].keys)
                let columns = grid.columns(head)
                var scratch = Tensor(uninitialized: [2, queries.count * keys.count])
                let both = scratch.mutableRows(of: scratch.count)
                let pattern = both.block(at: 0, queries.count, keys.count)
                let slope = both.block(
                    at: queries.count * keys.count, queries.count, keys.count)
                let (q, k, v) = (q[queries, columns], k[keys, columns], v[keys, columns])
                let dz = dz[queries, columns]
                multiply(q, k, into: pattern, transposing: .right, scale: grid.scale)
                softmax(pattern, seeing: grid.items[item].visible)
                multiply(pattern.reading, dz, into: dv[keys, columns], transposing: .left)
                multiply(dz, v, into: slope, transposing: .right)
                softmaxBackward(pattern.reading, slope)
                multiply(slope.reading, k, into: dq[queries, columns], scale: grid.scale)
                multiply(
                    slope.reading, q, into: dk[keys, columns], transposing: .left,
                    scale: grid.scale)
            }
        }
    }
}

/// Where queries, keys and values stand.
struct AttentionNodes {
    let (q, k, v): (Tape.Node?, Tape.Node?, Tape.Node?)

    var all: [Tape.Node?] { [q, k, v] }

    /// Adds the three gradients, which `body` writes as a whole.
    func add(
        to cotangents: inout Cotangents, width: Int, like values: (q: Tensor, k: Tensor, v: Tensor),
        _ body: (_ dq: MutableRows, _ dk: MutableRows, _ dv: MutableRows) -> Void
    ) {
        var (dq, dk, dv) = (
            Tensor(uninitialized: values.q.shape), Tensor(uninitialized: values.k.shape),
            Tensor(uninitialized: values.v.shape)
        )
        body(
            dq.mutableRows(of: width), dk.mutableRows(of: width), dv.mutableRows(of: width))
        cotangents.add(dq, to: q)
        cotangents.add(dk, to: k)
        cotangents.add(dv, to: v)
    }
}

extension Traced {
    /// Attention's mixed values, as ``AttentionGrid`` places queries (`self`), keys and values.
    ///
    /// - Returns: z, of the shape of the queries.
    public func attending(to k: Traced, _ v: Traced, _ grid: AttentionGrid) -> Traced {
        var z = Tensor(uninitialized: shape)
        let (q, out) = (value.rows(of: grid.width), z.mutableRows(of: grid.width))
        let (keys, values) = (k.value.rows(of: grid.width), v.value.rows(of: grid.width))
        grid.forEachHead { item, head in
            grid.head(item, head, q: q, k: keys, v: values, z: out).attend()
        }
        let nodes = AttentionNodes(q: node, k: k.node, v: v.node)
        return recording(z, from: nodes.all) {
            grid.requireNoPast()
            return Attention(nodes: nodes, grid: grid, q: value, k: k.value, v: v.value)
        }
    }
}
