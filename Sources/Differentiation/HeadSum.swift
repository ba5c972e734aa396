import Kernels
public import Tensors

/// `y = Σ_h x[h] + b`: the heads' results as attention's output.
///
/// ```
/// dx[h] = dy for every h,    db = Σ_rows dy
/// ```
struct HeadSum: Operation {
    let nodes: (x: Tape.Node?, bias: Tape.Node?)
    let heads: Int
    /// The length of a head's result.
    let width: Int

    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents) {
        let dy = gradient.rows(of: width)
        let all = 0..<dy.count
        cotangents.add(to: nodes.bias, columns: width) { db, accumulating in
            sumRows(dy, into: db, accumulating: accumulating)
        }
        cotangents.add(to: nodes.x, columns: heads * width) { dx, accumulating in
            for head in 0..<heads {
                let part = dx[all, head * width..<(head + 1) * width]
                if accumulating { add(dy, to: part) } else { copy(dy, into: part) }
            }
        }
    }
}

extension Traced {
    /// The sum over the second axis, and a bias.
    ///
    /// - Parameter bias: b, [d_model].
    /// - Returns: [row, d_model] of [row, head, d_model].
    public func summedOverHeads(_ bias: Tensor) -> Traced {
        let (heads, width) = (shape[1], shape[2])
        var y = Tensor([shape[0], width])
        let (x, sum) = (value.rows(of: heads * width), y.mutableRows)
        for head in 0..<heads {
            add(x[0..<x.count, head * width..<(head + 1) * width], to: sum)
        }
        add(bias.rows, to: sum)
        let nodes = (x: node, bias: tape?.node(of: bias))
        return recording(y, from: [nodes.x, nodes.bias]) {
            HeadSum(nodes: nodes, heads: heads, width: width)
        }
    }
}
