private import Glibc

/// The middle of the values, the mean of the two in the middle where they are evenly many.
///
/// - Returns: NaN for no values.
public func median(_ values: [Double]) -> Double {
    values.isEmpty ? .nan : quantile(0.5, ofSorted: values.sorted())
}

/// The geometric mean: the exponential of the mean logarithm.
///
/// - Parameter values: Positive numbers.
/// - Returns: NaN for no values.
public func geometricMean(_ values: [Double]) -> Double { exp(mean(values.map(log))) }

/// The sample's standard deviation, with n − 1 in the denominator.
///
/// - Returns: NaN for fewer than two values.
public func standardDeviation(_ values: [Double]) -> Double {
    let centre = mean(values)
    let sum = values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) }
    return values.count < 2 ? .nan : (sum / Double(values.count - 1)).squareRoot()
}

/// A line through pairs of numbers.
public struct LinearFit: Sendable, Hashable {
    /// The change of y per unit of x.
    public let slope: Double
    /// y where x is 0.
    public let intercept: Double
    /// The share of y's variance that the line explains; negative if the mean explains more.
    public let rSquared: Double

    /// The line with the least squares.
    ///
    /// - Parameters:
    ///   - x: Of each pair the number on the horizontal axis.
    ///   - y: The other.
    ///   - line: The line itself, if it is given and only its share is asked for.
    /// - Returns: `nil` if either side does not vary.
    public init?(
        _ x: [Double], _ y: [Double], given line: (slope: Double, intercept: Double)? = nil
    ) {
        precondition(x.count == y.count, "LinearFit: \(x.count) and \(y.count) values")
        let (meanX, meanY) = (mean(x), mean(y))
        var (xx, yy, xy) = (0.0, 0.0, 0.0)
        for (x, y) in zip(x, y) {
            xx += (x - meanX) * (x - meanX)
            yy += (y - meanY) * (y - meanY)
            xy += (x - meanX) * (y - meanY)
        }
        guard xx > 0, yy > 0 else { return nil }
        let slope = line?.slope ?? xy / xx
        let intercept = line?.intercept ?? meanY - slope * meanX
        (self.slope, self.intercept) = (slope, intercept)
        let rest = zip(x, y).reduce(0) { sum, pair in
            let error = pair.1 - intercept - slope * pair.0
            return sum + error * error
        }
        rSquared = 1 - rest / yy
    }
}
