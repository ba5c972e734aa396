public import Models
import Statistics
import Tensors

/// Learns a feature: a model, rows that differ in one word, and how.
///
/// ```swift
/// let task = try PredictionTask(for: model)
/// let training = try FeatureTraining(of: rows, with: task, in: model, options)
/// let outcome = try training.run()
/// try outcome.feature.save(to: "she-he")
/// ```
/// Whatever can be wrong with the data is found before the first step.
public struct FeatureTraining: Sendable {
    /// The language model.
    public let model: Transformer
    /// How rows become predictions.
    public let task: PredictionTask
    /// The classes that are told apart.
    public let classes: ClassPair
    /// How.
    public let options: TrainingOptions
    /// The weights, before pruning.
    public let map: ParameterMap
    let rows: [FeatureRow]
    let contrasts: [Contrast]
    let validation: EvaluationRows

    /// Prepares training and checks the data.
    ///
    /// - Parameters:
    ///   - rows: Rows to train and to validate; those between other classes are left out.
    ///   - task: How rows become predictions.
    ///   - model: The language model, with its weights as loaded.
    ///   - classes: The two classes; those that come first in the rows unless given.
    ///   - options: How.
    /// - Throws: ``GradiendError``.
    public init(
        of rows: [FeatureRow], with task: PredictionTask, in model: Transformer,
        classes: ClassPair? = nil, _ options: TrainingOptions = TrainingOptions()
    ) throws {
        try options.validate()
        let pair = try classes ?? FeatureTraining.classes(of: rows)
        self.classes = pair
        self.model = model
        self.task = task
        self.options = options
        map = try ParameterMap(of: model, matching: options.parameters)
        let used = rows.filter { row in
            pair.isContrast(row)
                || row.isIdentity && pair.label(of: row.factualClass) == 0
        }
        func chosen(_ split: Split, _ purpose: String) throws -> [FeatureRow] {
            let rows = try used.of(split)
            let read = Set(rows.map { pair.label(of: $0, reading: options.source) })
            guard read.isSuperset(of: [1, -1]) else {
                throw GradiendError.oneClass(
                    read.contains(1) ? pair.positive : pair.negative, split: purpose)
            }
            return rows
        }
        self.rows = try chosen(.train, "train on")
        let validationRows = try chosen(.validation, "validate with")
        _ = try Batches(self.rows, size: options.batchSize, seed: options.seed)
        contrasts = try task.contrasts(self.rows)
        validation = EvaluationRows(
            validationRows, try task.contrasts(validationRows), pair, reading: options.source,
            atMost: options.evaluationRows)
        try requireDifferentGradients()
    }

    /// The first two classes of rows.
    private static func classes(of rows: [FeatureRow]) throws -> ClassPair {
        let classes = rows.classes
        guard classes.count > 1 else {
            throw GradiendError.oneClass(classes.first ?? "", split: "train on")
        }
        return ClassPair(positive: classes[0], negative: classes[1])
    }

    /// Checks that texts of one direction have gradients of their own.
    ///
    /// They have one and the same where the loss is taken at a place that does not depend on the
    /// text, such as padding.
    private func requireDifferentGradients() throws {
        for (transition, places) in Dictionary(grouping: rows.indices, by: { rows[$0].transition })
        {
            var seen: Set<String> = []
            let different = places.filter { seen.insert(rows[$0].masked).inserted }.prefix(3)
            guard different.count > 1 else { continue }
            let signal =
                rows[places[0]].factual == rows[places[0]].alternative
                ? .factual : options.source
            let gradients = try different.map {
                try map.gradient(signal, of: [contrasts[$0]], in: model)
            }
            let first = gradients[0].rows.elements
            if gradients.dropFirst().allSatisfy({ $0.rows.elements.elementsEqual(first) }) {
                throw GradiendError.identicalGradients(
                    transition: transition, count: different.count)
            }
        }
    }

    /// How many steps a run has.
    public var stepCount: Int {
        let perEpoch = (try? Batches(rows, size: options.batchSize, seed: 0).countPerEpoch) ?? 0
        return min(options.maxSteps ?? .max, max(1, options.epochs * perEpoch))
    }

    /// What happens during training.
    public enum Event: Sendable {
        /// Some of the steps of a run are made.
        case step(Int, of: Int, seed: UInt64)
        /// An evaluation during a run.
        case evaluated(TrainingEvaluation, seed: UInt64)
    }

    /// Trains runs with one seed after another until enough have converged; keeps the best.
    ///
    /// - Parameter observe: Is told what happens.
    /// - Throws: ``GradiendError/notFinite(step:)``, and what the model throws.
    public func run(observe: (Event) -> Void = { _ in }) throws -> TrainingOutcome {
        var (best, records): (Feature?, [TrainingRecord]) = (nil, [])
        for number in 0..<options.maxSeeds {
            let feature = try run(seed: options.seed &+ UInt64(number), observe)
            guard let record = feature.record else { continue }
            records.append(record)
            if rank(record) > best?.record.flatMap(rank) { best = feature }
            if records.count(where: \.converged) >= options.minConvergentSeeds { break }
        }
        guard var feature = best else {
            throw GradiendError.badOption("no run was made; give at least one seed")
        }
        if let pruning = options.postPruning { feature = try feature.pruned(pruning) }
        return TrainingOutcome(
            feature: feature, runs: records, convergence: options.convergence,
            minConvergentSeeds: options.minConvergentSeeds)
    }

    /// How good a run's best evaluation is.
    private func rank(_ record: TrainingRecord) -> TrainingRecord.Rank? {
        record.bestEvaluation.map { TrainingRecord.Rank($0, options.convergence, classes) }
    }

    /// One run.
    private func run(seed: UInt64, _ observe: (Event) -> Void) throws -> Feature {
        let map =
            try options.prePruning?.map(
                of: map, rows, contrasts, in: model, seed: seed) ?? map
        var run = try FeatureRun(self, map, seed: seed)
        let (batches, steps) = (
            try Batches(rows, size: options.batchSize, seed: seed), stepCount
        )
        try run.evaluate(observe)
        for step in 0..<steps {
            try run.step(batches[step].map { contrasts[$0] })
            observe(.step(step + 1, of: steps, seed: seed))
            if (step + 1) % options.evaluateEvery == 0 || step + 1 == steps {
                try run.evaluate(observe)
            }
        }
        return try run.finish()
    }
}

/// `nil`, of a run that never came to an evaluation, is below all.
private func > (a: TrainingRecord.Rank?, b: TrainingRecord.Rank?) -> Bool {
    guard let a else { return false }
    return b.map { $0 < a } ?? true
}

/// What training leaves.
public struct TrainingOutcome: Sendable {
    /// The best run's feature, pruned if that was asked for.
    public let feature: Feature
    /// Every run, in order of seeds.
    public let runs: [TrainingRecord]
    /// The rule that runs were judged by.
    public let convergence: ConvergenceRule
    /// How many runs had to converge.
    public let minConvergentSeeds: Int

    /// Whether the kept run converged.
    public var converged: Bool { feature.record?.converged ?? false }
}
