internal import Glibc
private import RealModule
public import Tensors

/// The inner product of two runs of floats.
///
/// Runs of a thousand are summed in single precision, which vectorises, and those sums in double:
/// the error does not grow with the length.
public func innerProduct(
    _ x: UnsafeBufferPointer<Float>, _ y: UnsafeBufferPointer<Float>
) -> Double {
    precondition(x.count == y.count, "innerProduct: \(x.count) and \(y.count) elements")
    var total = 0.0
    for first in stride(from: 0, to: x.count, by: 1024) {
        let range = first..<min(first + 1024, x.count)
        let (x, y) = (
            UnsafeBufferPointer(rebasing: x[range]), UnsafeBufferPointer(rebasing: y[range])
        )
        var sum: Float = 0
        for i in 0..<x.count { sum = Relaxed.multiplyAdd(x[i], y[i], sum) }
        total += Double(sum)
    }
    return total
}

/// The inner product of two long vectors, on several threads.
///
/// In fixed parts, whose sums are added in order.
///
/// - Parameters:
///   - x: Any shape.
///   - y: As many elements.
public func innerProduct(_ x: Tensor, _ y: Tensor) -> Double {
    precondition(x.count == y.count, "innerProduct: shapes \(x.shape) and \(y.shape)")
    let (left, right) = (x.rows(of: max(x.count, 1)), y.rows(of: max(y.count, 1)))
    return sumOfParts(of: x.count) { range in
        innerProduct(
            UnsafeBufferPointer(rebasing: left.elements[range]),
            UnsafeBufferPointer(rebasing: right.elements[range]))
    }
}

/// Adds a multiple of a long vector to another in place: `y + factor · x`.
///
/// - Parameters:
///   - x: Any shape.
///   - y: As many elements.
public func add(_ x: Tensor, times factor: Float, to y: inout Tensor) {
    precondition(x.count == y.count, "add: shapes \(x.shape) and \(y.shape)")
    add(x.rows(of: max(x.count, 1)), times: factor, to: y.mutableRows(of: max(y.count, 1)))
}

/// Adds a multiple of one long row to another in place: `y + factor · x`.
///
/// - Parameters:
///   - x: [1, columns].
///   - y: [1, columns].
public func add(_ x: Rows, times factor: Float, to y: MutableRows) {
    precondition(
        x.count <= 1 && x.count == y.count && x.columns == y.columns,
        "add: [\(x.count), \(x.columns)] to [\(y.count), \(y.columns)]")
    parallelBlocks(of: x.count * x.columns, size: 1 << 16) { range in
        let x = UnsafeBufferPointer(rebasing: x.elements[range])
        let y = UnsafeMutableBufferPointer(rebasing: y.elements[range])
        for i in 0..<x.count { y[i] += factor * x[i] }
    }
}

/// A sum over a long vector: of parts of 65,536 elements, on several threads, added in order.
package func sumOfParts<Sum: AdditiveArithmetic & Sendable>(
    of count: Int, _ part: @Sendable (Range<Int>) -> Sum
) -> Sum {
    let size = 1 << 16
    return parallelMap((count + size - 1) / size) { index in
        flushingDenormals { part(index * size..<min((index + 1) * size, count)) }
    }.reduce(.zero, +)
}

/// Runs `body` with numbers too small for a normal float taken as zero.
///
/// Products of small gradients end there by the million, where each costs as much as a hundred
/// others.
package func flushingDenormals<Result>(_ body: () -> Result) -> Result {
    #if arch(x86_64)
        var environment = fenv_t()
        guard fegetenv(&environment) == 0 else { return body() }
        let before = environment
        // Flush to zero and denormals are zero: bits 15 and 6 of MXCSR.
        environment.__mxcsr |= 0x8040
        fesetenv(&environment)
        let result = body()
        withUnsafePointer(to: before) { _ = fesetenv($0) }
        return result
    #else
        return body()
    #endif
}
