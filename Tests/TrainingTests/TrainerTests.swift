import Kernels
import Models
import Results
import Tensors
import TestSupport
import Testing
import Training

/// Training against PyTorch's, and against itself with a stop.
@Suite struct TrainerTests {
    private let golden: GoldenTensors
    private let start: Transformer
    private let documents: [[Int]]

    init() throws {
        golden = try GoldenTensors("training/golden.safetensors")
        start = try Transformer.load(Repository.golden("training/model"))
        let tokens = try golden("tokens")
        let length = Int(try golden("length").values[0])
        documents = (0..<tokens.shape[0]).map { row in
            let tokens = tokens[at: row].values.map { Int($0) }
            return row == 5 ? Array(tokens.prefix(length)) : tokens
        }
    }

    /// The golden run's config: every step reads all rows.
    private var config: TrainingConfig {
        var config = TrainingConfig()
        (config.max_steps, config.warmup_steps, config.min_lr_rate) = (8, 3, 0.1)
        (config.learning_rate, config.weight_decay, config.adam_beta2) = (0.01, 0.1, 0.98)
        (config.per_device_train_batch_size, config.max_grad_norm) = (6, 1)
        (config.eval_steps, config.save_steps) = (3, 2)
        return config
    }

    private func text(_ documents: [[Int]]? = nil) -> TrainingText {
        TrainingText(documents ?? self.documents, marker: nil, nCtx: 12)
    }

    private func trainer(
        _ config: TrainingConfig, checkpoint: String? = nil, validation: TrainingText? = nil
    ) throws -> Trainer {
        try Trainer(
            config, from: start, on: text(), validation: validation, checkpoint: checkpoint)
    }

    /// Losses, rates, norms and weights; accumulated gradients are those of the larger batch.
    @Test(
        arguments: [LearningRateSchedule.Form.cosine, .constant], [1, 2, 3])
    func stepsAreThoseOfPyTorch(_ form: LearningRateSchedule.Form, _ parts: Int) throws {
        var config = config
        config.lr_scheduler_type = form
        (config.gradient_accumulation_steps, config.per_device_train_batch_size) = (
            parts, 6 / parts
        )
        var trainer = try trainer(config)
        try trainer.run()
        let log = try golden("\(form.rawValue).log")
        let ours = trainer.log
        for (row, values) in [ours.losses, ours.learningRates, ours.gradientNorms].enumerated() {
            expectClose(Tensor([8], values), log[at: row], rtol: 1e-5, atol: 1e-7, "log \(row)")
        }
        try Repository.withTemporaryFolder { folder in
            try trainer.model.save(to: folder)
            let file = try SafetensorsFile(Blob(mapping: "\(folder)/model.safetensors"))
            #expect(file.names.count == 28)
            for name in file.names {
                var (ours, theirs) = (
                    try file.tensor(name), try golden("\(form.rawValue).\(name)")
                )
                if name.hasSuffix("c_attn.bias") {
                    // A key's bias changes no attention: its gradient is rounding, which AdamW
                    // enlarges.
                    for element in 12..<24 { (ours[element], theirs[element]) = (0, 0) }
                }
                expectClose(ours, theirs, rtol: 1e-4, atol: 1e-4, name)
            }
        }
    }

    /// Stopped after each checkpoint and begun again, it ends in the same bytes.
    @Test func resumedTrainingIsUninterruptedTraining() throws {
        try Repository.withTemporaryFolder { folder in
            struct Stop: Error {}
            let validation = text([documents[0].reversed(), documents[1].reversed()])
            var config = config
            // Rows come in an order that must go on as well.
            (config.per_device_train_batch_size, config.seed) = (4, 3)
            let whole = "\(folder)/whole.safetensors"
            var straight = try trainer(config, checkpoint: whole, validation: validation)
            try straight.run()
            let cut = "\(folder)/cut.safetensors"
            var stops = 0
            while true {
                var part = try trainer(config, checkpoint: cut, validation: validation)
                #expect(part.step == 2 * stops)
                do {
                    // Two steps are saved, and one is lost.
                    try part.run(progress: { if $0.step == 2 * stops + 3 { throw Stop() } })
                    break
                } catch is Stop {
                    stops += 1
                }
            }
            #expect(stops == 3)
            #expect(try Repository.bytes(cut) == Repository.bytes(whole))
            // What is done is not done again.
            var done = try trainer(config, checkpoint: cut, validation: validation)
            try done.run(progress: { _ in Issue.record("a step after the end") })
            #expect(done.log.curve.csv() == straight.log.curve.csv())
            #expect(done.log.steps.csv() == straight.log.steps.csv())
            #expect(done.log.curve.axes[1].labels == ["3", "6", "8"])
            #expect(done.log.validationLoss == straight.log.validationLoss)
        }
    }

    /// How results are stored may change, and threads do not matter.
    @Test func whatDoesNotMatterMayDiffer() throws {
        try Repository.withTemporaryFolder { folder in
            var stores: [[UInt8]] = []
            for threads in [1, 2, 3] {
                let before = Threads.count
                Threads.count = threads
                defer { Threads.count = before }
                let path = "\(folder)/\(threads).safetensors"
                var trainer = try trainer(config, checkpoint: path)
                try trainer.run()
                stores.append(try Repository.bytes(path))
            }
            #expect(stores[0] == stores[1] && stores[0] == stores[2])
            var other = config
            (other.dtype, other.save_steps) = (.bfloat16, 5)
            #expect(try trainer(other, checkpoint: "\(folder)/1.safetensors").step == 8)
        }
    }

    @Test func anotherTrainingIsNotResumed() throws {
        try Repository.withTemporaryFolder { folder in
            let path = "\(folder)/checkpoint.safetensors"
            var trainer = try trainer(config, checkpoint: path)
            try trainer.run()
            var other = config
            (other.learning_rate, other.seed) = (0.02, 9)
            let text = text(Array(documents.dropLast()))
            let error = #expect(throws: TrainingError.self) {
                try Trainer(other, from: start, on: text, checkpoint: path)
            }
            let message = try #require(error).description
            for part in [
                path, "learning_rate is 0.01 there and 0.02 here", "seed is 0 there and 9 here",
                "the text or its tokenizer is another",
            ] { #expect(message.contains(part), "\(message)") }
        }
    }

    /// A rate that blows the weights up: the step and what broke are named, and the checkpoint is
    /// the last whose weights are finite.
    @Test func whatIsNotFiniteStopsTraining() throws {
        try Repository.withTemporaryFolder { folder in
            let path = "\(folder)/checkpoint.safetensors"
            var config = config
            (config.max_steps, config.warmup_steps, config.lr_scheduler_type) = (8, 3, .constant)
            (config.learning_rate, config.save_steps, config.eval_steps) = (1e38, 1, 1)
            var broken = try trainer(config, checkpoint: path, validation: text())
            let error = #expect(throws: TrainingError.self) { try broken.run() }
            guard case .notFinite(let step, let reason, let kept) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(step == 2 && reason.contains("finite"))
            #expect(kept == "\(path), of step 1")
            let file = try SafetensorsFile(Blob(mapping: path))
            #expect(
                try file.names.filter { $0 != "validation" }.allSatisfy {
                    try file.tensor($0).values.allSatisfy(\.isFinite)
                })
            // In the last step as well.
            (config.max_steps, config.warmup_steps) = (2, 1)
            var last = try trainer(config)
            #expect(throws: TrainingError.self) { try last.run() }
        }
    }

    @Test func aBrokenWeightIsNamed() throws {
        var weights = start.weights
        weights.blocks[1].mlp.W_out[3, 5] = .infinity
        let broken = Transformer(config: start.config, weights: weights)
        var trainer = try Trainer(config, from: broken, on: text())
        let error = #expect(throws: TrainingError.self) { try trainer.run() }
        #expect(try #require(error).description.contains("blocks.1.mlp.W_out is no longer finite"))
        #expect(try #require(error).description.contains("step 1:"))
    }

    @Test func textMustHaveTwoTokens() throws {
        #expect(throws: TrainingError.noText) {
            try Trainer(config, from: start, on: text([[3]]))
        }
    }

    /// Cut and changed checkpoints, and other files in their place, are refused.
    @Test func damagedCheckpointsAreRefused() throws {
        try Repository.withTemporaryFolder { folder in
            let path = "\(folder)/checkpoint.safetensors"
            var trainer = try trainer(config, checkpoint: path)
            try trainer.run()
            let bytes = try Repository.bytes(path)
            for length in stride(from: 0, to: bytes.count, by: 997) {
                try Repository.write(Array(bytes.prefix(length)), to: path)
                #expect(throws: (any Error).self) { try self.trainer(config, checkpoint: path) }
            }
            // Any number may have been changed.
            let header = 8 + Int(bytes[0]) + 256 * Int(bytes[1])
            for place in stride(from: header + 3, to: bytes.count, by: 1501) {
                var changed = bytes
                changed[place] ^= 0x10
                try Repository.write(changed, to: path)
                let error = #expect(throws: TrainingError.self) {
                    try self.trainer(config, checkpoint: path)
                }
                #expect(try #require(error).description.contains("were changed"))
            }
            let model = try Repository.bytes(Repository.golden("training/model/model.safetensors"))
            try Repository.write(model, to: path)
            let error = #expect(throws: TrainingError.self) {
                try self.trainer(config, checkpoint: path)
            }
            #expect(try #require(error).description.contains("no checkpoint of a training"))
        }
    }
}
