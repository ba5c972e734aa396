import Kernels
import Models
import Tensors

/// How large a difference may be and still be the rounding of 32-bit numbers.
///
/// A 32-bit number is known to 6e-8 of itself; sums over a model's width and depth lose one to two
/// digits more. The rules follow from the size of what is compared, never from a measured error,
/// and are tight enough for real bugs, which miss by a hundredth or more:
///
/// - elements of a tensor: 1e-5 of the largest magnitude among what is compared and summed, at each
///   position or row by itself, as GPT-2's stream is a hundred times larger at position 0; of a
///   product of matrices, 1e-5 of its largest element;
/// - logits, their differences and log-probabilities at a position: 5e-5, or 2e-6 of the largest
///   magnitude there of the residual stream or the logits, whichever is larger;
/// - what must not depend on threads, and biases that are folded away: nothing, to the last bit.
public enum Tolerance {
    /// What elements may miss.
    ///
    /// - Parameter largest: The largest magnitude of what is compared and summed.
    public static func elements(_ largest: Double) -> Double { 1e-5 * largest }

    /// What logits, differences of two and log-probabilities may miss.
    ///
    /// - Parameter largest: The largest magnitude of the residual stream and the logits there.
    public static func logits(_ largest: Double) -> Double {
        // A NaN must not be hidden by the least tolerance.
        largest <= 25 ? 5e-5 : 2e-6 * largest
    }

    /// What the logits of the first sequence may miss, by position.
    ///
    /// - Parameter run: A run with ``Caching/all`` and all logits.
    static func logits(of run: Run) -> [Double] {
        var streams = (0..<run.model.config.nLayers).compactMap { run.cache[.residPost, $0] }
        if let start = run.cache[.residPre, 0] { streams.append(start) }
        if let logits = run.logits { streams.append(logits) }
        return largest(streams.map(\.rows)).map { logits($0) }
    }
}

/// The difference found so far that is largest beside what is allowed where it is.
struct Discrepancy: Sendable {
    /// The difference; NaN until something was compared, so that a check of nothing fails.
    private(set) var error = Double.nan
    /// What is allowed there.
    private(set) var tolerance = 0.0
    /// Where it is.
    private(set) var place: String
    /// The difference in units of what is allowed; `nil` until something was compared.
    private var share: Double?

    /// Nothing yet.
    init(place: String = "nothing was compared") { self.place = place }

    /// Takes a difference into account.
    mutating func add(
        _ error: Double, within tolerance: Double, at place: @autoclosure () -> String
    ) {
        let share = error == 0 && tolerance == 0 ? 0 : error / tolerance
        // Once a NaN, always a NaN.
        if let worst = self.share, worst.isNaN || share <= worst { return }
        (self.error, self.tolerance, self.place, self.share) = (error, tolerance, place(), share)
    }

    /// Takes the differences between the elements of two matrices into account, row by row.
    ///
    /// - Parameters:
    ///   - tolerance: What is allowed in a row.
    ///   - place: What a row is called.
    mutating func compare(
        _ actual: Rows, _ expected: Rows, within tolerance: (Int) -> Double,
        at place: (Int) -> String
    ) {
        precondition(
            actual.count == expected.count && actual.columns == expected.columns,
            "compare: [\(actual.count), \(actual.columns)] to "
                + "[\(expected.count), \(expected.columns)]")
        for row in 0..<actual.count {
            let (a, e) = (actual[row], expected[row])
            var worst: Float = 0
            for i in 0..<a.count {
                let error = abs(a[i] - e[i])
                // Not "larger than": a NaN must get through, and stay.
                if !(error <= worst), !worst.isNaN { worst = error }
            }
            add(Double(worst), within: tolerance(row), at: place(row))
        }
    }

    /// Takes the differences between two matrices into account, allowing what their size allows.
    mutating func compare(whole actual: Tensor, _ expected: Tensor, at place: String) {
        let size = largest([actual.rows(of: actual.count), expected.rows(of: expected.count)])
        compare(
            actual.rows, expected.rows, within: { _ in Tolerance.elements(size.first ?? 0) },
            at: { _ in place })
    }

    /// Takes what another has found into account.
    mutating func merge(_ other: Discrepancy) {
        guard other.share != nil else { return }
        add(other.error, within: other.tolerance, at: other.place)
    }
}

/// The largest magnitude in each row, over several matrices with equally many rows; NaN where one
/// is.
func largest(_ matrices: [Rows]) -> [Double] {
    (0..<(matrices.first?.count ?? 0)).map { row in
        var found: Float = 0
        for matrix in matrices {
            for value in matrix[row] where !(abs(value) <= found) && !found.isNaN {
                found = abs(value)
            }
        }
        return Double(found)
    }
}

/// A few of `count` indices, evenly spread, with the first and the last.
func spread(_ most: Int, of count: Int) -> [Int] {
    guard count > most else { return Array(0..<count) }
    return (0..<most).map { $0 * (count - 1) / max(most - 1, 1) }
}
