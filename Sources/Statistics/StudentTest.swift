private import Glibc

/// Student's test of whether two samples of one variance have the same mean.
public struct StudentTest: Sendable, Hashable {
    /// The difference of the means in standard errors.
    public let t: Double
    /// n₁ + n₂ − 2.
    public let degreesOfFreedom: Double

    /// Tests two samples.
    ///
    /// ```
    /// t = (x̄ − ȳ) / sqrt(s² (1/n₁ + 1/n₂)),   s² = (Σ (x − x̄)² + Σ (y − ȳ)²) / (n₁ + n₂ − 2)
    /// ```
    /// Student 1908, https://doi.org/10.1093/biomet/6.1.1, in its form for two samples.
    ///
    /// - Returns: `nil` if nothing varies or a sample is empty.
    public init?(_ x: [Double], _ y: [Double]) {
        guard !x.isEmpty, !y.isEmpty, x.count + y.count > 2 else { return nil }
        let (meanX, meanY) = (mean(x), mean(y))
        let squares =
            x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
            + y.reduce(0) { $0 + ($1 - meanY) * ($1 - meanY) }
        degreesOfFreedom = Double(x.count + y.count - 2)
        let variance = squares / degreesOfFreedom * (1 / Double(x.count) + 1 / Double(y.count))
        guard variance > 0 else { return nil }
        t = (meanX - meanY) / variance.squareRoot()
    }

    /// The probability of a t at least as far from 0, if the means are the same.
    public var twoSidedP: Double {
        let n = degreesOfFreedom
        return regularizedBeta(n / (n + t * t), a: n / 2, b: 0.5)
    }
}

/// The regularized incomplete beta function I_x(a, b).
///
/// By Lentz' continued fraction: Press et al. 2007, Numerical Recipes, section 6.4.
///
/// - Parameters:
///   - x: In [0, 1].
///   - a: Positive.
///   - b: Positive.
func regularizedBeta(_ x: Double, a: Double, b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    let front = exp(
        lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    // The fraction converges fast on this side of the mean.
    if x > (a + 1) / (a + b + 2) { return 1 - front * fraction(1 - x, b, a) / b }
    return front * fraction(x, a, b) / a
}

private func fraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let least = 1e-300
    func bounded(_ value: Double) -> Double { value.magnitude < least ? least : value }
    var c = 1.0
    var d = 1 / bounded(1 - (a + b) * x / (a + 1))
    var result = d
    for step in 1...10_000 {
        let m = Double(step)
        for factor in [
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ] {
            d = 1 / bounded(1 + factor * d)
            c = bounded(1 + factor / c)
            result *= d * c
        }
        if (d * c - 1).magnitude < 1e-15 { break }
    }
    return result
}
