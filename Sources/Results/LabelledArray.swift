public import Tensors

/// The one form of every result: values, named axes with labels, what they measure, where they came
/// from.
///
/// Probes return it, files hold it, figures draw it.
public struct LabelledArray: Sendable {
    /// The file stem and the title to fall back on, such as `patch-residual`.
    public var name: String
    /// What the values measure.
    public var quantity: Quantity
    /// One axis per axis of `values`, in order.
    public let axes: [Axis]
    /// The values; its shape is the lengths of `axes`.
    public let values: Tensor
    /// A word for each value, such as the token whose probability it is; `nil` where there is none.
    public var texts: Texts? {
        didSet { checkTexts() }
    }
    /// Whether values that are not numbers stand for entries that do not exist, and are left out of
    /// the CSV.
    public var omitsMissing = false
    /// Single numbers that sum up the result or are needed to read it, such as the clean logit
    /// difference.
    public var summary: [(name: String, value: Double)]
    /// What was run: prompts, answers, metric, … in words and ids, enough to run it again.
    public var settings: [String: String] = [:]
    /// How the result was made.
    public var provenance: Provenance?

    /// Creates a result; the axes' lengths must be the shape of `values`.
    public init(
        _ name: String, quantity: Quantity, axes: [Axis], values: Tensor,
        summary: [(name: String, value: Double)] = [], provenance: Provenance? = nil
    ) {
        precondition(
            axes.map(\.count) == values.shape,
            "axes of lengths \(axes.map(\.count)) for values of shape \(values.shape)")
        self.name = name
        self.quantity = quantity
        self.axes = axes
        self.values = values
        self.summary = summary
        self.provenance = provenance
    }
}

extension LabelledArray {
    /// A word for each value of a result; written as a column of its own.
    ///
    /// It is shown as it is: whoever makes the result decides how a token's leading space is
    /// written.
    public struct Texts: Sendable, Hashable {
        /// The column's name, such as `token`.
        public let name: String
        /// One word per value, the last axis fastest.
        public let values: [String]
        /// The number of each word, such as a token's id, or `nil`.
        ///
        /// Two words may look alike.
        public let ids: [Int]?

        /// Names the words of a result's values.
        public init(_ name: String, _ values: [String], ids: [Int]? = nil) {
            self.name = name
            self.values = values
            self.ids = ids
        }
    }

    private func checkTexts() {
        guard let texts else { return }
        precondition(
            texts.values.count == values.count && texts.ids?.count ?? values.count == values.count,
            "\(texts.values.count) texts for \(values.count) values")
    }
}

/// What a number measures, for colour bars and tables.
public struct Quantity: Sendable, Hashable {
    /// In words, such as "normalised logit difference".
    public let name: String
    /// The unit, such as "nats"; `nil` for pure numbers.
    public let unit: String?

    /// Names a quantity.
    public init(_ name: String, unit: String? = nil) {
        self.name = name
        self.unit = unit
    }
}

/// One axis of a result: its name and the labels along it.
public struct Axis: Sendable, Hashable {
    /// The field's word for it: layer, pos, head or neuron.
    public let name: String
    /// One label per entry, such as the position's number.
    public let labels: [String]
    /// A second name for each entry, such as the token at the position; written as a column of its
    /// own.
    public let companion: Companion?

    /// A second set of labels along an axis.
    public struct Companion: Sendable, Hashable {
        /// The column's name, such as `token`.
        public let name: String
        /// One label per entry of the axis.
        public let labels: [String]

        /// Names a second set of labels.
        public init(_ name: String, _ labels: [String]) {
            self.name = name
            self.labels = labels
        }
    }

    /// The number of entries.
    public var count: Int { labels.count }

    /// Creates an axis from labels.
    public init(_ name: String, labels: [String], companion: Companion? = nil) {
        precondition(
            companion.map { $0.labels.count == labels.count } ?? true,
            "\(companion!.labels.count) companion labels along an axis of \(labels.count)")
        self.name = name
        self.labels = labels
        self.companion = companion
    }

    /// Creates an axis numbered from 0.
    public init(_ name: String, count: Int, companion: Companion? = nil) {
        self.init(name, labels: (0..<count).map(String.init), companion: companion)
    }
}
