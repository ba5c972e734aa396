import Differentiation
import Glibc
import Kernels
import Tensors
import TestSupport
import Testing

/// Each operation against a naive one in double precision, and its gradients against central
/// differences.
@Suite struct OperationTests {
    static let shapes = [[1, 1], [1, 7], [5, 1], [3, 8], [17, 33]]

    private func random(_ shape: [Int], _ stream: String) -> Tensor {
        .random(shape, stream: stream)
    }

    @Test(arguments: shapes) func addition(_ shape: [Int]) {
        checkGradients([random(shape, "x"), random(shape, "y")]) { inputs in
            zip(inputs[0].values, inputs[1].values).map(+)
        } operation: { inputs in
            var sum = inputs[0]
            sum += inputs[1]
            return sum
        }
    }

    /// A value that is used twice gets both gradients.
    @Test func additionToItself() {
        checkGradients([random([3, 4], "x")]) {
            $0[0].values.map { 2 * $0 }
        } operation: { inputs in
            var sum = inputs[0]
            sum += inputs[0]
            return sum
        }
    }

    @Test(arguments: shapes, [1, 6]) func linear(_ shape: [Int], _ outputs: Int) {
        let inputs = [
            random(shape, "x"), random([shape[1], outputs], "w"), random([outputs], "b"),
        ]
        checkGradients(inputs, reference: product) { $0[0].linear($0[1].value, $0[2].value) }
    }

    @Test(arguments: shapes) func transposedLinear(_ shape: [Int]) {
        let inputs = [random(shape, "x"), random([5, shape[1]], "w"), random([5], "b")]
        checkGradients(inputs) { inputs in
            let rows = inputs[1].rows(of: shape[1])
            return inputs[0].rows(of: shape[1]).flatMap { x in
                zip(rows, inputs[2].values).map { w, b in zip(x, w).reduce(b) { $0 + $1.0 * $1.1 } }
            }
        } operation: {
            $0[0].linear($0[1].value, $0[2].value, transposed: true)
        }
    }

    /// Two parts of one matrix, neither of which is all of it.
    @Test func linearInParts() {
        let inputs = [random([4, 6], "x"), random([3, 8], "w"), random([8], "b")]
        let parts = [
            LinearPart(input: 0..<3, weight: (0..<3, 2..<4), output: 0..<2),
            LinearPart(input: 3..<6, weight: (0..<3, 5..<7), output: 2..<4),
        ]
        checkGradients(inputs) { inputs in
            inputs[0].rows(of: 6).flatMap { x in
                parts.flatMap { part in
                    part.weight.columns.map { column in
                        zip(x[part.input], 0..<3).reduce(inputs[2].values[column]) {
                            $0 + $1.0 * inputs[1].values[$1.1 * 8 + column]
                        }
                    }
                }
            }
        } operation: {
            $0[0].linear($0[1].value, $0[2].value, parts, into: [2, 2])
        }
    }

    private func product(_ inputs: [Doubles]) -> [Double] {
        let outputs = inputs[2].values.count
        return inputs[0].rows(of: inputs[0].shape[1]).flatMap { x in
            (0..<outputs).map { column in
                x.indices.reduce(inputs[2].values[column]) {
                    $0 + x[$1] * inputs[1].values[$1 * outputs + column]
                }
            }
        }
    }

    @Test func selection() {
        let indices = [2, 0, 2, 2, 4]
        checkGradients([random([5, 3], "table")]) { inputs in
            let rows = inputs[0].rows(of: 3)
            return indices.flatMap { rows[$0] }
        } operation: {
            $0[0].selecting(indices)
        }
    }

    @Test func sumOverHeads() {
        checkGradients([random([4, 3, 5], "x"), random([5], "b")]) { inputs in
            let heads = inputs[0].rows(of: 5)
            return (0..<20).map { index -> Double in
                let (row, i) = (index / 5, index % 5)
                let own = heads[3 * row..<3 * row + 3].reduce(0.0) { $0 + $1[i] }
                return inputs[1].values[i] + own
            }
        } operation: {
            $0[0].summedOverHeads($0[1].value)
        }
    }

    @Test(arguments: Activation.allCases, shapes)
    func activation(_ function: Activation, _ shape: [Int]) {
        func f(_ x: Double) -> Double {
            switch function {
            case .geluTanh:
                let u: Double = 0.7978845608028654 * (x + 0.044715 * x * x * x)
                return x / 2 * (1 + tanh(u))
            case .gelu:
                let root: Double = 2.0.squareRoot()
                return x / 2 * (1 + erf(x / root))
            case .relu: return max(x, 0)
            }
        }
        let x = Tensor.random(shape, stream: "x", scale: 4)
        checkGradients([x], function.rawValue) {
            $0[0].values.map(f)
        } operation: { inputs in
            var y = inputs[0]
            y.activate(function)
            return y
        }
    }

    /// The derivative far from zero, where exponentials underflow.
    @Test(arguments: Activation.allCases) func activationsFarOut(_ function: Activation) {
        let x = Tensor([6], [-1e4, -60, -12, 12, 60, 1e4])
        var slope = Tensor([6], repeating: 1)
        function.applyDerivative(at: x.rows, to: slope.mutableRows)
        expectClose(slope, Tensor([6], [0, 0, 0, 1, 1, 1]), atol: 1e-5, "\(function)")
    }

    @Test func crossEntropy() {
        let targets: [Int?] = [2, nil, 0, 6]
        let x = Tensor.random([4, 7], stream: "x", scale: 3)
        checkGradients([x]) { inputs in
            let losses = zip(inputs[0].rows(of: 7), targets).map { x, target in
                target.map { log(x.reduce(0) { $0 + exp($1) }) - x[$0] } ?? 0
            }
            return [losses.reduce(0, +) / 3]
        } operation: {
            $0[0].crossEntropy(targets, weight: 1.0 / 3).loss
        }
        let sum = Traced(x).crossEntropy(targets, weight: 0.5).sum
        #expect(
            abs(sum - Double(Traced(x).crossEntropy(targets, weight: 0.5).loss.value[0])) < 1e-5)
    }
}
