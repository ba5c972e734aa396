import Statistics

/// How alike the mean h of a class is in two splits, under the names of the Python package.
///
/// A neuron that reads texts to train and texts to test alike has learnt the feature.
public struct SplitGeneralization: Sendable, Hashable, Codable {
    /// The mean over the classes of 1 − |a − b| / (|a| + |b| + ε), within [0, 1].
    public var agreement: Double
    /// The smallest of them.
    public var agreement_worst: Double
    /// Of each class.
    public var agreement_by_feature_class: [String: Double]
    /// The mean h of each class in each split.
    public var mean_by_feature_class_by_split: [String: [String: Double]]
    /// |a − b| of each class.
    public var shift_by_feature_class: [String: Double]
    /// (a − b) over the standard deviation of the class's h, of each class.
    public var smd_by_feature_class: [String: Double]
    /// ε.
    public var epsilon: Double
    /// Of which splits a and b are the means: those to train and to test, or the first and the
    /// last.
    public var splits_compared: [String]
    /// All splits of the rows.
    public var splits_present: [String]

    /// Compares the classes of rows with contrast; `nil` unless two splits have rows of a class.
    ///
    /// - Parameter source: The feature's source.
    public init?(_ rows: [EncodedRow], reading source: Signal) {
        let used = rows.filter { $0.kind == .training && $0.label != 0 }
        let present = Split.allCases.filter { split in used.contains { $0.row?.split == split } }
        guard present.count > 1 else { return nil }
        let hasEnds = present.contains(.train) && present.contains(.test)
        let (first, last) =
            hasEnds ? (Split.train, .test) : (present[0], present[present.count - 1])
        epsilon = max(1e-8, 1e-6 * max(1, standardDeviation(used.map(\.h))))
        (agreement_by_feature_class, mean_by_feature_class_by_split) = ([:], [:])
        (shift_by_feature_class, smd_by_feature_class) = ([:], [:])
        for (name, group) in Dictionary(grouping: used, by: { $0.group(reading: source) }) {
            let means = Dictionary(grouping: group) { $0.row?.split.rawValue ?? "" }
                .mapValues { mean($0.map(\.h)) }
            guard means.count > 1 else { continue }
            mean_by_feature_class_by_split[name] = means
            guard let a = means[first.rawValue], let b = means[last.rawValue] else { continue }
            let shift = abs(a - b)
            shift_by_feature_class[name] = shift
            agreement_by_feature_class[name] = min(
                max(1 - shift / (abs(a) + abs(b) + epsilon), 0), 1)
            let spread = standardDeviation(group.map(\.h))
            smd_by_feature_class[name] = spread > 0 ? (a - b) / spread : 0
        }
        // Sorted, so that rounding does not depend on a dictionary's order.
        let agreements = agreement_by_feature_class.values.sorted()
        guard let worst = agreements.first else { return nil }
        (agreement, agreement_worst) = (mean(agreements), worst)
        splits_compared = [first.rawValue, last.rawValue]
        splits_present = present.map(\.rawValue)
    }
}
