private import Tensors

/// How likely a mean at least as far from 0 is, if each row's effects could as well have had the
/// other sign.
///
/// The null hypothesis is that effects are symmetric about 0 across prompt pairs: Fisher 1935, The
/// Design of Experiments, section 21. A row's effects keep or change their sign together, so that
/// columns may depend on one another.
///
/// Up to 12 rows every choice of signs is counted, and p is the share with |mean| at least the
/// observed one. With more rows `flips` choices are drawn, and the observed one counts as one more:
///
/// ```
/// p = (b + 1) / (flips + 1)
/// ```
/// Phipson and Smyth 2010, eq. 2, https://doi.org/10.2202/1544-6115.1585.
///
/// - Parameters:
///   - rows: One row for each prompt pair, one effect for each site; equally long, at least one.
///   - flips: How many choices of signs are drawn, with more than 12 rows.
///   - seed: The same seed gives the same values.
/// - Returns: A two-sided p for each column; never 0.
/// - Complexity: O(flips · rows · columns).
public func signFlipTest(
    ofMeanOf rows: [[Double]], flips: Int = 10_000, seed: UInt64 = 0
) -> [Double] {
    let columns = columnCount(of: rows, "signFlipTest")
    precondition(flips > 0, "signFlipTest: \(flips) flips")
    let isExact = rows.count <= 12
    var generator = SeededGenerator(seed: seed, stream: "sign flips")
    var signs = [Double](repeating: 1, count: rows.count)
    let observed = sums(of: rows, signs, columns).map(\.magnitude)
    var extreme = [Int](repeating: 0, count: columns)
    let count = isExact ? 1 << rows.count : flips
    for choice in 0..<count {
        for row in rows.indices {
            let flipped = isExact ? choice >> row & 1 == 1 : generator.next() >> 63 == 1
            signs[row] = flipped ? -1 : 1
        }
        for (column, sum) in sums(of: rows, signs, columns).enumerated()
        // Sums of the same numbers in another order differ by rounding.
        where sum.magnitude >= observed[column] * (1 - 1e-12) { extreme[column] += 1 }
    }
    // Among all choices is the observed one; among drawn ones it is added.
    // Of a sum that is not a number nothing can be said.
    return zip(extreme, observed).map { extreme, observed in
        guard observed.isFinite else { return .nan }
        return isExact ? Double(extreme) / Double(count) : Double(extreme + 1) / Double(count + 1)
    }
}

/// The sum of each column with a sign for each row.
private func sums(of rows: [[Double]], _ signs: [Double], _ columns: Int) -> [Double] {
    var sums = [Double](repeating: 0, count: columns)
    for (row, sign) in zip(rows, signs) {
        for column in 0..<columns { sums[column] += sign * row[column] }
    }
    return sums
}
