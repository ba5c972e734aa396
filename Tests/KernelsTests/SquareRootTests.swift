import Kernels
import Testing

/// The square root that vectorises against the standard library's.
@Suite struct SquareRootTests {
    @Test func rootsAreThoseOfTheStandardLibrary() {
        var x: Float = 0x1p-126
        while x < 0x1p126 {
            #expect(abs(squareRoot(x) / x.squareRoot() - 1) < 3e-7, "\(x)")
            x *= 1.37
        }
        #expect(squareRoot(0) == 0 && squareRoot(.nan).isNaN)
    }
}
