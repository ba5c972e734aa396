/// p-values adjusted so that keeping those below q leaves an expected share of false discoveries
/// of at most q.
///
/// ```
/// adjusted(k) = min over j ≥ k of p(j) · m / j,   p(1) ≤ … ≤ p(m)
/// ```
/// Benjamini and Hochberg 1995, eq. 1, https://doi.org/10.1111/j.2517-6161.1995.tb02031.x, for
/// independent or positively dependent tests.
///
/// - Parameter pValues: In [0, 1]; NaN stays NaN and does not count.
/// - Returns: The adjusted values, in the same order, at most 1.
/// - Complexity: O(m log m).
public func benjaminiHochberg(_ pValues: [Double]) -> [Double] {
    let order = pValues.indices.filter { !pValues[$0].isNaN }.sorted { pValues[$0] < pValues[$1] }
    var adjusted = pValues
    var least = 1.0
    for (position, index) in order.enumerated().reversed() {
        least = min(least, pValues[index] * Double(order.count) / Double(position + 1))
        adjusted[index] = least
    }
    return adjusted
}
