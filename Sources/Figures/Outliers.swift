internal import Results
internal import Tensors

/// The values that stand out of many.
struct Outliers {
    /// Their indices, the largest magnitude first.
    let indices: [Int]

    /// So many times the median magnitude stands out.
    private static let factor: Float = 4

    /// Finds at most `count` values whose magnitude is above four times the median magnitude.
    init(_ values: [Float], atMost count: Int) {
        let ranked = Outliers.ranked(values)
        guard !ranked.isEmpty else {
            indices = []
            return
        }
        let median = values[ranked[ranked.count / 2]].magnitude
        indices = Array(
            ranked.prefix(max(count, 0)).prefix { values[$0].magnitude > Outliers.factor * median })
    }

    /// The indices of the finite values by falling magnitude; of equal ones the first comes first.
    static func ranked(_ values: [Float]) -> [Int] {
        values.indices.filter { values[$0].isFinite }.sorted {
            (-values[$0].magnitude, $0) < (-values[$1].magnitude, $1)
        }
    }
}
