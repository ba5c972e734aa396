private import RealModule
public import Tensors

/// Subtracts from each row its mean: the first step of layer normalisation.
///
/// - Parameters:
///   - x: [rows, d_model].
///   - y: Receives x − mean(x), [rows, d_model]; may be `x` itself.
public func centre(_ x: Rows, into y: MutableRows) {
    requireSameShape(x, y, "centre")
    for row in 0..<x.count {
        let (x, y) = (x[row], y[row])
        let mean = sum(x) / Float(x.count)
        for i in 0..<x.count { y[i] = x[i] - mean }
    }
}

/// The scale that a norm divides a row by: `sqrt(mean(x²) + eps)`.
///
/// Of centred rows it is layer normalisation's standard deviation (Ba, Kiros and Hinton 2016, eq.
/// 3, https://arxiv.org/abs/1607.06450); of rows as they are, that of RMS normalisation (Zhang and
/// Sennrich 2019, eq. 4, https://arxiv.org/abs/1910.07467).
///
/// - Parameters:
///   - x: [rows, d_model].
///   - eps: Added to the mean square; 1e-5 in GPT-2.
///   - scale: Receives one number per row, [rows, 1].
public func rootMeanSquare(_ x: Rows, eps: Float, into scale: MutableRows) {
    precondition(scale.count == x.count && scale.columns == 1, "rootMeanSquare: scale is [rows, 1]")
    for row in 0..<x.count {
        scale[row][0] = (squareSum(x[row]) / Float(x.columns) + eps).squareRoot()
    }
}

/// Divides each row by its scale, in place.
///
/// - Parameters:
///   - x: [rows, d_model].
///   - scale: [rows, 1].
public func divide(_ x: MutableRows, by scale: Rows) {
    precondition(scale.count == x.count && scale.columns == 1, "divide: scale is [rows, 1]")
    for row in 0..<x.count {
        let (x, scale) = (x[row], scale[row][0])
        for i in 0..<x.count { x[i] /= scale }
    }
}

/// Applies a norm's gain and shift to each row, in place: `x · w + b`.
///
/// - Parameters:
///   - x: [rows, d_model].
///   - gain: w, [1, d_model].
///   - shift: b, [1, d_model]; `nil` for none, as in RMS normalisation.
public func scaleAndShift(_ x: MutableRows, gain: Rows, shift: Rows?) {
    precondition(
        gain.columns == x.columns && shift?.columns ?? x.columns == x.columns,
        "scaleAndShift: gain and shift have the rows' length")
    let gain = gain[0]
    for row in 0..<x.count {
        let x = x[row]
        if let shift = shift?[0] {
            for i in 0..<x.count { x[i] = x[i] * gain[i] + shift[i] }
        } else {
            for i in 0..<x.count { x[i] *= gain[i] }
        }
    }
}

/// The sum of a row's squares, in an order the compiler may choose.
public func squareSum(_ x: UnsafeBufferPointer<Float>) -> Float {
    var squares: Float = 0
    for i in 0..<x.count { squares = Relaxed.multiplyAdd(x[i], x[i], squares) }
    return squares
}

/// Whether all elements are finite.
///
/// - Parameter x: [rows, columns].
public func allFinite(_ x: Rows) -> Bool {
    let size = max(1, (1 << 18) / max(x.columns, 1))
    let parts = parallelMap((x.count + size - 1) / size) { block in
        (block * size..<min((block + 1) * size, x.count)).allSatisfy { row in
            // x · 0 is 0 unless x is infinite or NaN; sums of zeros keep a NaN.
            let x = x[row]
            var sum: Float = 0
            for i in 0..<x.count { sum = Relaxed.multiplyAdd(x[i], 0, sum) }
            return sum == 0
        }
    }
    return parts.allSatisfy { $0 }
}

/// The sum of a row, in an order the compiler may choose.
@inline(__always) func sum(_ x: UnsafeBufferPointer<Float>) -> Float {
    var sum: Float = 0
    for i in 0..<x.count { sum = Relaxed.sum(x[i], sum) }
    return sum
}

func requireSameShape(_ x: Rows, _ y: MutableRows, _ operation: String) {
    precondition(
        x.count == y.count && x.columns == y.columns,
        "\(operation): [\(x.count), \(x.columns)] into [\(y.count), \(y.columns)]")
}
