internal import Glibc
import Kernels
public import Models
import Tensors
import Tokenization

/// A token of the vocabulary, by id or by text.
public enum TokenReference: Hashable, Sendable, ExpressibleByStringLiteral,
    ExpressibleByIntegerLiteral
{
    case id(Int)
    case text(String)

    /// A token by its text, which must be one token.
    public init(stringLiteral text: String) { self = .text(text) }

    /// A token by its id.
    public init(integerLiteral id: Int) { self = .id(id) }

    /// The id in a model's vocabulary.
    public func id(in model: Transformer) throws -> Int {
        switch self {
        case .id(let id):
            guard (0..<model.config.dVocab).contains(id) else {
                throw RunError.unknownToken(id: id, dVocab: model.config.dVocab)
            }
            return id
        case .text(let text):
            guard let tokenizer = model.tokenizer else {
                throw RunError.noTokenizer(model: model.name)
            }
            return try tokenizer.singleToken(text)
        }
    }
}

/// One number from the logits at one position: what an experiment measures, as data.
///
/// Of a batch it is the mean over sequences.
public struct Metric: Hashable, Sendable {
    /// What is computed from the logits.
    public enum Kind: String, Sendable, CaseIterable {
        /// logit(answer) − logit(wrong)
        case logitDifference = "logit difference"
        /// log p(answer), in nats
        case logProbability = "log-probability"
        /// p(answer) − p(wrong)
        case probabilityDifference = "probability difference"
    }

    /// What is computed.
    public let kind: Kind
    /// The right answer.
    public let answer: TokenReference
    /// The wrong answer; `nil` where only one token matters.
    public let wrong: TokenReference?
    /// The position read, from the end if negative; the last by default.
    public var position = -1
    /// The values that count as 0 and as 1; `nil` for a raw metric.
    public private(set) var range: ClosedInterval?

    /// The values of the corrupted and of the clean run.
    public struct ClosedInterval: Hashable, Sendable {
        /// The value that becomes 0.
        public let base: Double
        /// The value that becomes 1.
        public let clean: Double
    }

    /// The difference of two tokens' logits.
    public static func logitDifference(_ answer: TokenReference, _ wrong: TokenReference) -> Metric
    {
        Metric(kind: .logitDifference, answer: answer, wrong: wrong)
    }

    /// The log-probability of a token, in nats.
    public static func logProbability(_ answer: TokenReference) -> Metric {
        Metric(kind: .logProbability, answer: answer, wrong: nil)
    }

    /// The difference of two tokens' probabilities.
    public static func probabilityDifference(
        _ answer: TokenReference, _ wrong: TokenReference
    ) -> Metric {
        Metric(kind: .probabilityDifference, answer: answer, wrong: wrong)
    }

    /// The metric as the recovered share: `(m − m(base)) / (m(clean) − m(base))`.
    ///
    /// - Throws: ``InterventionError/indistinguishable(value:)`` if both runs have the same value.
    public func normalized(from base: Run, to clean: Run) throws -> Metric {
        let (zero, one) = (try value(of: base), try value(of: clean))
        guard zero != one else { throw InterventionError.indistinguishable(value: zero) }
        var metric = self
        metric.range = ClosedInterval(base: zero, clean: one)
        return metric
    }

    /// The metric of a run.
    ///
    /// - Throws: ``RunError`` for a token or a position the run does not have.
    public func value(of run: Run) throws -> Double {
        let values = try values(of: run)
        return scaled(values.reduce(0, +) / Double(values.count))
    }

    /// The metric of each sequence, before it is normalised.
    func values(of run: Run) throws -> [Double] {
        guard let logits = run.logits else { throw RunError.noSuchPosition(position, length: 0) }
        let answer = try answer.id(in: run.model)
        let wrong = try wrong?.id(in: run.model)
        let padded = logits.shape[1]
        // Shorter sequences of a batch end in padding, which is not read.
        let lengths = run.tokens.flatMap { $0.length == padded ? $0.lengths : nil }
        return try (0..<logits.shape[0]).map { sequence in
            let length = lengths?[sequence] ?? padded
            let pos = position < 0 ? position + length : position
            guard (0..<length).contains(pos) else {
                throw RunError.noSuchPosition(position, length: length)
            }
            let row = logits.rows[sequence * padded + pos]
            return kind.value(of: row, answer: answer, wrong: wrong)
        }
    }

    /// A raw value on the metric's scale.
    func scaled(_ raw: Double) -> Double {
        range.map { (raw - $0.base) / ($0.clean - $0.base) } ?? raw
    }

    /// The name and unit of the values, for figures.
    public var quantity: (name: String, unit: String?) {
        if range != nil { return ("normalised \(kind.rawValue)", nil) }
        return (kind.rawValue, kind == .logProbability ? "nats" : nil)
    }
}

extension Metric.Kind {
    func value(
        of logits: UnsafeBufferPointer<Float>, answer: Int, wrong: Int?
    ) -> Double {
        let (right, other) = (Double(logits[answer]), wrong.map { Double(logits[$0]) })
        switch self {
        case .logitDifference: return right - (other ?? 0)
        case .logProbability: return right - logSumExp(logits)
        case .probabilityDifference:
            let total = logSumExp(logits)
            return exp(right - total) - (other.map { exp($0 - total) } ?? 0)
        }
    }
}
