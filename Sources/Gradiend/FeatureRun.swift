import Differentiation
import Models
import Tensors

/// A run under way: the numbers, what is known of them, and the best so far.
struct FeatureRun {
    private let training: FeatureTraining
    private let map: ParameterMap
    private var neuron: EncoderDecoder
    private var optimizer: EncoderDecoderOptimizer
    private var validation: EvaluationRows
    private var record: TrainingRecord
    private var best: Kept?
    /// Of the steps since the last evaluation.
    private var losses: [Double] = []
    private let start = ContinuousClock.now

    /// The best numbers so far.
    private enum Kept {
        case inMemory(EncoderDecoder)
        case onDisk(folder: String)
    }

    init(_ training: FeatureTraining, _ map: ParameterMap, seed: UInt64) throws {
        let options = training.options
        self.training = training
        self.map = map
        neuron = EncoderDecoder(randomly: map.count, seed: seed)
        optimizer = EncoderDecoderOptimizer(
            count: map.count,
            AdamW(
                learningRate: options.learningRate, weightDecay: options.weightDecay,
                eps: options.epsilon))
        validation = training.validation
        record = TrainingRecord(seed: seed)
        record.stepsPerEpoch = training.stepsPerEpoch
    }

    /// One step on a batch of one direction.
    mutating func step(_ batch: [Contrast]) throws {
        let options = training.options
        let isIdentity = batch.allSatisfy { $0.factual == $0.alternative }
        // A row without contrast has no difference; it is still a gradient to read.
        let vectors = try map.gradients(
            source: isIdentity && options.source == .diff ? .factual : options.source,
            target: options.target, of: batch, in: training.model)
        let values = neuron.step(
            source: vectors.source, target: vectors.target, by: &optimizer)
        record.steps += 1
        guard values.loss.isFinite, values.h.isFinite else {
            throw GradiendError.notFinite(step: record.steps)
        }
        losses.append(values.loss)
    }

    /// Judges the numbers, turns their sign if need be, and keeps them if they are the best.
    mutating func evaluate(_ observe: (FeatureTraining.Event) throws -> Void) throws {
        let options = training.options
        var h = try validation.encode(neuron, map, training.model)
        let loss = losses.isEmpty ? nil : losses.reduce(0, +) / Double(losses.count)
        losses = []
        func judged() -> TrainingEvaluation {
            validation.evaluation(of: h, step: record.steps, loss: loss, neuron)
        }
        var evaluation = judged()
        // What counts as learnt has the right sign, however low the bound.
        let r = evaluation.correlation ?? 0
        let isTurned = r < -0.5 || r < 0 && isConverged(evaluation)
        if options.normalizesSign, record.steps > 0, isTurned {
            neuron.flipSign(negatingDecoderBias: options.negatesDecoderBias)
            optimizer.flipSign()
            h = h.map { -$0 }
            evaluation = judged()
            record.wasFlipped.toggle()
        }
        record.evaluations.append(evaluation)
        try observe(.evaluated(evaluation, seed: record.seed))
        // The first numbers never win, untrained or nearly so, unless they are the last.
        guard record.evaluations.count > 1 || record.steps == training.stepCount else { return }
        func rank(_ evaluation: TrainingEvaluation) -> TrainingRecord.Rank {
            TrainingRecord.Rank(evaluation, options.convergence, training.classes)
        }
        if let known = record.bestEvaluation, rank(evaluation) <= rank(known) { return }
        record.best = record.evaluations.count - 1
        record.converged = isConverged(evaluation)
        if let folder = options.checkpointFolder, neuron.count > 1 << 24 {
            try feature(neuron).save(to: folder)
            best = .onDisk(folder: folder)
        } else {
            best = .inMemory(neuron)
        }
    }

    private func isConverged(_ evaluation: TrainingEvaluation) -> Bool {
        training.options.convergence.isMet(by: evaluation, training.classes)
    }

    /// The best numbers as a feature.
    mutating func finish() throws -> Feature {
        record.seconds = (ContinuousClock.now - start) / .seconds(1)
        switch best {
        case .inMemory(let neuron): return feature(neuron)
        case .onDisk(let folder): return feature(try Feature(folder: folder).neuron)
        case nil: return feature(neuron)
        }
    }

    private func feature(_ neuron: EncoderDecoder) -> Feature {
        let options = training.options
        return Feature(
            neuron: neuron, map: map, source: options.source, target: options.target,
            classes: training.classes, baseModel: training.model.name, record: record)
    }
}

extension EncoderDecoderOptimizer {
    /// Follows a change of the neuron's sign: momentum goes on in the direction it had.
    mutating func flipSign() {
        var bias = adamW.moments
        for key in bias.keys { bias[key]?.m.negate() }
        adamW.resume(after: adamW.step, moments: bias)
        encoder.first.negate()
        decoderWeight.first.negate()
    }
}
