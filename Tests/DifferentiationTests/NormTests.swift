import Differentiation
import Tensors
import TestSupport
import Testing

/// Layer normalisation in one step and in four, and each of the four.
@Suite struct NormTests {
    static let shapes = [[1, 2], [1, 7], [3, 8], [5, 2, 6], [300, 3], [17, 33]]

    private static let eps = 1e-5

    private func inputs(_ shape: [Int]) -> [Tensor] {
        let width = shape[shape.count - 1]
        return [
            .random(shape, stream: "x"), .random([width], stream: "w"),
            .random([width], stream: "b"),
        ]
    }

    /// (x − mean) / s · w + b.
    private func reference(_ inputs: [Doubles]) -> [Double] {
        let width = inputs[1].values.count
        return inputs[0].rows(of: width).flatMap { x in
            let mean = x.reduce(0, +) / Double(width)
            let s = (x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width) + Self.eps)
                .squareRoot()
            return x.indices.map {
                (x[$0] - mean) / s * inputs[1].values[$0] + inputs[2].values[$0]
            }
        }
    }

    @Test(arguments: shapes) func inOneStep(_ shape: [Int]) {
        checkGradients(inputs(shape), reference: reference) {
            $0[0].layerNorm(eps: Float(Self.eps), gain: $0[1].value, shift: $0[2].value)
        }
    }

    @Test(arguments: shapes) func inFourSteps(_ shape: [Int]) {
        checkGradients(inputs(shape), reference: reference) {
            let centred = $0[0].centred()
            return centred.divided(by: centred.rootMeanSquare(eps: Float(Self.eps)))
                .scaledAndShifted(gain: $0[1].value, shift: $0[2].value)
        }
    }

    @Test(arguments: shapes) func withoutGainAndShift(_ shape: [Int]) {
        let x = inputs(shape)[0]
        let width = shape[shape.count - 1]
        let (ones, zeros) = (Tensor([width], repeating: 1), Tensor([width]))
        checkGradients([x]) { [reference] inputs in
            reference([inputs[0], Doubles(ones), Doubles(zeros)])
        } operation: {
            $0[0].layerNorm(eps: Float(Self.eps), gain: nil, shift: nil)
        }
    }

    @Test(arguments: shapes) func eachStep(_ shape: [Int]) {
        let width = shape[shape.count - 1]
        let x = inputs(shape)[0]
        checkGradients([x], "centred") { inputs in
            inputs[0].rows(of: width).flatMap { x in
                x.map { $0 - x.reduce(0, +) / Double(width) }
            }
        } operation: {
            $0[0].centred()
        }
        checkGradients([x], "scale") { inputs in
            inputs[0].rows(of: width).map { x in
                (x.reduce(0) { $0 + $1 * $1 } / Double(width) + 0.5).squareRoot()
            }
        } operation: {
            $0[0].rootMeanSquare(eps: 0.5)
        }
        let scales = Tensor(
            shape.dropLast() + [1], (0..<x.count / width).map { 0.5 + Float($0 % 5) })
        checkGradients([x, scales], "quotient") { inputs in
            zip(inputs[0].rows(of: width), inputs[1].values).flatMap { x, s in x.map { $0 / s } }
        } operation: {
            $0[0].divided(by: $0[1])
        }
    }

    /// One step and four give the same bits.
    @Test(arguments: shapes) func theStepsAreTheSame(_ shape: [Int]) {
        let inputs = inputs(shape)
        let x = Traced(inputs[0])
        let centred = x.centred()
        let steps = centred.divided(by: centred.rootMeanSquare(eps: 1e-5))
            .scaledAndShifted(gain: inputs[1], shift: inputs[2])
        let fused = x.layerNorm(eps: 1e-5, gain: inputs[1], shift: inputs[2])
        #expect(fused.value.values == steps.value.values)
    }
}
