import Kernels
import Tensors

/// `y = x / s`, one s for each row.
///
/// ```
/// dx = dy / s,    ds = −Σ dy · y / s
/// ```
struct Division: Operation {
    let nodes: (x: Tape.Node?, scale: Tape.Node?)
    let y: Tensor
    let scale: Tensor

    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents) {
        let (y, s, dy) = (y.rows, scale.rows, gradient.mutableRows)
        cotangents.add(to: nodes.scale, columns: 1) { ds, accumulating in
            for row in 0..<y.count {
                let sum = -dot(y[row], UnsafeBufferPointer(dy[row])) / s[row][0]
                ds[row][0] = accumulating ? ds[row][0] + sum : sum
            }
        }
        divide(dy, by: s)
        cotangents.add(gradient, to: nodes.x)
    }
}

extension Traced {
    /// Divides each row of the last axis by its scale.
    ///
    /// - Parameter scale: The same axes, the last of length 1.
    public func divided(by scale: Traced) -> Traced {
        var y = value
        divide(y.mutableRows, by: scale.value.rows)
        let nodes = (x: node, scale: scale.node)
        return recording(y, from: [nodes.x, nodes.scale]) {
            Division(nodes: nodes, y: y, scale: scale.value)
        }
    }
}
