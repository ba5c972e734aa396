import Differentiation
import Tensors
import TestSupport
import Testing

/// What a tape records and what it lets go.
@Suite struct TapeTests {
    @Test func nothingIsRecordedWithoutAReason() {
        let (x, w) = (Tensor.random([3, 4], stream: "x"), Tensor.random([4, 2], stream: "w"))
        let tape = Tape()
        let y = Traced(x, on: tape).linear(w, nil)
        tape.backward(from: y, cotangent: Tensor([3, 2], repeating: 1))
        #expect(tape.takeGradient(of: w).values == [Float](repeating: 0, count: 8))
        #expect(y.value.values == Traced(x).linear(w, nil).value.values)
    }
}
