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
    let validationRows: [FeatureRow]
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
        let rows = options.addsIdentities ? rows.addingIdentities(outside: pair) : rows
        let used = try rows.concerning(pair)
        func chosen(
            _ split: Split, _ purpose: String, atMost limit: Int?, ofEach each: Int?
        ) throws -> [FeatureRow] {
            let all = try used.of(split)
            let rows = EvaluationRows.balanced(all, atMost: limit, ofEach: each).map { all[$0] }
            let read = Set(rows.map { pair.label(of: $0, reading: options.source) })
            guard read.isSuperset(of: [1, -1]) else {
                throw GradiendError.oneClass(
                    read.contains(1) ? pair.positive : pair.negative, split: purpose)
            }
            return rows
        }
        self.rows = try chosen(
            .train, "train on", atMost: nil, ofEach: options.trainingRowsPerDirection)
        validationRows = try chosen(
            .validation, "validate with", atMost: options.evaluationRows,
            ofEach: options.evaluationRowsPerDirection)
        _ = try Batches(self.rows, size: options.batchSize, seed: options.seed)
        contrasts = try task.contrasts(self.rows)
        validation = EvaluationRows(
            validationRows, try task.contrasts(validationRows), pair, reading: options.source)
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
        let directions = Dictionary(grouping: rows.indices) { rows[$0].transition }
        for (transition, places) in directions.sorted(by: { $0.key < $1.key }) {
            var seen: Set<[Int]> = []
            let different = places.filter {
                seen.insert(contrasts[$0].factual.tokens).inserted
            }.prefix(3)
            guard different.count > 1 else {
                let texts = Set(places.map { rows[$0].masked }).count
                if texts == 1 { continue }
                throw GradiendError.identicalGradients(transition: transition, count: texts)
            }
            let signal =
                rows[places[0]].factual == rows[places[0]].alternative
                ? .factual : options.source
            func gradient(of place: Int) throws -> Tensor {
                try map.gradient(signal, of: [contrasts[place]], in: model)
            }
            let first = try gradient(of: different[0])
            let areEqual = try different.dropFirst().allSatisfy { place in
                try gradient(of: place).hasElements(of: first)
            }
            if areEqual {
                throw GradiendError.identicalGradients(
                    transition: transition, count: different.count)
            }
        }
    }

    /// How many steps an epoch has.
    public var stepsPerEpoch: Int {
        switch options.epochLength {
        case .batches:
            // That there are enough rows was found out before.
            let batches = try? Batches(rows, size: options.batchSize, seed: 0)
            return max(batches?.countPerEpoch ?? 0, 1)
        case .texts:
            let templates = Set(rows.compactMap(\.template)).count
            return templates + rows.count { $0.template == nil }
        }
    }

    /// How many steps a run has.
    public var stepCount: Int { min(options.maxSteps ?? .max, options.epochs * stepsPerEpoch) }

    /// What happens during training.
    public enum Event: Sendable {
        /// Some of the steps of a run are made.
        case step(Int, of: Int, seed: UInt64)
        /// An evaluation during a run.
        case evaluated(TrainingEvaluation, seed: UInt64)
        /// A run is over, and left a feature; it is the outcome's only one.
        case finished(TrainingOutcome, seed: UInt64)
    }

    /// Trains runs with one seed after another until enough have converged; keeps the best.
    ///
    /// - Parameter observe: Is told what happens.
    /// - Throws: ``GradiendError/notFinite(step:)``, and what the model and `observe` throw.
    public func run(observe: (Event) throws -> Void = { _ in }) throws -> TrainingOutcome {
        var (best, records): (Feature?, [TrainingRecord]) = (nil, [])
        let fingerprint = try fingerprint()
        for number in 0..<options.maxSeeds {
            let seed = options.seed &+ UInt64(number)
            let feature = try run(seed: seed, observe)
            guard let record = feature.record else { continue }
            records.append(record)
            try observe(
                .finished(
                    TrainingOutcome(
                        feature: feature, runs: [record], options: options,
                        fingerprint: fingerprint), seed: seed))
            if rank(record) > best?.record.flatMap(rank) { best = feature }
            if records.count(where: \.converged) >= options.minConvergentSeeds { break }
        }
        guard let best else {
            throw GradiendError.badOption("no run was made; give at least one seed")
        }
        return TrainingOutcome(
            feature: best, runs: records, options: options, fingerprint: fingerprint)
    }

    /// How good a run's best evaluation is.
    private func rank(_ record: TrainingRecord) -> TrainingRecord.Rank? {
        record.bestEvaluation.map { TrainingRecord.Rank($0, options.convergence, classes) }
    }

    /// One run.
    private func run(seed: UInt64, _ observe: (Event) throws -> Void) throws -> Feature {
        let map =
            try options.prePruning?.map(
                of: map, rows, contrasts, in: model, seed: seed) ?? map
        var run = try FeatureRun(self, map, seed: seed)
        let (batches, steps) = (
            try Batches(rows, size: options.batchSize, seed: seed), stepCount
        )
        if !options.evaluatesFirstStep { try run.evaluate(observe) }
        for step in 1...steps {
            try run.step(batches[step - 1].map { contrasts[$0] })
            try observe(.step(step, of: steps, seed: seed))
            if step % options.evaluateEvery == 0 || step == steps
                || step == 1 && options.evaluatesFirstStep
            {
                try run.evaluate(observe)
            }
        }
        let feature = try run.finish()
        return try options.postPruning.map(feature.pruned) ?? feature
    }
}

extension Tensor {
    /// Whether all elements are the same.
    fileprivate func hasElements(of other: Tensor) -> Bool {
        rows.elements.elementsEqual(other.rows.elements)
    }
}

/// `nil`, of a run that never came to an evaluation, is below all.
private func > (a: TrainingRecord.Rank?, b: TrainingRecord.Rank?) -> Bool {
    guard let a else { return false }
    return b.map { $0 < a } ?? true
}
