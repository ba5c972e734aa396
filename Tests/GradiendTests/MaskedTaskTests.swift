import Foundation
import Gradiend
import Models
import Tensors
import TestSupport
import Testing
import Tokenization

/// Words to predict in the gaps of a masked model's texts.
@Suite struct MaskedTaskTests {
    /// "slept" is two tokens.
    private static let vocabulary = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "a", "cat", "dog", "ran", "and", "he",
        "she", "sle", "##pt", "because", "was", "tired", "him", "self",
    ]

    private func model() throws -> Transformer {
        let golden = try GradiendGolden("bert").model
        let tokenizer = try Tokenizer(
            vocabularyText: Array(Self.vocabulary.joined(separator: "\n").utf8),
            sources: ("vocab.txt", "tokenizer_config.json"))
        return Transformer(
            config: golden.config, weights: golden.weights, tokenizer: tokenizer, name: "bert")
    }

    private func id(_ token: String) -> Int { Self.vocabulary.firstIndex(of: token) ?? -1 }

    /// A mask for each token of the word, in each gap; every gap has the whole word.
    @Test func gaps() throws {
        let task = try PredictionTask(for: model())
        #expect(task.place == .mask)
        let one = try task.prediction(of: "she", in: "the cat ran because [MASK] was", number: 0)
        #expect(one.tokens.first == id("[CLS]") && one.tokens.last == id("[SEP]"))
        #expect(one.labels == [.init(position: 5, token: id("she"))])
        #expect(one.tokens[5] == id("[MASK]") && one.tokens.count == 8)
        let two = try task.prediction(of: "he", in: "[MASK] ran and [MASK] was", number: 0)
        #expect(two.labels.map(\.position) == [1, 4])
        #expect(two.labels.allSatisfy { $0.token == id("he") })
        let pieces = try task.prediction(of: "slept", in: "a dog [MASK] and [MASK]", number: 0)
        #expect(pieces.labels.map(\.position) == [3, 4, 6, 7])
        let (first, second) = (id("sle"), id("##pt"))
        #expect(pieces.labels.map(\.token) == [first, second, first, second])
        #expect(throws: GradiendError.self) {
            try task.prediction(of: "xyz", in: "the [MASK]", number: 0)
        }
    }

    /// A word as it stands in a text, made by `tokenizers` and the Python package.
    private struct Gap: Decodable {
        let masked, word: String
        let ids: [Int]
        let labels: [[Int]]
    }

    /// The task of a masked model with a golden tokenizer.
    private func task(_ name: String) throws -> PredictionTask {
        let path = Repository.golden("wordpiece/\(name).json")
        let golden = try GradiendGolden("bert").model
        var config = golden.config
        (config.dVocab, config.nCtx) = (1000, 64)
        return try PredictionTask(
            for: Transformer(
                config: config, weights: golden.weights,
                tokenizer: try Tokenizer(tokenizerJSON: Repository.bytes(path), source: path),
                name: name))
    }

    /// In a byte-level vocabulary a word's tokens are those that it has in the text, after a space,
    /// a bracket or at the start; in WordPiece's they are the Python package's.
    @Test(arguments: ["roberta", "uncased", "cased"]) func wordsAsTheyStand(_ name: String) throws {
        let cases = try #require(
            try JSONDecoder().decode(
                [String: [Gap]].self,
                from: Data(try Repository.bytes(Repository.golden("gradiend/gaps.json"))))[name])
        let task = try task(name)
        for gap in cases {
            let made = try task.prediction(of: gap.word, in: gap.masked, number: 0)
            #expect(made.tokens == gap.ids, "\(gap.word) in \(gap.masked)")
            #expect(made.labels.map { [$0.position, $0.token] } == gap.labels, "\(gap.word)")
        }
        #expect(cases.contains { $0.labels.count > 5 })
    }

    /// Each gap of a row from a template has its own case, and so its own tokens.
    @Test func gapsFollowSentences() throws {
        let task = try task("roberta")
        var row = FeatureRow(
            masked: "[MASK] said that [MASK] was tired. [MASK] said", split: .train,
            classes: ("F", "M"), words: ("She", "He"))
        for followsSentences in [true, false] {
            row.followsSentences = followsSentences
            let middle = followsSentences ? "she" : "She"
            #expect(row.text == "She said that \(middle) was tired. She said")
            let expected = ["She", " " + middle, " She"].flatMap(task.tokenizer.encode)
            let labels = try task.contrast(row, number: 0).factual.labels
            #expect(labels.map(\.token) == expected)
        }
    }

    /// Long texts are cut around the gap; gaps too far apart are told.
    @Test func longTexts() throws {
        let task = try PredictionTask(for: model(), maxLength: 8)
        let text =
            String(repeating: "the cat ", count: 9) + "[MASK]"
            + String(
                repeating: " ran and", count: 9)
        let cut = try task.prediction(of: "he", in: text, number: 0)
        #expect(cut.tokens.count == 8 && cut.labels.count == 1)
        #expect(cut.tokens[cut.labels[0].position] == id("[MASK]"))
        #expect(throws: GradiendError.self) {
            try task.prediction(of: "he", in: "[MASK] " + text, number: 0)
        }
    }

    /// Without neutral texts the rows' texts count, in which the classes' words are never masked.
    @Test func languageModelOfRows() throws {
        let model = try model()
        var weights = model.weights
        // Says "cat" everywhere, which is right where a cat was masked and nowhere else.
        weights.b_U?.mutableRows[0][id("cat")] = 1e6
        let cats = Transformer(
            config: model.config, weights: weights, tokenizer: model.tokenizer, name: "cats")
        let task = try PredictionTask(for: cats)
        func rows(_ start: String) -> [FeatureRow] {
            [("he", "slept"), ("slept", "he")].flatMap { classes in
                (1..<6).map { count in
                    FeatureRow(
                        masked: start + String(repeating: " [MASK]", count: count), split: .test,
                        classes: classes, words: classes)
                }
            }
        }
        let classes = ClassPair(positive: "slept", negative: "he")
        let all = try DecoderProbe(rows("cat"), classes: classes, with: task)
        #expect(try all.scores(of: cats).lms == 1)
        let none = try DecoderProbe(rows("dog"), classes: classes, with: task)
        #expect(try none.scores(of: cats).lms == 0)
    }

    /// The same classes with words of one and of two tokens: a feature is learnt all the same.
    @Test func aFeatureIsLearnt() throws {
        let model = try model()
        let task = try PredictionTask(for: model)
        let starts = ["the cat", "a dog", "the dog", "the cat and a dog"]
        let rows = [("he", "slept"), ("slept", "he")].flatMap { classes in
            (0..<40).map { index in
                FeatureRow(
                    masked: starts[index % 4] + String(repeating: " ran", count: index / 4 % 4)
                        + " because [MASK] was tired",
                    split: index < 32 ? .train : .validation, classes: classes, words: classes)
            }
        }
        var options = TrainingOptions()
        (options.batchSize, options.learningRate, options.maxSteps) = (8, 1e-2, 60)
        (options.epochs, options.evaluateEvery) = (100, 10)
        let outcome = try FeatureTraining(of: rows, with: task, in: model, options).run()
        #expect(outcome.converged)
        let probe = try DecoderProbe(
            rows.of(.validation), neutral: ["the cat ran and was tired"],
            classes: ClassPair(positive: "slept", negative: "he"), with: task)
        let scores = try probe.scores(of: model)
        #expect(
            scores.probabilities.values.allSatisfy { $0.values.allSatisfy { $0 > 0 && $0 < 1 } })
        #expect(scores.lms >= 0)
    }
}
