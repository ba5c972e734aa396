private import Tensors

/// An interval that a procedure claims to hold a value.
public struct ConfidenceInterval: Sendable, Hashable {
    /// The lower end.
    public let lower: Double
    /// The upper end.
    public let upper: Double

    /// Puts an interval together.
    public init(lower: Double, upper: Double) {
        self.lower = lower
        self.upper = upper
    }
}

/// The bootstrap percentile interval of the mean of each column.
///
/// Rows are drawn with replacement, as many as there are; the interval lies between the quantiles
/// (1 − level) / 2 and (1 + level) / 2 of the means. Efron and Tibshirani 1993, An Introduction to
/// the Bootstrap, chapter 13. All columns share the draws, so that a column's interval does not
/// depend on which others are there.
///
/// - Parameters:
///   - rows: One row for each prompt pair, one number for each site; equally long, at least one.
///   - level: The share of intervals that hold the mean, in the long run.
///   - resamples: How many samples are drawn.
///   - seed: The same seed gives the same interval.
/// - Returns: One interval for each column.
/// - Complexity: O(resamples · rows · columns) time, O(resamples) memory.
public func bootstrapInterval(
    ofMeanOf rows: [[Double]], level: Double = 0.95, resamples: Int = 10_000, seed: UInt64 = 0
) -> [ConfidenceInterval] {
    let columns = columnCount(of: rows, "bootstrapInterval")
    precondition(resamples > 0, "bootstrapInterval: \(resamples) resamples")
    precondition(level > 0 && level < 1, "bootstrapInterval: a level of \(level)")
    var intervals: [ConfidenceInterval] = []
    // A few columns at a time keep the means of all resamples in little memory.
    for start in stride(from: 0, to: columns, by: 32) {
        let chosen = start..<min(start + 32, columns)
        let means = resampledMeans(of: rows, columns: chosen, resamples, seed)
        for column in 0..<chosen.count {
            let sorted = stride(from: column, to: means.count, by: chosen.count)
                .map { means[$0] }.sorted()
            intervals.append(
                ConfidenceInterval(
                    lower: quantile((1 - level) / 2, ofSorted: sorted),
                    upper: quantile((1 + level) / 2, ofSorted: sorted)))
        }
    }
    return intervals
}

/// The mean of each resample, [resample, column].
private func resampledMeans(
    of rows: [[Double]], columns: Range<Int>, _ resamples: Int, _ seed: UInt64
) -> [Double] {
    let block = rows.flatMap { $0[columns] }
    var generator = SeededGenerator(seed: seed, stream: "bootstrap")
    var means = [Double](repeating: 0, count: resamples * columns.count)
    for resample in 0..<resamples {
        let target = resample * columns.count
        for _ in rows.indices {
            let source = Int.random(in: 0..<rows.count, using: &generator) * columns.count
            for column in 0..<columns.count { means[target + column] += block[source + column] }
        }
        for column in 0..<columns.count { means[target + column] /= Double(rows.count) }
    }
    return means
}

/// A quantile of sorted numbers, linear between them: Hyndman and Fan 1996, definition 7.
///
/// - Parameters:
///   - share: In [0, 1]; 0.5 is the median.
///   - sorted: At least one number, ascending.
public func quantile(_ share: Double, ofSorted sorted: [Double]) -> Double {
    precondition(
        !sorted.isEmpty && (0...1).contains(share), "quantile: \(share) of \(sorted.count)")
    let position = share * Double(sorted.count - 1)
    let below = Int(position)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
}

/// The length of equally long rows, of which there must be one.
func columnCount(of rows: [[Double]], _ operation: String) -> Int {
    let count = rows.first?.count ?? 0
    precondition(!rows.isEmpty, "\(operation): no rows")
    precondition(rows.allSatisfy { $0.count == count }, "\(operation): rows of several lengths")
    return count
}
