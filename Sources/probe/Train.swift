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
            --data is a text with a document a line, or a .jsonl file with a "text" in each line. \
            --config is a JSON object with some of these settings; their names are those of \
            GPT-2's config.json and of transformers' TrainingArguments, where these have them. \
            The defaults are:

              \(defaults)

            vocab_size is that of the byte-level BPE vocabulary that is learnt from the text, \
            unless --tokenizer is given; validation_share of the documents are kept for \
            validation; unmarked_share of the rows begin without <|endoftext|>; lr_scheduler_type \
            is cosine or constant, after a linear rise; max_grad_norm 0 clips nothing; dtype is \
            float32, float16 or bfloat16.

            Training that was stopped goes on from its last checkpoint (every save_steps) when the \
            same command is given again, and ends in the same bytes. --out is then a Hugging Face \
            folder, with the losses beside the model: that of training is the mean over the steps \
            since the point before.
            """)

    private static var defaults: String {
        TrainingConfig().described.map { "\($0.name) \($0.value)" }.joined(separator: ", ")
    }

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

    @Flag(help: "Write over a model that was not trained by this command.")
    var force = false

    @OptionGroup var output: OutputOptions

    func run() throws {
        output.verbosity.apply()
        let folder = output.folder(for: "train")
        let checkpoint = "checkpoint.safetensors"
        if !force, try ModelFolder(folder).file(checkpoint) == nil {
            try FileExists.check(
                ["config.json", "model.safetensors", "tokenizer.json"], in: folder)
        }
        let config = try config.map { try TrainingConfig(Blob(mapping: $0)) } ?? TrainingConfig()
        let documents = TextDocuments.split(
            try TextDocuments(Blob(mapping: data)).documents,
            validationShare: config.validation_share, seed: config.seed)
        let (tokenizer, files) = try vocabulary(from: documents.training, config)
        let texts = [documents.training, documents.validation].map {
            TrainingText($0, tokenizer, nCtx: config.n_positions)
        }
        var trainer = try Trainer(
            config, from: config.newModel(with: tokenizer), on: texts[0], validation: texts[1],
            checkpoint: "\(folder)/\(checkpoint)")
        let progress = output.verbosity.progress("training")
        progress.note(
            "\(texts[0].tokenCount) tokens of \(documents.training.count) documents, "
                + "\(documents.validation.count) for validation; "
                + "\(tokenizer.vocabularySize) entries in the vocabulary")
        if trainer.step > 0 { progress.note("goes on after step \(trainer.step)") }
        try trainer.run { trainer in
            progress.update(trainer.step, of: config.max_steps)
            if trainer.log.ends.last == trainer.step {
                progress.note("after step \(trainer.step), " + Self.losses(trainer.log))
            }
        }
        try trainer.model.save(to: folder, as: config.elementType, tokenizerFiles: files)
        try report(trainer, folder)
    }

    /// A tokenizer and its files.
    private func vocabulary(
        from documents: [String], _ config: TrainingConfig
    ) throws -> (Tokenizer, [(name: String, bytes: [UInt8])]) {
        if let folder = tokenizer {
            let files = ModelFolder(folder)
            guard let tokenizer = try Transformer.tokenizer(in: files) else {
                throw NoTokenizer(folder: folder)
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
            let settings = trainer.config.described.map { ($0.name, $0.value) }
            array.settings = Dictionary(uniqueKeysWithValues: settings)
                .merging(["data": data, "text": trainer.text.fingerprint]) { $1 }
            array.summary = [("training tokens", Double(trainer.text.tokenCount))]
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

/// A folder without a tokenizer.
private struct NoTokenizer: Error, CustomStringConvertible {
    let folder: String
    var description: String {
        "\(folder) has no tokenizer files; leave --tokenizer out to learn a vocabulary"
    }
}
