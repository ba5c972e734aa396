import Differentiation
import Tensors
import TestSupport
import Testing

/// An array in double precision, for naive references.
struct Doubles {
    var shape: [Int]
    var values: [Double]

    init(_ tensor: Tensor) { (shape, values) = (tensor.shape, tensor.values.map(Double.init)) }

    init(_ shape: [Int], _ values: [Double]) { (self.shape, self.values) = (shape, values) }

    /// Rows of a length.
    func rows(of columns: Int) -> [[Double]] {
        stride(from: 0, to: values.count, by: columns).map { Array(values[$0..<$0 + columns]) }
    }
}

/// Compares an operation with a naive reference in double precision, and its gradients with the
/// reference's central differences.
///
/// - Parameters:
///   - inputs: Each is watched, so that its gradient is taken.
///   - reference: The operation on doubles.
///   - operation: The same, on values of the tape.
func checkGradients(
    _ inputs: [Tensor], _ what: String = "", reference: ([Doubles]) -> [Double],
    sourceLocation: SourceLocation = #_sourceLocation, operation: ([Traced]) -> Traced
) {
    let tape = Tape()
    for input in inputs { tape.watch(input) }
    let output = operation(inputs.map { Traced($0, on: tape) })
    let doubles = inputs.map { Doubles($0) }
    let expected = reference(doubles)
    let shape = output.shape
    expectClose(
        output.value, Tensor(shape, expected.map { Float($0) }), rtol: 1e-5, atol: 1e-5,
        "\(what) value", sourceLocation: sourceLocation)
    let cotangent = Tensor.random(shape, seed: 9, stream: "cotangent")
    let weights = cotangent.values.map(Double.init)
    func objective(_ inputs: [Doubles]) -> Double {
        zip(reference(inputs), weights).reduce(0) { $0 + ($1.0.isFinite ? $1.0 * $1.1 : 0) }
    }
    tape.backward(from: output, cotangent: cotangent)
    let step = 1e-5
    for index in inputs.indices {
        let numeric = inputs[index].values.indices.map { element in
            var (above, below) = (doubles, doubles)
            above[index].values[element] += step
            below[index].values[element] -= step
            return Float((objective(above) - objective(below)) / (2 * step))
        }
        // Products of float32 numbers of size 1: rounding is some 1e-6.
        expectClose(
            tape.takeGradient(of: inputs[index]), Tensor(inputs[index].shape, numeric), rtol: 1e-4,
            atol: 2e-5, "\(what) gradient of input \(index)", sourceLocation: sourceLocation)
    }
}
