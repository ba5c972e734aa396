/// How far probabilities of two groups are balanced or one-sided, from 0 to 1.
///
/// Drechsel and Herbold 2025, https://arxiv.org/abs/2502.01406, section on decoder evaluation. With
/// the names of women and of men as the first and the second group ``balanced``, ``onlyFirst``,
/// ``onlySecond`` and ``meanDifference`` are the paper's BPI, FPI, MPI and APD.
public struct BiasScores: Sendable, Hashable, Codable {
    /// The mean of p₁.
    public var first: Double
    /// The mean of p₂.
    public var second: Double
    /// BPI = (1 − |p₁ − p₂|) (p₁ + p₂).
    public var balanced: Double
    /// FPI = (1 − p₂) p₁.
    public var onlyFirst: Double
    /// MPI = (1 − p₁) p₂.
    public var onlySecond: Double
    /// APD: the mean of |p₁ − p₂|.
    public var meanDifference: Double

    /// The mean over texts.
    public init(_ probabilities: [(first: Double, second: Double)]) {
        func mean(_ score: ((first: Double, second: Double)) -> Double) -> Double {
            probabilities.map(score).reduce(0, +) / Double(probabilities.count)
        }
        (first, second) = (mean(\.first), mean(\.second))
        balanced = mean { (1 - abs($0.first - $0.second)) * ($0.first + $0.second) }
        onlyFirst = mean { (1 - $0.second) * $0.first }
        onlySecond = mean { (1 - $0.first) * $0.second }
        meanDifference = mean { abs($0.first - $0.second) }
    }
}
