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
    guard let (largest, hasNaN) = extent(UnsafeBufferPointer(x)) else { return }
    if hasNaN || largest == -.infinity {
        for i in 0..<x.count { x[i] = hasNaN ? .nan : 0 }
        return
    }
    for i in 0..<x.count { x[i] = exponential(x[i] - largest) }
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

/// The largest element of a row and whether any is NaN; `nil` of nothing.
private func extent(_ x: UnsafeBufferPointer<Float>) -> (largest: Float, hasNaN: Bool)? {
    guard !x.isEmpty else { return nil }
    // Lane by lane, as the compiler keeps a comparison of single numbers single.
    let bytes = UnsafeRawBufferPointer(x)
    let whole = x.count / 8 * 8
    var largest = SIMD8<Float>(repeating: -.infinity)
    var unordered = SIMDMask<SIMD8<Int32>>(repeating: false)
    func take(_ lanes: SIMD8<Float>) {
        largest.replace(with: lanes, where: lanes .> largest)
        unordered .|= lanes .!= lanes
    }
    for i in stride(from: 0, to: whole, by: 8) {
        take(bytes.loadUnaligned(fromByteOffset: 4 * i, as: SIMD8<Float>.self))
    }
    for i in whole..<x.count { take(SIMD8(repeating: x[i])) }
    return (largest.max(), any(unordered))
}

/// ln Σ exp(x) of a row.
///
/// Runs of 256 are summed in single precision, which vectorises, and those sums in double.
///
/// - Parameter x: Logits of one position, [d_vocab].
public func logSumExp(_ x: UnsafeBufferPointer<Float>) -> Double {
    guard let (largest, hasNaN) = extent(x) else { return -.infinity }
    if hasNaN { return .nan }
    guard largest.isFinite else { return Double(largest) }
    var total = 0.0
    for first in stride(from: 0, to: x.count, by: 256) {
        var sum: Float = 0
        for i in first..<min(first + 256, x.count) {
            sum = Relaxed.sum(exponential(x[i] - largest), sum)
        }
        total += Double(sum)
    }
    return Double.log(total) + Double(largest)
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
    for i in 0..<x.count { x[i] = times * exponential(x[i] - less) }
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
