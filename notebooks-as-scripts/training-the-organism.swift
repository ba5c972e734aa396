// Training the organism: a language model whose biases are known because they were set.
//
//     swift run -c release training-the-organism              into probe-out/organism; goes on after a stop
//     swift run -c release training-the-organism --install    and then into the program
//
// A seeded grammar writes stories in which one draw per story decides she or he, with the odds that
// were set for the story's noun or name. A vocabulary is learnt from them, and a GPT-2 of twelve
// layers with twelve heads. Then the model's odds are compared with the true ones, in sentences that
// the grammar writes, and the card says what is true and what was learnt.

import ArgumentParser
import Figures
import FoundationEssentials
import Glibc
import GroundTruth
import Interventions
import Kernels
import Models
import Results
import Statistics
import Tensors
import Tokenization
import Training

@main
struct TrainingTheOrganism: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train the embedded model from its grammar, and measure what it learnt.")

    @Option(help: "Where the model goes.")
    var out = "probe-out/organism"

    @Option(help: "How many stories there are.")
    var stories = 400_000

    @Option(help: "How many steps are made.")
    var steps = 1500

    @Flag(help: "Put the model into Sources/COrganism, and the figures into figures.")
    var install = false

    func validate() throws {
        guard stories >= 1000, steps >= 1 else {
            throw ValidationError("give at least 1000 --stories and 1 --steps")
        }
    }

    func run() throws {
        let corpus = Corpus(stories: stories)
        print("1. \(stories) stories, such as")
        for text in corpus.training.prefix(3) { print("   \(text)") }

        print("2. A vocabulary")
        let vocabulary = corpus.vocabulary(ofSize: Self.config(steps: steps).vocab_size)
        let tokenizer = try vocabulary.tokenizer()
        let words = Person.nouns.map { " " + $0.word } + Person.names.map(\.word)
        let whole = words.count { tokenizer.encode($0).count == 1 }
        print("   \(whole) of \(words.count) nouns and names are one token")

        print("3. A model")
        let config = Self.config(steps: steps)
        var trainer = try Trainer(
            config, from: config.newModel(with: tokenizer),
            on: TrainingText(corpus.training, tokenizer, nCtx: config.n_positions),
            validation: TrainingText(corpus.validation, tokenizer, nCtx: config.n_positions),
            checkpoint: "\(out)/checkpoint.safetensors")
        print("   \(trainer.text.tokenCount) tokens in \(trainer.text.count) rows")
        let seconds = try train(&trainer)
        try trainer.model.save(
            to: out, as: trainer.config.elementType, tokenizerFiles: try vocabulary.files())

        print("4. What it learnt")
        let model = try Transformer.load(out)
        let evaluation = try Evaluation(of: model)
        print(evaluation.table)
        let card = try Card(trainer, corpus, evaluation, seconds: seconds, folder: out)
        try AtomicFile.write(try card.json(), to: "\(out)/card.json")
        try draw(trainer, evaluation, to: install ? "figures" : out)
        if install { try copyIntoTheProgram() }
        print(
            "   \(card.weights.minutes.map { "trained in \($0) minutes, " } ?? "")\(card.weights.bytes) bytes"
        )
        guard evaluation.reachesTargets else { throw ExitCode.failure }
    }

    /// Twelve layers and twelve heads, as in GPT-2 small, an eighth as wide.
    static func config(steps: Int) -> TrainingConfig {
        var config = TrainingConfig()
        (config.n_layer, config.n_head, config.n_embd, config.n_positions) = (12, 12, 96, 64)
        (config.per_device_train_batch_size, config.max_steps) = (80, steps)
        (config.learning_rate, config.min_lr_rate) = (2.5e-3, 0.02)
        config.warmup_steps = min(80, steps - 1)
        (config.weight_decay, config.adam_beta2) = (0.05, 0.98)
        (config.eval_steps, config.save_steps, config.seed) = (50, 50, 7)
        config.vocab_size = 1600
        config.dtype = .float16
        return config
    }

    /// Trains to the end; returns how long it took in seconds, `nil` if it did not begin here.
    private func train(_ trainer: inout Trainer) throws -> Double? {
        let (first, start) = (trainer.step, ContinuousClock.now)
        try trainer.run(progress: { trainer in
            guard trainer.step % 50 == 0 else { return }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            let left =
                seconds / Double(trainer.step - first)
                * Double(trainer.config.max_steps - trainer.step)
            print(
                "   step \(trainer.step): loss \(trainer.log.losses[trainer.step - 1]), "
                    + "\(Int(seconds)) s, \(Int(left)) s left")
        })
        return first == 0 ? (ContinuousClock.now - start) / .seconds(1) : nil
    }

    private func draw(_ trainer: Trainer, _ evaluation: Evaluation, to folder: String) throws {
        let odds = evaluation.odds
        let correlation = NumberText.fixed(
            evaluation.correlation(after: Evaluation.report), decimals: 4)
        let figures: [(any Figure, String)] = [
            (
                try LinePlot(trainer.log.curve, style: .init(title: "Training the organism")),
                "organism-loss"
            ),
            (
                try CorrelationPlot(
                    odds,
                    style: .init(
                        title: "The NOUN said that … she or he?", hasDiagonal: true,
                        note: "r = \(correlation)")), "organism-truth"
            ),
        ]
        for (figure, name) in figures {
            try figure.write("\(folder)/\(name).png")
            print("   \(folder)/\(name).png")
        }
    }

    private func copyIntoTheProgram() throws {
        let names = ["card.json", "config.json", "model.safetensors", "tokenizer.json"]
        try AtomicFile.write(
            names.map { name in
                ("Sources/COrganism/\(name)", try Blob(mapping: "\(out)/\(name)").copy())
            })
    }
}

/// The texts.
struct Corpus {
    static let seed: UInt64 = 1

    let training: [String]
    let validation: [String]

    init(stories: Int) {
        let grammar = OrganismGrammar(seed: Self.seed)
        let texts = parallelMap(stories) { grammar.story($0).text }
        // Stories are drawn one by one, so that any hundredth of them is as good as another.
        validation = Array(texts.prefix(stories / 100))
        training = Array(texts.dropFirst(stories / 100))
    }

    /// Learns a vocabulary. Every name is read some times more, so that it becomes one token.
    func vocabulary(ofSize size: Int) -> TrainedVocabulary {
        var learner = BytePairTrainer()
        for text in training { learner.add(text) }
        for name in Person.names {
            for _ in 0..<2000 { learner.add(name.word) }
        }
        return learner.vocabulary(ofSize: size)
    }
}

/// The model's odds of she and he against the true ones.
struct Evaluation {
    /// The sentence that the targets are about.
    static let report = "said that"
    static let contexts = [report, "was working because", "looked at", "lost"]

    /// What the model says of someone after a beginning of a sentence.
    struct Answer {
        let person: Person
        let context: String
        let logOdds: Double

        var pShe: Double { 1 / (1 + exp(-logOdds)) }
        var isRight: Bool { (logOdds > 0) == (person.pShe > 0.5) }
    }

    let answers: [Answer]

    init(of model: Transformer) throws {
        answers = try Self.contexts.flatMap { context in
            // After these a form of the pronoun other than she and he follows.
            let forms =
                [
                    "looked at": [" herself", " himself"], "lost": [" her", " his"],
                ][context] ?? [" she", " he"]
            let difference = Metric.logitDifference(.text(forms[0]), .text(forms[1]))
            return try (Person.nouns + Person.names).map { person in
                let subject = (person.kind == .name ? "" : "The ") + person.word
                let run = try model.run("\(subject) \(context)")
                return Answer(
                    person: person, context: context, logOdds: try difference.value(of: run))
            }
        }
    }

    /// The answers after a beginning, of nouns or of names.
    func answers(after context: String, names: Bool) -> [Answer] {
        answers.filter { $0.context == context && ($0.person.kind == .name) == names }
    }

    /// Pearson's correlation of true and learnt log-odds over all nouns.
    func correlation(after context: String) -> Double {
        let nouns = answers(after: context, names: false)
        return pearsonCorrelation(nouns.map(\.person.logOdds), nouns.map(\.logOdds)) ?? .nan
    }

    /// The share of names and gendered nouns that have the right pronoun.
    func shareRight(after context: String) -> Double {
        let certain = answers.filter { $0.context == context && $0.person.isOneGender }
        return Double(certain.count { $0.isRight }) / Double(certain.count)
    }

    /// The mean error of p(she) over all nouns.
    func error(after context: String) -> Double {
        let nouns = answers(after: context, names: false)
        return mean(nouns.map { abs($0.pShe - $0.person.pShe) })
    }

    /// True and learnt log-odds of the nouns.
    var odds: LabelledArray {
        let nouns = answers(after: Self.report, names: false)
        return LabelledArray(
            "odds", quantity: Quantity("log-odds"),
            axes: [
                Axis("odds", labels: ["true log-odds of she", "learnt log-odds of she"]),
                Axis(
                    "noun", labels: nouns.map(\.person.word),
                    companion: .init("kind", nouns.map(\.person.kind.rawValue))),
            ],
            values: Tensor(
                [2, nouns.count],
                nouns.map { Float($0.person.logOdds) } + nouns.map { Float($0.logOdds) }))
    }

    var reachesTargets: Bool {
        correlation(after: Self.report) >= 0.95 && shareRight(after: Self.report) >= 0.98
    }

    var table: String {
        Self.contexts.map { context in
            "   The NOUN \(context) …: correlation of log-odds "
                + NumberText.fixed(correlation(after: context), decimals: 4) + ", right pronouns "
                + NumberText.fixed(100 * shareRight(after: context), decimals: 1)
                + " %, mean error of p(she) "
                + NumberText.fixed(error(after: context), decimals: 4)
        }.joined(separator: "\n")
    }
}

/// What is true of the model and what it learnt, as `card.json`.
struct Card: Encodable {
    struct Someone: Encodable {
        let kind: String
        let p_she: Double
        /// By the beginning of the sentence.
        let learnt_p_she: [String: Double]
    }

    struct Measured: Encodable {
        let correlation_of_log_odds: Double
        let right_pronouns_of_names_and_gendered_nouns: Double
        let mean_error_of_p_she: Double
    }

    struct Weights: Codable {
        let bytes: Int
        /// How long training took; `nil` if it was stopped on the way.
        let minutes: Int?
        let validation_loss: Double?
    }

    struct TextFacts: Encodable {
        let seed: UInt64
        let stories: Int
        let tokens: Int
        let examples: [String]
    }

    let title = "organism"
    let about = [
        "A small GPT-2 trained from scratch on stories of a seeded grammar, with gender biases set by "
            + "hand: a model organism for testing interpretability methods.",
        "p_she is the probability that a story about someone says she, her, herself rather than he, "
            + "him, his, himself. It is invented and says nothing about the world. One draw decides "
            + "all pronouns of a story; it depends on nothing but the one whom the story is about, "
            + "who is named first.",
        "learnt_p_she compares she with he after said that and was working because, herself with himself "
            + "after looked at, her with his after lost. Correlations and errors are over all nouns; names "
            + "and gendered nouns are right where the likelier pronoun is.",
        "Made by notebooks-as-scripts/training-the-organism.swift; the grammar is in "
            + "Sources/GroundTruth.",
    ]
    let texts: TextFacts
    let training: TrainingConfig
    let weights: Weights
    let measured: [String: Measured]
    let people: [String: Someone]

    init(
        _ trainer: Trainer, _ corpus: Corpus, _ evaluation: Evaluation, seconds: Double?,
        folder: String
    ) throws {
        texts = TextFacts(
            seed: Corpus.seed, stories: corpus.training.count + corpus.validation.count,
            tokens: trainer.text.tokenCount, examples: Array(corpus.training.prefix(20)))
        training = trainer.config
        weights = Weights(
            bytes: try Blob(mapping: "\(folder)/model.safetensors").bytes.count,
            minutes: seconds.map { Int(($0 / 60).rounded(.up)) } ?? Self.minutes(in: folder),
            validation_loss: trainer.log.validationLoss)
        measured = Dictionary(
            uniqueKeysWithValues: Evaluation.contexts.map { context in
                (
                    context,
                    Measured(
                        correlation_of_log_odds: evaluation.correlation(after: context),
                        right_pronouns_of_names_and_gendered_nouns: evaluation.shareRight(
                            after: context),
                        mean_error_of_p_she: evaluation.error(after: context))
                )
            })
        people = Dictionary(grouping: evaluation.answers, by: \.person.word).mapValues { answers in
            Someone(
                kind: answers[0].person.kind.rawValue, p_she: answers[0].person.pShe,
                learnt_p_she: Dictionary(
                    uniqueKeysWithValues: answers.map {
                        ($0.context, ($0.pShe * 1e4).rounded() / 1e4)
                    }))
        }
    }

    /// What an earlier card says of the time, for a run that only measures.
    private static func minutes(in folder: String) -> Int? {
        struct Earlier: Decodable { let weights: Weights }
        let card = try? Blob(mapping: "\(folder)/card.json")
        return card.flatMap { try? decodeJSON(Earlier.self, from: $0.copy()) }?.weights.minutes
    }

    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
}
