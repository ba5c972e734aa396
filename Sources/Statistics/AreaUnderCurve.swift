// Statistics: what can be said about numbers that experiments gave, in double precision.
// Where the numbers come from is not known here. Start at Bootstrap.swift and SignFlipTest.swift
// for effects over many prompt pairs, at AreaUnderCurve.swift for how well a score ranks.

/// The area under the receiver operating characteristic: how well scores tell positives from
/// others.
///
/// ```
/// A = (Σ ranks of the positives − p (p + 1) / 2) / (p n)
/// ```
/// It is the chance that a positive scores higher than a negative, a tie counting as half: Hanley
/// and McNeil 1982, Radiology 143, pages 29–36; computed by the rank sum of Mann and Whitney 1947.
///
/// - Parameters:
///   - scores: One number for each item; higher should mean positive.
///   - isPositive: Whether each item is one.
/// - Returns: 1 if every positive scores above every negative, 0.5 for a score without information;
///   `nil` if there are no positives or no negatives, or a score is NaN.
/// - Complexity: O(n log n).
public func areaUnderCurve(scores: [Double], isPositive: [Bool]) -> Double? {
    precondition(
        scores.count == isPositive.count,
        "areaUnderCurve: \(scores.count) scores and \(isPositive.count) labels")
    let positives = Double(isPositive.count { $0 })
    let negatives = Double(scores.count) - positives
    guard positives > 0, negatives > 0, !scores.contains(where: \.isNaN) else { return nil }
    let sum = zip(ranks(of: scores), isPositive).reduce(0) { $0 + ($1.1 ? $1.0 : 0) }
    return (sum - positives * (positives + 1) / 2) / (positives * negatives)
}

/// The rank of each number, from 1; equal numbers share the mean of their ranks.
///
/// - Complexity: O(n log n).
public func ranks(of values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        let value = values[order[start]]
        let end = order[start...].firstIndex { values[$0] != value } ?? order.count
        // A NaN differs from itself; it still takes a rank.
        let next = max(end, start + 1)
        for index in order[start..<next] { ranks[index] = Double(start + 1 + next) / 2 }
        start = next
    }
    return ranks
}
