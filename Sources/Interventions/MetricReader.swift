internal import Glibc
import Kernels
import Models
import Tensors

/// A metric with its tokens looked up in a model, which reads it off logits.
struct MetricReader: Sendable {
    let metric: Metric
    let answer: Int
    let wrong: Int?
    private let model: Transformer

    /// - Throws: ``RunError`` or a tokenizer's error for a token the model does not have.
    init(_ metric: Metric, model: Transformer) throws {
        (self.metric, self.model) = (metric, model)
        answer = try metric.answer?.id(in: model) ?? 0
        wrong = try metric.wrong?.id(in: model)
    }

    /// The metric at the positions of one sequence.
    struct Values: Sendable {
        let positions: [Int]
        let values: [Double]

        var mean: Double { values.reduce(0, +) / Double(values.count) }
    }

    /// The positions read in a sequence, in order.
    ///
    /// - Parameters:
    ///   - tokens: The sequences, if they are known.
    ///   - length: Positions of this one, without padding.
    /// - Throws: ``RunError/noSuchPosition(_:length:)``, ``RunError/maskCount(_:)``.
    func positions(
        in tokens: TokenBatch?, sequence: Int, length: Int
    ) throws(RunError) -> [Int] {
        if metric.readsPrediction, model.config.isMasked {
            return [try model.maskPosition(in: (tokens?.ids[sequence] ?? []).prefix(length))]
        }
        // The last token of a text has no next one.
        let end = metric.kind == .loss ? length - 1 : length
        guard let chosen = metric.positions else {
            guard end > metric.start else { throw .noSuchPosition(metric.start, length: end) }
            return Array(metric.start..<end)
        }
        for position in chosen where !(-length..<end).contains(position) {
            throw .noSuchPosition(position, length: end)
        }
        return Set(chosen.map { $0 < 0 ? $0 + length : $0 }).sorted()
    }

    /// The metric of each sequence of a run, before it is normalised.
    func values(of run: Run) throws -> [Values] {
        guard let logits = run.logits else { throw RunError.noSuchPosition(-1, length: 0) }
        let width = logits.shape[1]
        return try (0..<logits.shape[0]).map { sequence in
            // Shorter sequences of a batch end in padding, which is not read.
            let length = run.tokens?.lengths[sequence] ?? width
            let positions = try positions(in: run.tokens, sequence: sequence, length: length)
            let isLastOnly = width == 1 && length > 1
            let values = try positions.map { pos in
                guard !isLastOnly || pos == length - 1 else {
                    throw RunError.noSuchPosition(pos - length, length: width)
                }
                let row = logits.rows[sequence * width + (isLastOnly ? 0 : pos)]
                return value(of: row, run.tokens, sequence: sequence, pos: pos)
            }
            return Values(positions: positions, values: values)
        }
    }

    /// The metric of the logits at one position of one sequence.
    func value(
        of logits: UnsafeBufferPointer<Float>, _ tokens: TokenBatch?, sequence: Int, pos: Int
    ) -> Double {
        switch metric.kind {
        case .logitDifference, .oddsRatio:
            let other = wrong.map { Double(logits[$0]) } ?? 0
            return value(ofDifference: Double(logits[answer]) - other)
        case .divergence: return divergence(of: logits, sequence: sequence, pos: pos)
        case .function: return metric.function?(logits) ?? .nan
        case .logProbability, .probability, .probabilityDifference, .loss:
            let needed = needed(tokens, sequence: sequence, pos: pos)
            return value(of: TokenLogits(needed, of: logits), needed)
        }
    }

    /// The tokens whose logits are all that the metric needs but their sum.
    func needed(_ tokens: TokenBatch?, sequence: Int, pos: Int) -> [Int] {
        guard metric.kind == .loss else { return [answer] + (wrong.map { [$0] } ?? []) }
        return tokens.map { [$0.ids[sequence][pos + 1]] } ?? []
    }

    /// The metric of the logits of the tokens that it needs.
    func value(of row: TokenLogits, _ needed: [Int]) -> Double {
        let logP = needed.map { (row.logits[$0] ?? .nan) - row.total }
        guard let first = logP.first, let last = logP.last else { return .nan }
        switch metric.kind {
        case .loss: return -first
        case .logProbability: return first
        case .probability: return exp(first)
        case .probabilityDifference: return exp(first) - exp(last)
        default: return .nan
        }
    }

    /// Σ p log(p / q) with p of the reference and q of the logits.
    private func divergence(
        of logits: UnsafeBufferPointer<Float>, sequence: Int, pos: Int
    ) -> Double {
        guard let reference = metric.reference else { return .nan }
        let width = reference.shape[1]
        let base = reference.rows[sequence * width + min(pos, width - 1)]
        let (total, baseTotal) = (logSumExp(logits), logSumExp(base))
        return base.indices.reduce(0) { sum, token in
            let logP = Double(base[token]) - baseTotal
            return sum + exp(logP) * (logP - (Double(logits[token]) - total))
        }
    }

    /// The direction in the residual stream whose product is the difference of the answers' logits,
    /// [d_model], and what is added; `nil` for metrics that need more of the logits.
    func direction(in model: Transformer) -> (vector: Tensor, bias: Double)? {
        guard metric.kind.needsDifferenceOnly, let wrong else { return nil }
        let unembedding = model.weights.W_U_transposed
        let bias = { (id: Int) in Double(model.weights.b_U.map { $0[id] } ?? 0) }
        return (
            unembedding[at: answer].minus(unembedding[at: wrong]), bias(answer) - bias(wrong)
        )
    }

    /// The metric, from the difference of the answers' logits.
    func value(ofDifference difference: Double) -> Double {
        metric.kind == .oddsRatio ? exp(difference) : difference
    }
}

extension Metric.Kind {
    /// Whether the difference of two logits is all that it needs.
    var needsDifferenceOnly: Bool { self == .logitDifference || self == .oddsRatio }

    /// Whether it needs every logit.
    var needsAllLogits: Bool { !needsDifferenceOnly && !needsTokensOnly }

    /// Whether it needs the logits of a few tokens and their sum over the vocabulary.
    var needsTokensOnly: Bool {
        [.logProbability, .probability, .probabilityDifference, .loss].contains(self)
    }
}
