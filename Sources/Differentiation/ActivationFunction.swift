public import Kernels
import Tensors

/// `y = f(x)` for each element: `dx = dy · f′(x)`.
struct ActivationFunction: Operation {
    let input: Tape.Node?
    let function: Activation
    let x: Tensor

    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents) {
        function.applyDerivative(at: x.rows, to: gradient.mutableRows)
        cotangents.add(gradient, to: input)
    }
}

extension Traced {
    /// Applies the function between the matrices of an MLP, in place.
    public mutating func activate(_ function: Activation) {
        guard node != nil else { return overwrite { function.apply(to: $0.mutableRows) } }
        let (x, input) = (value, node)
        var y = Tensor(uninitialized: shape)
        function.apply(to: x.rows, into: y.mutableRows)
        self = recording(y, from: [input]) {
            ActivationFunction(input: input, function: function, x: x)
        }
    }
}
