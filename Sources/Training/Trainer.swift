import Differentiation
import Kernels
public import Models
import Tensors

/// Trains a GPT-2 on text, step by step.
///
/// ```swift
/// var trainer = try Trainer(config, from: config.newModel(with: tokenizer), on: text)
/// try trainer.run()
/// try trainer.model.save(to: "model", tokenizerFiles: vocabulary.files())
/// ```
/// A step reads `gradient_accumulation_steps` batches of rows, takes the gradient of the mean loss
/// of all their tokens, clips it, and makes a step of AdamW. Training that was killed and begun
/// again goes on from its last checkpoint, and its weights and losses are the same bytes as without
/// the stop.
public struct Trainer {
    /// How.
    public let config: TrainingConfig
    /// What the model is trained on.
    public let text: TrainingText
    /// What validation losses are of; `nil` for none.
    public let validation: TrainingText?
    /// The checkpoint's path; `nil` for none.
    public let checkpoint: String?
    /// The model as it is now.
    public private(set) var model: Transformer
    /// The losses so far.
    public private(set) var log: TrainingLog
    private var optimizer: AdamW
    private var order: RowOrder
    /// How many of the steps a checkpoint holds.
    private var savedStep = 0

    /// Rows of the validation text that are read.
    private static let validationRows = 256

    /// Begins training, or goes on where a checkpoint is.
    ///
    /// - Parameters:
    ///   - config: How.
    ///   - start: The model before training; a checkpoint that is there takes its place.
    ///   - text: What is trained on.
    ///   - validation: What validation losses are of.
    ///   - checkpoint: Where the state is kept; it is read if it is there.
    /// - Throws: ``TrainingError`` for an impossible config, no text, or a checkpoint that is
    ///   damaged or of another training.
    public init(
        _ config: TrainingConfig, from start: Transformer, on text: TrainingText,
        validation: TrainingText? = nil, checkpoint: String? = nil
    ) throws {
        if let problem = config.problem {
            throw TrainingError.badConfig(path: "the config", reason: problem)
        }
        guard text.count > 0 else { throw TrainingError.noText }
        (self.config, self.text, self.checkpoint) = (config, text, checkpoint)
        log = TrainingLog(config)
        self.validation = validation.flatMap { $0.count > 0 ? $0 : nil }
        model = start
        optimizer = AdamW(
            learningRate: config.learning_rate, weightDecay: config.weight_decay,
            betas: (config.adam_beta1, config.adam_beta2), eps: config.adam_epsilon)
        order = RowOrder(text, seed: config.seed, unmarkedShare: config.unmarked_share)
        if let state = try checkpoint.flatMap({ try TrainingState.read($0) }) {
            try state.check(config, text, self.validation)
            model = try state.weights(for: model)
            optimizer.resume(after: state.step, moments: try state.moments(for: model))
            log = try state.log(config)
            savedStep = state.step
        }
    }

    /// How many steps were made.
    public var step: Int { optimizer.step }

    /// Makes the steps that are left.
    ///
    /// - Parameter progress: Called after each step.
    /// - Throws: ``TrainingError/notFinite(step:reason:checkpoint:)`` when a loss or gradient is
    ///   infinite or not a number; the last checkpoint stays.
    public mutating func run(progress: (Trainer) throws -> Void = { _ in }) throws {
        while step < config.max_steps {
            try makeStep()
            if step % config.eval_steps == 0 || step == config.max_steps {
                log.validationLosses.append(try validation.map { Float(try loss(on: $0)) } ?? .nan)
            }
            try progress(self)
            if step % config.save_steps == 0 || step == config.max_steps { try save() }
        }
    }

    private mutating func makeStep() throws {
        let (step, size) = (step, config.per_device_train_batch_size)
        let batches = (0..<config.gradient_accumulation_steps).map { part in
            let first = (step * config.gradient_accumulation_steps + part) * size
            return TokenBatch(order.rows(first..<first + size))
        }
        let count = batches.reduce(0) { $0 + $1.predictedCount }
        do {
            var (loss, sum): (Double, ParameterGradients?) = (0, nil)
            for batch in batches {
                let part = try model.gradients(of: .loss, on: batch, withRespectTo: .parameters)
                let weight = Double(batch.predictedCount) / Double(count)
                loss += weight * part.value
                var gradients = part.parameters
                if batches.count > 1 { gradients.scale(by: weight) }
                sum?.add(gradients)
                sum = sum ?? gradients
            }
            guard var gradients = sum else { return }
            let bound = config.max_grad_norm
            let norm = gradients.clip(toNorm: bound > 0 ? bound : .infinity)
            optimizer.learningRate = LearningRateSchedule(config).rate(ofStep: step)
            model.update(with: gradients, by: &optimizer)
            log.add(loss: loss, learningRate: optimizer.learningRate, gradientNorm: norm)
        } catch GradientError.gradientNotFinite(let name) {
            throw notFinite("the gradient of \(name) is not finite", at: step + 1)
        } catch is GradientError {
            throw notFinite(brokenWeight ?? "the loss is not finite", at: step + 1)
        }
        // Before anything is saved.
        if let brokenWeight { throw notFinite(brokenWeight, at: step + 1) }
    }

    /// What is wrong with the first weight that is not finite.
    private var brokenWeight: String? {
        let entry = model.weights.entries.first { entry in
            !allFinite(model.weights[keyPath: entry.path].rows)
        }
        return entry.map { "\($0.name) is no longer finite" }
    }

    private func notFinite(_ reason: String, at step: Int) -> TrainingError {
        let kept = savedStep > 0 ? checkpoint.map { "\($0), of step \(savedStep)" } : nil
        return .notFinite(step: step, reason: reason, checkpoint: kept)
    }

    /// The mean loss of a text's first rows, in nats.
    private func loss(on text: TrainingText) throws -> Double {
        let rows = (0..<min(text.count, Self.validationRows)).map { text.row($0) }
        let size = 8
        do {
            let parts = try parallelMap((rows.count + size - 1) / size) { [model] part in
                let batch = TokenBatch(Array(rows.dropFirst(part * size).prefix(size)))
                return try model.value(of: .loss, on: batch) * Double(batch.predictedCount)
            }
            return parts.reduce(0, +) / Double(TokenBatch(rows).predictedCount)
        } catch is GradientError {
            throw notFinite("the validation loss is not finite", at: step)
        }
    }

    private mutating func save() throws {
        guard let checkpoint else { return }
        try TrainingState.write(
            checkpoint, config: config, texts: [text, validation], model: model,
            optimizer: optimizer, log: log)
        savedStep = step
    }
}

extension TokenBatch {
    /// How many tokens are predicted from those before them.
    fileprivate var predictedCount: Int { lengths.reduce(0) { $0 + max($1 - 1, 0) } }
}
