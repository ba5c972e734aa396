import ArgumentParser
import Figures
import Models
import Results
import Tensors
import Tokenization
import Training

/// `probe train`: a small GPT-2 from text.
struct Train: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a small GPT-2 on text.",
        discussion: """
            --data is a text with a document a line, or JSON lines with a "text" each. --config is \
            a JSON object; the keys are those of GPT-2's config.json (n_layer, n_head, n_embd, \
            n_inner, n_positions, vocab_size) and of transformers' TrainingArguments (max_steps, \
            train_batch_size, gradient_accumulation_steps, learning_rate, lr_scheduler_type \
            cosine or constant, warmup_steps, min_lr_rate, weight_decay, adam_beta1, adam_beta2, \
            adam_epsilon, max_grad_norm, seed, eval_steps, save_steps), and validation_share, \
            unmarked_share (of rows without <|endoftext|> before them) and dtype. What is left out \
            has a default. The vocabulary is learnt \
            from the text unless --tokenizer is given.

            Training that was stopped goes on from its last checkpoint when the same command is \
            given again, and ends in the same bytes. --out is then a Hugging Face folder, with the \
            losses beside the model.
            """)

    @Option(help: ArgumentHelp("The text.", valueName: "file"), completion: .file())
    var data: String

    @Option(
        help: ArgumentHelp("How, as JSON. (default: all defaults)", valueName: "file"),
        completion: .file())
    var config: String?

    @Option(
        help: ArgumentHelp(
            "A folder whose tokenizer is taken. (default: one is learnt)", valueName: "folder"),
        completion: .directory)
    var tokenizer: String?

    @OptionGroup var output: OutputOptions

    func run() throws {
        output.verbosity.apply()
        let folder = output.folder(for: "train")
        let config = try config.map { try TrainingConfig(Blob(mapping: $0)) } ?? TrainingConfig()
        let documents = TextDocuments.split(
            try TextDocuments(Blob(mapping: data)).documents,
            validationShare: config.validation_share, seed: config.seed)
        let (tokenizer, files) = try vocabulary(from: documents.training, config)
        func text(_ documents: [String]) -> TrainingText {
            TrainingText(
                documents.map(tokenizer.encode), marker: tokenizer.beginningOfText,
                nCtx: config.n_positions)
        }
        var trainer = try Trainer(
            config, from: config.newModel(with: tokenizer), on: text(documents.training),
            validation: text(documents.validation),
            checkpoint: "\(folder)/checkpoint.safetensors")
        let progress = output.verbosity.progress("training")
        if trainer.step > 0 { progress.note("goes on after step \(trainer.step)") }
        try trainer.run { trainer in
            progress.update(trainer.step, of: config.max_steps)
            if trainer.log.ends.last == trainer.step {
                progress.note("after step \(trainer.step), " + Self.losses(trainer.log))
            }
        }
        try trainer.model.save(to: folder, as: config.dtype, tokenizerFiles: files)
        try report(trainer, folder)
    }

    /// A tokenizer and its files.
    private func vocabulary(
        from documents: [String], _ config: TrainingConfig
    ) throws -> (Tokenizer, [(name: String, bytes: [UInt8])]) {
        if let folder = tokenizer {
            let files = ModelFolder(folder)
            guard let tokenizer = try Transformer.tokenizer(in: files) else {
                throw RunError.noTokenizer(model: folder)
            }
            return (tokenizer, try Transformer.tokenizerFiles(in: files))
        }
        var learner = BytePairTrainer()
        for document in documents { learner.add(document) }
        let vocabulary = learner.vocabulary(ofSize: config.vocab_size)
        return (try vocabulary.tokenizer(), try vocabulary.files())
    }

    /// Writes the losses, and prints how it ended.
    private func report(_ trainer: Trainer, _ folder: String) throws {
        let provenance = try Provenance(
            of: Transformer.load(folder), seed: trainer.config.seed)
        func described(_ array: LabelledArray) -> LabelledArray {
            var array = array
            array.provenance = provenance
            array.settings = ["data": data, "config": config ?? "all defaults"]
            array.summary = [("tokens", Double(trainer.text.tokenCount))]
            return array
        }
        let curve = described(trainer.log.curve)
        try probe.report(
            LinePlot(curve, style: .init(title: "Training")), with: described(trainer.log.steps),
            "after step \(trainer.step), " + Self.losses(trainer.log),
            command: "train", output, isPreviewed: false)
    }

    /// The last point of the losses' curve, in words.
    private static func losses(_ log: TrainingLog) -> String {
        let curve = log.curve
        let ends = curve.axes[0].labels.enumerated().map { line, text in
            let loss = Double(curve.values[line, curve.axes[1].count - 1])
            return "\(text) \(NumberText.fixed(loss, decimals: 4))"
        }
        return "loss in nats: " + ends.joined(separator: ", ")
    }
}
