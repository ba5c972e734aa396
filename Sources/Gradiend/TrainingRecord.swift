/// What an evaluation during training found.
public struct TrainingEvaluation: Sendable, Hashable, Codable {
    /// After how many steps.
    public var step: Int
    /// Pearson's correlation of h with the labels; `nil` if either does not vary.
    public var correlation: Double?
    /// The mean h of the rows of each class whose gradient is read.
    public var meanByClass: [String: Double]
    /// The mean loss of the steps since the evaluation before; `nil` at step 0.
    public var loss: Double?
    /// The length of W_e.
    public var encoderNorm: Double
    /// The length of W_d.
    public var decoderNorm: Double

    /// Puts an evaluation together.
    public init(
        step: Int, correlation: Double?, meanByClass: [String: Double], loss: Double?,
        encoderNorm: Double, decoderNorm: Double
    ) {
        (self.step, self.correlation) = (step, correlation)
        (self.meanByClass, self.loss) = (meanByClass, loss)
        (self.encoderNorm, self.decoderNorm) = (encoderNorm, decoderNorm)
    }
}

/// When a feature counts as learnt.
public struct ConvergenceRule: Sendable, Hashable, Codable {
    /// The least correlation.
    public var correlation = 0.5
    /// The least |mean h| of both classes.
    public var mean = 0.5

    /// The Python package's rule.
    public init() {}

    /// Whether an evaluation meets the rule: correlated, both classes' means beyond the bound, on
    /// either side of 0, and not before any training.
    public func isMet(by evaluation: TrainingEvaluation, _ classes: ClassPair) -> Bool {
        guard evaluation.step > 0, let r = evaluation.correlation, r >= correlation,
            let positive = evaluation.meanByClass[classes.positive],
            let negative = evaluation.meanByClass[classes.negative]
        else { return false }
        return min(abs(positive), abs(negative)) >= mean && positive * negative < 0
    }
}

/// The course of a run.
public struct TrainingRecord: Sendable, Hashable, Codable {
    /// The seed of the run.
    public var seed: UInt64
    /// The evaluations, in order of steps.
    public var evaluations: [TrainingEvaluation] = []
    /// Which of them the kept numbers are from; `nil` before the first.
    public var best: Int?
    /// Whether the kept numbers meet the rule.
    public var converged = false
    /// Whether the sign was changed so that the positive class has positive h.
    public var wasFlipped = false
    /// Steps made.
    public var steps = 0
    /// Seconds of the run.
    public var seconds = 0.0

    /// A run that has not begun.
    public init(seed: UInt64) { self.seed = seed }

    /// The evaluation of the kept numbers.
    public var bestEvaluation: TrainingEvaluation? {
        best.flatMap { evaluations.indices.contains($0) ? evaluations[$0] : nil }
    }

    /// How good an evaluation is: converged first, then the correlation to three decimals, then how
    /// far the classes' means are apart.
    ///
    /// Correlation alone ignores scale: an untrained encoder may have r = 1 with means of ±0.04.
    /// So step 0 never counts, and of equal correlations the wider one does.
    struct Rank: Comparable {
        let converged: Bool
        let correlation: Double
        let separation: Double

        init(_ evaluation: TrainingEvaluation, _ rule: ConvergenceRule, _ classes: ClassPair) {
            converged = rule.isMet(by: evaluation, classes)
            correlation = ((evaluation.correlation ?? -1) * 1000).rounded()
            let positive = evaluation.meanByClass[classes.positive] ?? 0
            separation = positive - (evaluation.meanByClass[classes.negative] ?? 0)
        }

        static func < (a: Rank, b: Rank) -> Bool {
            if a.converged != b.converged { return b.converged }
            return (a.correlation, a.separation) < (b.correlation, b.separation)
        }
    }
}
