public import Models
import Statistics
import Tensors

/// Features for each pair of several classes, learnt from the same rows.
public struct FeatureSuite: Sendable {
    /// By pair, in the order of ``ClassPair/pairs(of:)``.
    public let outcomes: [(classes: ClassPair, outcome: TrainingOutcome)]

    /// Trains a feature for each pair of the rows' classes.
    ///
    /// - Parameters:
    ///   - rows: Rows between any of the classes.
    ///   - task: How rows become predictions.
    ///   - model: The base model of all.
    ///   - options: How.
    ///   - observe: Is told what happens, with the pair.
    /// - Throws: As ``FeatureTraining`` does, before any pair is trained.
    public init(
        of rows: [FeatureRow], with task: PredictionTask, in model: Transformer,
        _ options: TrainingOptions,
        observe: (ClassPair, FeatureTraining.Event) -> Void = { _, _ in }
    ) throws {
        let trainings = try ClassPair.pairs(of: rows.classes).map { pair in
            try FeatureTraining(of: rows, with: task, in: model, classes: pair, options)
        }
        outcomes = try trainings.map { training in
            (training.classes, try training.run { observe(training.classes, $0) })
        }
    }

    /// What each feature says of each pair's rows: the mean h of the pair's positive class less
    /// that of its negative one, by feature and by pair.
    ///
    /// On the diagonal near 2; elsewhere it tells how much a feature is about another's classes.
    public func crossEncoding(
        of rows: [FeatureRow], with task: PredictionTask, in model: Transformer
    ) throws -> [[Double]] {
        try outcomes.map { entry in
            try outcomes.map { other in
                try entry.outcome.feature.separation(
                    of: other.classes, in: rows, with: task, model)
            }
        }
    }
}

extension ClassPair {
    /// Each two of some classes, sorted by name.
    public static func pairs(of classes: [String]) -> [ClassPair] {
        let sorted = Set(classes).sorted()
        return sorted.indices.flatMap { first in
            sorted[(first + 1)...].map { ClassPair(positive: sorted[first], negative: $0) }
        }
    }
}

extension Feature {
    /// The mean h of rows of a pair's positive class less that of its negative class.
    ///
    /// The pair need not be the feature's own.
    public func separation(
        of pair: ClassPair, in rows: [FeatureRow], with task: PredictionTask, _ model: Transformer
    ) throws -> Double {
        let used = rows.filter(pair.isContrast)
        let h = try encode(try task.contrasts(used), in: model)
        let means = [1.0, -1.0].map { label in
            mean(zip(used, h).filter { pair.label(of: $0.0, reading: source) == label }.map(\.1))
        }
        return means[0] - means[1]
    }
}
