/// The arithmetic mean.
///
/// - Returns: NaN for no values.
public func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(values.count)
}

/// Pearson's correlation of pairs of numbers.
///
/// ```
/// r = Σ (x − x̄)(y − ȳ) / sqrt(Σ (x − x̄)² · Σ (y − ȳ)²)
/// ```
/// Pearson 1896, Philosophical Transactions A 187; the means are taken off first.
///
/// - Returns: A number in [−1, 1]; `nil` if either side does not vary.
public func pearsonCorrelation(_ x: [Double], _ y: [Double]) -> Double? {
    precondition(x.count == y.count, "pearsonCorrelation: \(x.count) and \(y.count) values")
    let (meanX, meanY) = (mean(x), mean(y))
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    for (x, y) in zip(x, y) {
        let (dx, dy) = (x - meanX, y - meanY)
        xx += dx * dx
        yy += dy * dy
        xy += dx * dy
    }
    guard xx > 0, yy > 0 else { return nil }
    // Rounding may leave the interval by one unit.
    return min(1, max(-1, xy / (xx.squareRoot() * yy.squareRoot())))
}

/// Spearman's rank correlation: Pearson's correlation of the ranks, equal values sharing theirs.
///
/// Spearman 1904, The American Journal of Psychology 15; with ties as in Kendall 1948, chapter 3.
///
/// - Returns: A number in [−1, 1]; `nil` if either side does not vary.
public func spearmanCorrelation(_ x: [Double], _ y: [Double]) -> Double? {
    precondition(x.count == y.count, "spearmanCorrelation: \(x.count) and \(y.count) values")
    return pearsonCorrelation(ranks(of: x), ranks(of: y))
}
