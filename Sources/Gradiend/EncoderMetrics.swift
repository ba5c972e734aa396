import Statistics

/// How well the neuron tells the classes apart, under the names of the paper and of the package.
public struct EncoderMetrics: Sendable, Hashable {
    /// Correlation and accuracy over some of the rows.
    public struct Agreement: Sendable, Hashable, Codable {
        /// Pearson's; `nil` if h or the labels do not vary.
        public var correlation: Double?
        /// The share of rows whose h says what the label says.
        public var accuracy: Double
    }

    /// Of rows with contrast: the label is 1 or −1.
    public var target_classes_only: Agreement
    /// Of all rows, those without contrast among them.
    public var training_only: Agreement
    /// Of rows and neutral texts.
    public var all_data: Agreement
    /// The paper's Cor_GENTER.
    public var cor_genter: Double?
    /// The paper's Cor_Enc: with neutral texts of label 0.
    public var cor_enc: Double?
    /// The paper's Acc_GENTER: the sign of h, in the better of both polarities.
    public var acc_genter: Double
    /// The paper's Acc_Enc: balanced over the classes, by h ≥ 0.5, h ≤ −0.5, or between.
    public var acc_enc: Double
    /// Rank correlation of rows with contrast.
    public var spearman: Double?
    /// Accuracy of the sign of h less its mean, by its standard deviation.
    public var acc_standardised: Double
    /// The best accuracy of a threshold from −1 to 1 in steps of 0.1, and where it is.
    public var acc_best_threshold: Double
    /// The threshold of the best accuracy.
    public var best_threshold: Double
    /// By class whose gradient is read, and by kind of neutral text.
    public var groups: [String: Distribution]
    /// By label of rows: 1, −1, and 0 for those without contrast.
    public var labels: [Double: Distribution]
    /// By kind of text.
    public var types: [EncodedRow.Kind: Distribution]
    /// The class of each label; `positive` or `negative` where several have it.
    public var label_value_to_class_name: [Double: String]
    /// By class and word whose gradient is read: the mean.
    public var mean_by_target: [String: [String: Double]]
    /// By direction, or with the factual gradient by class: how many rows, and their mean.
    public var eval_groups: [String: Distribution]
    /// What the groups are: `factual_id`, or `feature_class_id` for directions.
    public var eval_group_basis: String
    /// How alike two splits are, if the rows are of two.
    public var split_generalization: SplitGeneralization?

    /// Judges rows.
    ///
    /// - Parameter source: The feature's source.
    public init(_ rows: [EncodedRow], reading source: Signal) {
        let training = rows.filter { $0.kind == .training }
        let contrasts = training.filter { $0.label != 0 }
        target_classes_only = Agreement(contrasts, rule: { $0 < 0 ? -1 : 1 })
        training_only = Agreement(training, rule: Self.threeWay)
        all_data = Agreement(rows, rule: Self.threeWay)
        cor_genter = target_classes_only.correlation
        cor_enc = all_data.correlation
        acc_genter = max(target_classes_only.accuracy, 1 - target_classes_only.accuracy)
        acc_enc = Self.balancedAccuracy(rows)
        let (h, targets) = (contrasts.map(\.h), contrasts.map(\.label))
        spearman = spearmanCorrelation(h, targets)
        let centre = h.isEmpty ? 0 : mean(h)
        acc_standardised = Agreement(contrasts, rule: { $0 < centre ? -1 : 1 }).accuracy
        let thresholds = (-10...10).map { Double($0) / 10 }
        let scores = thresholds.map { threshold in
            Agreement(contrasts, rule: { $0 < threshold ? -1 : 1 }).accuracy
        }
        acc_best_threshold = scores.max() ?? 0
        best_threshold = thresholds[scores.firstIndex(of: acc_best_threshold) ?? 0]
        func described<Key>(
            _ rows: [EncodedRow], by key: (EncodedRow) -> Key
        ) -> [Key: Distribution] {
            Dictionary(grouping: rows, by: key).mapValues { Distribution($0.map(\.h)) }
        }
        groups = described(rows) { $0.group(reading: source) }
        labels = described(training, by: \.label)
        types = described(rows, by: \.kind)
        label_value_to_class_name = Dictionary(grouping: training, by: \.label)
            .mapValues { Self.name(of: $0, reading: source) }
        mean_by_target = Dictionary(grouping: training) { $0.group(reading: source) }
            .mapValues { rows in
                described(rows) { $0.word(reading: source) }.mapValues(\.mean)
            }
        eval_groups = described(training) { $0.evaluationGroup(reading: source) }
        eval_group_basis = source == .factual ? "factual_id" : "feature_class_id"
        split_generalization = SplitGeneralization(rows, reading: source)
    }

    /// The class of rows of one label.
    private static func name(of rows: [EncodedRow], reading source: Signal) -> String {
        guard let label = rows.first?.label, label != 0 else { return "neutral" }
        let names = Set(rows.map { $0.group(reading: source) })
        return names.count == 1 ? names.min() ?? "" : label > 0 ? "positive" : "negative"
    }

    /// 1, −1, or 0 between ±0.5.
    static func threeWay(_ h: Double) -> Double { h >= 0.5 ? 1 : h <= -0.5 ? -1 : 0 }

    /// The mean over the labels that occur of the share of their rows that are told right.
    private static func balancedAccuracy(_ rows: [EncodedRow]) -> Double {
        let byLabel = Dictionary(grouping: rows, by: \.label).sorted { $0.key < $1.key }
        guard !byLabel.isEmpty else { return .nan }
        return mean(byLabel.map { Agreement($0.value, rule: threeWay).accuracy })
    }
}

extension EncoderMetrics.Agreement {
    init(_ rows: [EncodedRow], rule: (Double) -> Double) {
        correlation = pearsonCorrelation(rows.map(\.h), rows.map(\.label))
        let right = rows.count { rule($0.h) == $0.label }
        accuracy = rows.isEmpty ? .nan : Double(right) / Double(rows.count)
    }
}
