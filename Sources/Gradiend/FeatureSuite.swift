public import Models
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
    ///   - finished: Is given what each pair's training left, before the next begins.
    /// - Throws: As ``FeatureTraining`` does, before any pair is trained.
    public init(
        of rows: [FeatureRow], with task: PredictionTask, in model: Transformer,
        _ options: TrainingOptions,
        observe: (ClassPair, FeatureTraining.Event) throws -> Void = { _, _ in },
        finished: (ClassPair, TrainingOutcome) throws -> Void = { _, _ in }
    ) throws {
        let trainings = try ClassPair.pairs(of: rows.classes).map { pair in
            try FeatureTraining(of: rows, with: task, in: model, classes: pair, options)
        }
        outcomes = try trainings.map { training in
            let outcome = try training.run { try observe(training.classes, $0) }
            try finished(training.classes, outcome)
            return (training.classes, outcome)
        }
    }

    /// What each feature says of each pair's rows.
    public func crossEncoding(
        of rows: [FeatureRow], with task: PredictionTask, in model: Transformer
    ) throws -> CrossEncoding {
        try CrossEncoding(of: outcomes.map(\.outcome.feature), on: rows, with: task, in: model)
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
