public import Tensors

/// The number whose gradient is asked for.
public struct Objective: Sendable {
    /// Receives logits, [batch, pos, d_vocab], and returns the number and its gradient, of the same
    /// shape.
    public typealias Function = @Sendable (Tensor) throws -> (value: Double, gradient: Tensor)

    enum Kind: Sendable {
        case loss
        case targets([[Int?]])
        case function(Function, LogitPositions)
    }

    let kind: Kind

    /// The mean of −log p over all next tokens that are not padding, in nats: ``Run/loss``.
    public static let loss = Objective(kind: .loss)

    /// The mean of −log p of given tokens at given positions, in nats: what masked-language models
    /// are trained on.
    ///
    /// These are the `labels` of `transformers`, with `nil` in place of −100, and the mean is over
    /// all of the batch together. A position predicts its own label, in causal models as well:
    /// nothing is shifted, so that the label of the next token stands where that token is read
    /// from. Logits are computed for these positions alone; what hooks see behind the blocks has
    /// one sequence of one position for each, [label, 1, …].
    ///
    /// - Parameter labels: For each sequence the tokens, from its first position on; positions
    ///   behind the last have none.
    public static func targets(_ labels: [[Int?]]) -> Objective {
        Objective(kind: .targets(labels))
    }

    /// The same, with −log p of one token at one position of each sequence.
    public static func targets(_ labels: [(position: Int, token: Int)]) -> Objective {
        .targets(
            labels.map { label in
                [Int?](repeating: nil, count: max(label.position, 0)) + [label.token]
            })
    }

    /// A function of the logits.
    ///
    /// - Parameters:
    ///   - positions: Where the logits are computed, as in a run.
    ///   - function: The value and the gradient with respect to those logits.
    public static func function(
        at positions: LogitPositions = .all, _ function: @escaping Function
    ) -> Objective {
        Objective(kind: .function(function, positions))
    }

    /// `Σ cotangent · logits`.
    ///
    /// - Parameter cotangent: What each logit counts, [batch, pos, d_vocab] or, at the last
    ///   position, [batch, 1, d_vocab].
    public static func logits(
        times cotangent: Tensor, at positions: LogitPositions = .all
    ) -> Objective {
        .function(at: positions) { logits in
            precondition(
                logits.shape == cotangent.shape,
                "a cotangent of shape \(cotangent.shape) for logits \(logits.shape)")
            let (x, factors) = (logits.rows, cotangent.rows)
            var sum = 0.0
            for row in 0..<x.count {
                for i in 0..<x.columns { sum += Double(x[row][i]) * Double(factors[row][i]) }
            }
            return (sum, cotangent)
        }
    }
}

/// The token that each position is to predict.
struct PredictionTargets {
    /// By sequence; positions behind the last have none.
    private(set) var sequences: [[Int?]]
    /// Whether most positions have one, so that logits of all are computed.
    let isDense: Bool

    /// How many there are.
    var count: Int { sequences.joined().lazy.filter { $0 != nil }.count }

    /// The targets of an objective; `nil` if it is a function.
    ///
    /// - Throws: ``GradientError`` if there are none, or some where there are no tokens.
    init?(_ objective: Objective, on tokens: TokenBatch, dVocab: Int) throws(GradientError) {
        switch objective.kind {
        case .function: return nil
        case .loss:
            isDense = true
            sequences = zip(tokens.ids, tokens.lengths).map { ids, length in
                ids.prefix(length).dropFirst().map { $0 }
            }
            if count == 0 { throw .noNextToken }
        case .targets(let labels):
            (isDense, sequences) = (false, labels)
            guard labels.count == tokens.count else {
                throw .unfitTargets("there are \(labels.count) of \(tokens.count) sequences")
            }
            for (sequence, labels) in labels.enumerated() {
                let length = tokens.lengths[sequence]
                for (position, label) in labels.enumerated() {
                    guard let label else { continue }
                    guard position < length else {
                        throw .unfitTargets(
                            "sequence \(sequence) has one at position \(position), but "
                                + "\(length) tokens")
                    }
                    guard (0..<dVocab).contains(label) else {
                        throw .unfitTargets(
                            "\(label) at position \(position) of sequence \(sequence) is no token; "
                                + "ids are 0 to \(dVocab - 1)")
                    }
                }
            }
            if count == 0 { throw .unfitTargets("there are none") }
        }
    }

    /// Those of some sequences.
    subscript(range: Range<Int>) -> PredictionTargets {
        var part = self
        part.sequences = Array(sequences[range])
        return part
    }

    /// Row by row of sequences that are padded to a length.
    func rows(length: Int) -> [Int?] {
        sequences.flatMap { targets in
            targets.prefix(length) + [Int?](repeating: nil, count: max(length - targets.count, 0))
        }
    }
}
