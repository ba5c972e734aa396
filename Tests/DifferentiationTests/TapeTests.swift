import Differentiation
import Kernels
import Tensors
import TestSupport
import Testing

/// What a tape records, and how changes from outside pass gradients on.
@Suite struct TapeTests {
    private let x = Tensor.random([3, 4], stream: "x")
    private let w = Tensor.random([4, 2], stream: "w")
    private let ones = Tensor([3, 2], repeating: 1)

    @Test func constantsAndUnwatchedParametersHaveNoGradient() {
        let tape = Tape()
        let y = Traced(x, on: tape).linear(w, nil)
        tape.backward(from: y, cotangent: ones)
        #expect(tape.takeGradient(of: w).values == [Float](repeating: 0, count: 8))
        #expect(y.value.values == Traced(x).linear(w, nil).value.values)
    }

    /// Parameters in the same memory are one; equal ones elsewhere are not.
    @Test func parametersAreKnownByTheirMemory() {
        let tape = Tape()
        let same = w.reshaped([4, 2])
        let other = Tensor([4, 2], w.values)
        tape.watch(w)
        tape.watch(same)
        var y = Traced(x, on: tape).linear(w, nil)
        y += Traced(x, on: tape).linear(same, nil)
        y += Traced(x, on: tape).linear(other, nil)
        tape.backward(from: y, cotangent: ones)
        let gradient = tape.takeGradient(of: same)
        let once = (0..<8).map { index in
            (0..<3).reduce(Float(0)) { $0 + x[$1, index / 2] }
        }
        expectClose(gradient, Tensor([4, 2], once.map { 2 * $0 }), atol: 1e-6)
        #expect(tape.takeGradient(of: other).values == [Float](repeating: 0, count: 8))
    }

    @Test func observingSeesTheGradientAndChangesNothing() {
        func gradient(observing: Bool) -> (w: [Float], seen: Tensor?) {
            let tape = Tape()
            tape.watch(w)
            var seen: Tensor?
            var y = Traced(x, on: tape).linear(w, nil)
            if observing { y.observe { seen = $0 } }
            y.activate(.relu)
            tape.backward(from: y, cotangent: ones)
            return (tape.takeGradient(of: w).values, seen)
        }
        let (plain, observed) = (gradient(observing: false), gradient(observing: true))
        #expect(plain.w == observed.w)
        let slopes = Traced(x).linear(w, nil).value.values.map { $0 > 0 ? Float(1) : 0 }
        #expect(observed.seen?.values == slopes && observed.seen?.shape == [3, 2])
    }

    /// A constant can be observed, and so can what nothing depends on.
    @Test func observingConstantsAndDeadEnds() {
        let tape = Tape()
        var seen: [Tensor] = []
        var constant = Traced(x, on: tape)
        constant.observe { seen.append($0) }
        var end = constant.selecting([0])
        end.observe { seen.append($0) }
        let y = constant.linear(w, nil)
        tape.backward(from: y, cotangent: ones)
        #expect(seen.map(\.shape) == [[1, 4], [3, 4]])
        #expect(seen[0].values == [0, 0, 0, 0] && seen[1].values.contains { $0 != 0 })
    }

    @Test func editsPassWhatTheySay() {
        func gradient(_ edit: (inout Traced) -> Void) -> [Float] {
            let tape = Tape()
            tape.watch(x)
            var y = Traced(x, on: tape)
            edit(&y)
            tape.backward(from: y, cotangent: Tensor([3, 4], repeating: 1))
            return tape.takeGradient(of: x).values
        }
        let all = [Float](repeating: 1, count: 12)
        #expect(gradient { $0.edit { _ in } } == all)
        #expect(gradient { $0.edit { $0 = Tensor($0.shape) } } == all.map { _ in 0 })
        #expect(gradient { $0.edit { $0[1, 2] = 7 } } == all.indices.map { $0 == 6 ? 0 : 1 })
        let doubled = gradient { value in
            value.edit(pullback: { $0 = Tensor($0.shape, $0.values.map { 2 * $0 }) }) {
                $0 = Tensor($0.shape, $0.values.map { 2 * $0 })
            }
        }
        #expect(doubled == all.map { _ in 2 })
    }
}
