/// What an evaluation during training found.
public struct TrainingEvaluation: Sendable, Hashable, Codable {
    /// After how many steps.
    public var step: Int
    /// Pearson's correlation of h with the labels; `nil` if either does not vary.
    public var correlation: Double?
    /// h of the rows of each class whose gradient is read.
    public var classes: [String: EncoderMetrics.Distribution]
    /// h by label: `1.0`, `-1.0`, and `0.0` of rows without contrast.
    public var labels: [String: EncoderMetrics.Distribution]
    /// The mean loss of the steps since the evaluation before; `nil` at step 0.
    public var loss: Double?
    /// The length of W_e.
    public var encoderNorm: Double
    /// The length of W_d.
    public var decoderNorm: Double

    /// Puts an evaluation together.
    public init(
        step: Int, correlation: Double?, classes: [String: EncoderMetrics.Distribution],
        labels: [String: EncoderMetrics.Distribution] = [:], loss: Double?, encoderNorm: Double,
        decoderNorm: Double
    ) {
        (self.step, self.correlation) = (step, correlation)
        (self.classes, self.labels, self.loss) = (classes, labels, loss)
        (self.encoderNorm, self.decoderNorm) = (encoderNorm, decoderNorm)
    }

    /// The mean h of the rows of each class whose gradient is read.
    public var meanByClass: [String: Double] { classes.mapValues(\.mean) }
}

/// When a feature counts as learnt.
public struct ConvergenceRule: Sendable, Hashable, Codable {
    /// The least |r|.
    public var correlation = 0.5
    /// The least |mean h| of both classes.
    public var mean = 0.5

    /// The Python package's rule.
    public init() {}

    /// Whether an evaluation meets the rule: correlated, both classes' means beyond the bound, on
    /// either side of 0, and not before any training.
    ///
    /// The sign of r has no say: where it is not normalised, half of all runs learn the classes the
    /// other way round.
    public func isMet(by evaluation: TrainingEvaluation, _ classes: ClassPair) -> Bool {
        guard evaluation.step > 0, let r = evaluation.correlation, abs(r) >= correlation,
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
    /// Steps of an epoch; `nil` if that is not known.
    public var stepsPerEpoch: Int?
    /// Seconds of the run.
    public var seconds = 0.0

    /// A run that has not begun.
    public init(seed: UInt64) { self.seed = seed }

    /// The evaluation of the kept numbers.
    public var bestEvaluation: TrainingEvaluation? {
        best.flatMap { evaluations.indices.contains($0) ? evaluations[$0] : nil }
    }

    /// The epoch of the kept numbers, from 0.
    public var bestEpoch: Int? {
        guard let step = bestEvaluation?.step, let stepsPerEpoch, stepsPerEpoch > 0 else {
            return nil
        }
        return max(step - 1, 0) / stepsPerEpoch
    }

    /// How good an evaluation is: converged first, then |r| to three decimals, then how far the
    /// classes' means are apart.
    ///
    /// Correlation alone ignores scale: an untrained encoder may have r = 1 with means of ±0.04.
    /// So step 0 never counts, and of equal correlations the wider one does.
    struct Rank: Comparable {
        let converged: Bool
        let correlation: Double
        let separation: Double

        init(_ evaluation: TrainingEvaluation, _ rule: ConvergenceRule, _ classes: ClassPair) {
            converged = rule.isMet(by: evaluation, classes)
            correlation = (abs(evaluation.correlation ?? 0) * 1000).rounded()
            let positive = evaluation.classes[classes.positive]?.mean ?? 0
            separation = abs(positive - (evaluation.classes[classes.negative]?.mean ?? 0))
        }

        static func < (a: Rank, b: Rank) -> Bool {
            if a.converged != b.converged { return b.converged }
            return (a.correlation, a.separation) < (b.correlation, b.separation)
        }
    }
}
