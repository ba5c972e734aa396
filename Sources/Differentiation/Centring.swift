import Kernels
import Tensors

/// `y = x − mean(x)` in each row: `dx = dy − mean(dy)`.
struct Centring: Operation {
    let input: Tape.Node?

    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents) {
        let rows = gradient.mutableRows
        centre(rows.reading, into: rows)
        cotangents.add(gradient, to: input)
    }
}

extension Traced {
    /// Subtracts from each row of the last axis its mean: a norm's first step.
    public func centred() -> Traced {
        var y = Tensor(uninitialized: shape)
        centre(value.rows, into: y.mutableRows)
        return recording(y, from: [node]) { Centring(input: node) }
    }
}
