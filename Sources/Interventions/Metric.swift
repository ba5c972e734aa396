public import Models
internal import Tensors

/// One number from the logits: what an experiment measures, as data.
///
/// Read at one position or several, of which it is the mean; of a batch it is the mean over
/// sequences.
public struct Metric: Sendable {
    /// What is computed from the logits at a position.
    public enum Kind: String, Sendable, CaseIterable {
        /// logit(answer) − logit(wrong)
        case logitDifference = "logit difference"
        /// log p(answer), in nats
        case logProbability = "log-probability"
        /// p(answer)
        case probability
        /// p(answer) − p(wrong)
        case probabilityDifference = "probability difference"
        /// p(answer) / p(wrong)
        case oddsRatio = "odds ratio"
        /// Σ p log(p / q), p being a base run's probabilities, in nats
        case divergence = "KL divergence"
        /// −log p(next token), in nats
        case loss
        /// A function of the logits.
        case function
    }

    /// What is computed.
    public let kind: Kind
    /// The right answer; `nil` where it does not matter.
    public let answer: TokenReference?
    /// The wrong answer; `nil` where it does not matter.
    public let wrong: TokenReference?
    /// The positions read, from each sequence's end if negative.
    ///
    /// `nil` stands for all positions from ``start`` on, in a loss for all that have a next token.
    /// Unless set it is where the model predicts: the last position, and of a masked-language model
    /// that of the one mask, so that a prompt without a mask or with several is an error.
    public var positions: [Int]? { didSet { readsPrediction = false } }
    /// Whether positions were not set.
    public private(set) var readsPrediction: Bool
    /// The first of all positions.
    public private(set) var start = 0
    /// The values that count as 0 and as 1; `nil` for a raw metric.
    public private(set) var range: Range?
    /// What the metric is called in figures.
    public let name: String
    /// The base run's logits of a divergence, [batch, pos, d_vocab].
    let reference: Tensor?
    let function: (@Sendable (UnsafeBufferPointer<Float>) -> Double)?

    /// The values of the corrupted and of the clean run.
    public struct Range: Hashable, Sendable {
        /// The value that becomes 0.
        public let base: Double
        /// The value that becomes 1.
        public let clean: Double
    }

    private init(
        _ kind: Kind, _ answer: TokenReference? = nil, _ wrong: TokenReference? = nil,
        positions: [Int]?? = nil, name: String? = nil, reference: Tensor? = nil,
        function: (@Sendable (UnsafeBufferPointer<Float>) -> Double)? = nil
    ) {
        (self.kind, self.answer, self.wrong) = (kind, answer, wrong)
        (self.positions, self.name) = (positions ?? [-1], name ?? kind.rawValue)
        readsPrediction = positions == nil
        (self.reference, self.function) = (reference, function)
    }
}

extension Metric {
    /// The difference of two tokens' logits.
    public static func logitDifference(_ answer: TokenReference, _ wrong: TokenReference) -> Metric
    {
        Metric(.logitDifference, answer, wrong)
    }

    /// The log-probability of a token, in nats.
    public static func logProbability(_ answer: TokenReference) -> Metric {
        Metric(.logProbability, answer)
    }

    /// The probability of a token.
    public static func probability(_ answer: TokenReference) -> Metric {
        Metric(.probability, answer)
    }

    /// The difference of two tokens' probabilities.
    public static func probabilityDifference(
        _ answer: TokenReference, _ wrong: TokenReference
    ) -> Metric {
        Metric(.probabilityDifference, answer, wrong)
    }

    /// The ratio of two tokens' probabilities.
    public static func oddsRatio(_ answer: TokenReference, _ wrong: TokenReference) -> Metric {
        Metric(.oddsRatio, answer, wrong)
    }

    /// The Kullback–Leibler divergence from a run's next-token distribution, in nats.
    ///
    /// - Throws: ``RunError/noSuchPosition(_:length:)`` if the run has no logits.
    public static func divergence(from base: Run) throws -> Metric {
        guard let logits = base.logits else { throw RunError.noSuchPosition(-1, length: 0) }
        return Metric(.divergence, reference: logits)
    }

    /// The mean of −log p of each next token, in nats.
    public static var loss: Metric { Metric(.loss, positions: .some(nil)) }

    /// The mean of −log p of each next token, in nats, from the one behind a position on.
    public static func loss(from start: Int) -> Metric {
        precondition(start >= 0, "a loss from position \(start) on")
        var metric = loss
        metric.start = start
        return metric
    }

    /// A function of the logits at a position, [d_vocab]; it costs all of them.
    public static func function(
        _ name: String, _ function: @escaping @Sendable (UnsafeBufferPointer<Float>) -> Double
    ) -> Metric {
        Metric(.function, name: name, function: function)
    }

    /// The metric as the recovered share: `(m − m(base)) / (m(clean) − m(base))`.
    ///
    /// - Throws: ``InterventionError/indistinguishable(value:)`` if both runs have the same value,
    ///   or one that is not finite.
    public func normalized(from base: Run, to clean: Run) throws -> Metric {
        let (zero, one) = (try value(of: base), try value(of: clean))
        guard zero != one, (one - zero).isFinite else {
            throw InterventionError.indistinguishable(value: zero)
        }
        return scaled(from: zero, to: one)
    }

    /// The metric on the scale of two known values.
    func scaled(from base: Double, to clean: Double) -> Metric {
        var metric = self
        metric.range = Range(base: base, clean: clean)
        return metric
    }

    /// The metric of a run.
    ///
    /// - Throws: ``RunError`` for a token or a position the run does not have.
    public func value(of run: Run) throws -> Double {
        let values = try values(of: run)
        return scaled(values.reduce(0, +) / Double(values.count))
    }

    /// The raw metric of each sequence of a run.
    ///
    /// - Throws: As ``value(of:)``.
    public func values(of run: Run) throws -> [Double] {
        try MetricReader(self, model: run.model).values(of: run).map(\.mean)
    }

    /// A raw value on the metric's scale.
    func scaled(_ raw: Double) -> Double {
        range.map { (raw - $0.base) / ($0.clean - $0.base) } ?? raw
    }

    /// Where it is read, in words.
    public var place: String {
        readsPrediction
            ? "the prediction"
            : positions.map { "\($0)" } ?? (start == 0 ? "all positions" : "from \(start) on")
    }

    /// The name and unit of the values, for figures.
    public var quantity: (name: String, unit: String?) {
        if range != nil { return ("normalised \(name)", nil) }
        let isInNats = [.logProbability, .divergence, .loss].contains(kind)
        return (name, isInNats ? "nats" : nil)
    }
}
