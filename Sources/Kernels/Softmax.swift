private import CKernels
private import RealModule
public import Tensors

/// Turns each row into probabilities, in place: `exp(x − max) / Σ exp(x − max)`.
///
/// A row of −∞ only, where nothing may be attended to, becomes zeros. A row with a NaN becomes NaN.
///
/// - Parameter x: Scores, [rows, columns].
public func softmax(_ x: MutableRows) {
    for row in 0..<x.count { softmax(x[row]) }
}

/// Turns each row into probabilities over its visible part, in place; the rest becomes zero.
///
/// - Parameters:
///   - x: Scores, [query_pos, key_pos].
///   - visibility: Which keys each query sees.
public func softmax(_ x: MutableRows, seeing visibility: Visibility) {
    for row in 0..<x.count {
        let visible = visibility.count(of: x.columns, query: row)
        let x = x[row]
        softmax(UnsafeMutableBufferPointer(rebasing: x[0..<visible]))
        for key in visible..<x.count { x[key] = 0 }
    }
}

/// The same for one row.
func softmax(_ x: UnsafeMutableBufferPointer<Float>) {
    guard let start = x.baseAddress else { return }
    let extent = extent_of(start, x.count)
    if extent.has_nan || extent.largest == -.infinity {
        for i in 0..<x.count { x[i] = extent.has_nan ? .nan : 0 }
        return
    }
    exponentials_in_place(start, x.count, extent.largest, 1)
    let factor = 1 / laneSum(UnsafeBufferPointer(x))
    for i in 0..<x.count { x[i] *= factor }
}

/// The sum of a row in eight lanes by index.
///
/// Zeros at its end change nothing, not even the rounding: a causal row has the same sum whether
/// the keys it must not see are left out or masked.
private func laneSum(_ x: UnsafeBufferPointer<Float>) -> Float {
    let bytes = UnsafeRawBufferPointer(x)
    let whole = x.count / 8 * 8
    var lanes = SIMD8<Float>()
    for i in stride(from: 0, to: whole, by: 8) {
        lanes += bytes.loadUnaligned(fromByteOffset: 4 * i, as: SIMD8<Float>.self)
    }
    for i in whole..<x.count { lanes[i - whole] += x[i] }
    return lanes.sum()
}

/// ln Σ exp(x) of a row.
///
/// - Parameter x: Logits of one position, [d_vocab].
public func logSumExp(_ x: UnsafeBufferPointer<Float>) -> Double {
    let extent = extent_of(x.baseAddress, x.count)
    if extent.has_nan { return .nan }
    guard extent.largest.isFinite else { return Double(extent.largest) }
    return Double.log(sum_of_exponentials(x.baseAddress, x.count, extent.largest))
        + Double(extent.largest)
}

/// Turns each row of logits into log-probabilities, in place.
///
/// - Parameter x: [pos, d_vocab].
public func logSoftmax(_ x: MutableRows) {
    parallelFor(x.count) { row in
        let normalizer = Float(logSumExp(x.reading[row]))
        let x = x[row]
        for i in 0..<x.count { x[i] -= normalizer }
    }
}

/// Replaces each element of a row by `times · exp(x − less)`.
///
/// With the row's ``logSumExp(_:)`` as `less` these are its probabilities, times a factor.
public func exponentials(_ x: UnsafeMutableBufferPointer<Float>, less: Float, times: Float) {
    exponentials_in_place(x.baseAddress, x.count, less, times)
}

/// Sets the scores of keys that a query must not see to −∞, in place.
///
/// - Parameters:
///   - x: Scores, [query_pos, key_pos].
///   - visibility: Which keys each query sees.
public func mask(_ x: MutableRows, seeing visibility: Visibility) {
    for row in 0..<x.count {
        let x = x[row]
        for key in visibility.count(of: x.count, query: row)..<x.count { x[key] = -.infinity }
    }
}

/// The entropy of the distribution that a row of logits gives, in nats: `−Σ p ln p`.
///
/// - Parameter x: Logits of one position, [d_vocab].
public func entropy(ofLogits x: UnsafeBufferPointer<Float>) -> Double {
    let normalizer = logSumExp(x)
    guard normalizer.isFinite else { return .nan }
    var mean = 0.0
    for i in 0..<x.count {
        let logProbability = x[i] - Float(normalizer)
        // Where p is zero to rounding, p ln p is zero.
        let term = logProbability > -80 ? exponential(logProbability) * logProbability : 0
        mean = Relaxed.sum(Double(term), mean)
    }
    return max(0, -mean)
}
