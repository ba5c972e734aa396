public import Results
public import Statistics
internal import Tensors

/// A mean effect with what tells how far to trust it.
///
/// Ratios of odds have heavy tails: one prompt can make a mean, so the median and the geometric
/// mean stand beside it.
public struct EffectSummary: Sendable, Hashable {
    /// Of what.
    public let name: String
    /// How many effects.
    public let count: Int
    /// The mean.
    public let mean: Double
    /// The middle one.
    public let median: Double
    /// The geometric mean of the ratios, minus 1; NaN if a ratio is not positive.
    public let geometric: Double
    /// The 95 % percentile bootstrap interval of the mean.
    public let interval: ConfidenceInterval

    /// Summarizes effects; NaN everywhere if there are none.
    public init(_ name: String, _ effects: [Double], seed: UInt64 = 0) {
        (self.name, count) = (name, effects.count)
        mean = Statistics.mean(effects)
        median = Statistics.median(effects)
        let isPositive = effects.allSatisfy { $0 > -1 }
        geometric = isPositive ? geometricMean(effects.map { $0 + 1 }) - 1 : .nan
        interval =
            effects.isEmpty
            ? ConfidenceInterval(lower: .nan, upper: .nan)
            : bootstrapInterval(ofMeanOf: effects.map { [$0] }, seed: seed)[0]
    }

    /// The names of ``values``.
    public static let columns = ["n", "mean", "low", "high", "median", "geometric_mean"]

    /// The numbers of a table's row.
    public var values: [Double] {
        [Double(count), mean, interval.lower, interval.upper, median, geometric]
    }

    /// Summaries as a table, a row each.
    public static func table(_ summaries: [EffectSummary], name: String) -> LabelledArray {
        LabelledArray(
            name, quantity: Quantity("effect"),
            axes: [
                Axis("effect", labels: summaries.map(\.name)),
                Axis("statistic", labels: columns),
            ],
            values: Tensor(
                [summaries.count, columns.count],
                summaries.flatMap { $0.values.map { Float($0) } }))
    }
}
