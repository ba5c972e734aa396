extension EncoderMetrics: Encodable {
    /// A key of the file, some of which are put together.
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.init(stringValue) }
        init?(intValue: Int) { nil }
    }

    /// Writes the keys of the Python package's `evaluate_encoder`, and those of the paper's tables.
    ///
    /// An undefined correlation has no key; the package writes 0.
    public func encode(to encoder: any Encoder) throws {
        var file = encoder.container(keyedBy: Key.self)
        func write(_ value: (any Encodable)?, _ name: String) throws {
            if let value { try file.encode(value, forKey: Key(name)) }
        }
        try write(target_classes_only, "target_classes_only")
        try write(training_only, "training_only")
        try write(all_data, "all_data")
        try write(training_only.correlation, "correlation")
        try write(
            ["neg_boundary": -0.5, "pos_boundary": 0.5, "neutral_boundary": 0], "boundaries")
        try writeTables(write)
        try write(split_generalization, "split_generalization")
        // The paper's.
        try write(cor_genter, "cor_genter")
        try write(cor_enc, "cor_enc")
        try write(acc_genter, "acc_genter")
        try write(acc_enc, "acc_enc")
        try write(spearman, "spearman")
        try write(acc_standardised, "acc_standardised")
        try write(acc_best_threshold, "acc_best_threshold")
        try write(best_threshold, "best_threshold")
        try write(groups, "groups")
    }

    /// The tables by label, class, kind, direction and word.
    private func writeTables(_ write: ((any Encodable)?, String) throws -> Void) throws {
        let kinds = Set(EncodedRow.Kind.allCases.map(\.rawValue))
        let classes = groups.filter { !kinds.contains($0.key) }
        let byLabel = Dictionary(uniqueKeysWithValues: labels.map { ("\($0.key)", $0.value) })
        for (suffix, table) in [("class", byLabel), ("feature_class", classes)] {
            for (name, value) in Distribution.series {
                try write(table.mapValues(value), "\(name)_by_\(suffix)")
            }
        }
        let byType = Dictionary(uniqueKeysWithValues: types.map { ($0.key.rawValue, $0.value) })
        try write(byType.mapValues(\.mean), "mean_by_type")
        try write(byType.mapValues(\.abs_mean), "abs_mean_by_type")
        try write(
            byType.filter { $0.key != EncodedRow.Kind.training.rawValue }.mapValues(\.mean),
            "neutral_mean_by_type")
        try write(types.values.reduce(0) { $0 + $1.n }, "n_samples")
        try write(
            [
                "by_type": byType.mapValues(\.n),
                "training_by_eval_group": eval_groups.mapValues(\.n),
            ], "sample_counts")
        try write(eval_groups.mapValues(\.mean), "mean_by_eval_group")
        try write(eval_group_basis, "eval_group_basis")
        try write(
            Dictionary(
                uniqueKeysWithValues: label_value_to_class_name.map { ("\($0.key)", $0.value) }),
            "label_value_to_class_name")
        try write(mean_by_target, "mean_by_target")
    }
}
