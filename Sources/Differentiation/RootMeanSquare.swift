import Kernels
import Tensors

/// `s = sqrt(mean(x²) + eps)` of each row.
///
/// ```
/// dx = ds · x / (n s)
/// ```
struct RootMeanSquare: Operation {
    let input: Tape.Node?
    let x: Tensor
    let scale: Tensor

    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents) {
        let (x, s, ds) = (x.rows, scale.rows, gradient.rows)
        cotangents.add(to: input, columns: x.columns) { dx, accumulating in
            for row in 0..<x.count {
                let (x, dx) = (x[row], dx[row])
                let factor = ds[row][0] / (Float(x.count) * s[row][0])
                if !accumulating { dx.update(repeating: 0) }
                for i in 0..<x.count { dx[i] += factor * x[i] }
            }
        }
    }
}

extension Traced {
    /// The scale that a norm divides each row of the last axis by.
    ///
    /// - Returns: The same axes, the last of length 1.
    public func rootMeanSquare(eps: Float) -> Traced {
        var scale = Tensor(uninitialized: shape.dropLast() + [1])
        Kernels.rootMeanSquare(value.rows, eps: eps, into: scale.mutableRows)
        return recording(scale, from: [node]) {
            RootMeanSquare(input: node, x: value, scale: scale)
        }
    }
}
