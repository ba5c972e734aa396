import Statistics

/// How well the neuron tells the classes apart, under the names of the paper and of the package.
public struct EncoderMetrics: Sendable, Hashable, Codable {
    /// Correlation and accuracy over some of the rows.
    public struct Agreement: Sendable, Hashable, Codable {
        /// Pearson's; `nil` if h or the labels do not vary.
        public var correlation: Double?
        /// The share of rows whose h says what the label says.
        public var accuracy: Double
    }

    /// What the h of a group look like.
    public struct Distribution: Sendable, Hashable, Codable {
        /// How many.
        public var n: Int
        /// Mean and standard deviation (of the population).
        public var mean, std: Double
        /// The smallest, the quartiles and the largest.
        public var min, q1, median, q3, max: Double
        /// The mean of |h|.
        public var abs_mean: Double
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
    /// By word whose gradient is read: the mean.
    public var mean_by_target: [String: Double]

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
        let (h, labels) = (contrasts.map(\.h), contrasts.map(\.label))
        spearman = spearmanCorrelation(h, labels)
        let centre = h.isEmpty ? 0 : mean(h)
        acc_standardised = Agreement(contrasts, rule: { $0 < centre ? -1 : 1 }).accuracy
        let thresholds = (-10...10).map { Double($0) / 10 }
        let scores = thresholds.map { threshold in
            Agreement(contrasts, rule: { $0 < threshold ? -1 : 1 }).accuracy
        }
        acc_best_threshold = scores.max() ?? 0
        best_threshold = thresholds[scores.firstIndex(of: acc_best_threshold) ?? 0]
        groups = Dictionary(grouping: rows) { $0.group(reading: source) }
            .mapValues { Distribution($0.map(\.h)) }
        mean_by_target = Dictionary(grouping: training) { row in
            (source == .alternative ? row.row?.alternative : row.row?.factual) ?? ""
        }.mapValues { mean($0.map(\.h)) }
    }

    /// 1, −1, or 0 between ±0.5.
    static func threeWay(_ h: Double) -> Double { h >= 0.5 ? 1 : h <= -0.5 ? -1 : 0 }

    /// The mean over the labels that occur of the share of their rows that are told right.
    private static func balancedAccuracy(_ rows: [EncodedRow]) -> Double {
        let byLabel = Dictionary(grouping: rows, by: \.label)
        guard !byLabel.isEmpty else { return .nan }
        return mean(byLabel.values.map { Agreement($0, rule: threeWay).accuracy })
    }
}

extension EncoderMetrics.Agreement {
    init(_ rows: [EncodedRow], rule: (Double) -> Double) {
        correlation = pearsonCorrelation(rows.map(\.h), rows.map(\.label))
        let right = rows.count { rule($0.h) == $0.label }
        accuracy = rows.isEmpty ? .nan : Double(right) / Double(rows.count)
    }
}

extension EncoderMetrics.Distribution {
    init(_ values: [Double]) {
        let sorted = values.sorted()
        func quantile(_ share: Double) -> Double {
            sorted.isEmpty ? .nan : Statistics.quantile(share, ofSorted: sorted)
        }
        let centre = Statistics.mean(values)
        n = values.count
        mean = centre
        std = Statistics.mean(values.map { ($0 - centre) * ($0 - centre) }).squareRoot()
        (min, q1, median) = (quantile(0), quantile(0.25), quantile(0.5))
        (q3, max) = (quantile(0.75), quantile(1))
        abs_mean = Statistics.mean(values.map(abs))
    }

    /// How alike two groups' means are, such as those of rows to train and to test: 1 −
    /// |a − b| / (|a| + |b| + ε).
    public func agreement(with other: EncoderMetrics.Distribution) -> Double {
        1 - abs(mean - other.mean) / (abs(mean) + abs(other.mean) + 1e-12)
    }
}
