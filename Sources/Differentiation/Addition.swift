import Kernels
import Tensors

/// `z = x + y`; both gradients are z's.
struct Addition: Operation {
    let inputs: [Tape.Node?]

    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents) {
        for input in inputs { cotangents.add(copy gradient, to: input) }
    }
}

extension Traced {
    /// Adds a value of the same shape, in place.
    public static func += (x: inout Traced, y: Traced) {
        x.overwrite { add(y.value.rows, to: $0.mutableRows) }
        let inputs = [x.node, y.node]
        x = x.recording(x.value, from: inputs) { Addition(inputs: inputs) }
    }
}
