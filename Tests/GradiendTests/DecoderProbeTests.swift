import Foundation
import Gradiend
import Models
import Tensors
import TestSupport
import Testing
import Tokenization

/// What rewritten models are judged by: words of classes, names, and the language model's texts.
@Suite struct DecoderProbeTests {
    private let model: Transformer
    private let task: PredictionTask
    private let pair = ClassPair(positive: "she", negative: "he")

    init() throws {
        model = try SmallTask.model()
        task = try PredictionTask(for: model)
    }

    /// Log-probabilities after a text, by token.
    private func logProbabilities(after text: String) throws -> Tensor {
        let tokens = task.beginning + task.tokenizer.encode(text)
        let run = try model.run([tokens], logits: .last)
        return try #require(run.logProbabilities).reshaped([model.config.dVocab])
    }

    private func p(_ entry: String, after text: String) throws -> Double {
        exp(Double(try logProbabilities(after: text)[try #require(task.tokenizer.id(of: entry))]))
    }

    private func row(
        _ masked: String, _ classes: (String, String), _ words: (String, String)
    ) -> FeatureRow {
        FeatureRow(masked: masked, split: .test, classes: classes, words: words)
    }

    /// Without neutral texts the rows' own texts count, but for the classes' words in them.
    @Test func languageModelOfRows() throws {
        let rows = [
            row("the cat ran because [MASK] was tired", ("she", "he"), ("she", "he")),
            row("ben ran because [MASK] was she", ("he", "she"), ("he", "she")),
        ]
        let words = Set(["she", "Ġshe", "he", "Ġhe"].compactMap { task.tokenizer.id(of: $0) })
        var (sum, count, left) = (0.0, 0, 0)
        for row in rows {
            let tokens = task.beginning + task.tokenizer.encode(row.text)
            let losses = try #require(try model.run([tokens]).lossPerToken).values
            for (token, loss) in zip(tokens.dropFirst(), losses) {
                if words.contains(token) {
                    left += 1
                } else {
                    sum += Double(loss)
                    count += 1
                }
            }
        }
        #expect(left >= 3 && count > left)
        let probe = try DecoderProbe(rows, classes: pair, with: task)
        #expect(probe.languageModelTexts == .rows)
        let lms = try probe.scores(of: model).lms
        #expect(abs(lms - 1 / (1 + sum / Double(count))) < 1e-6)
        // Neutral texts count whole.
        let neutral = try DecoderProbe(
            rows, neutral: [rows[0].text], classes: pair, with: task)
        #expect(neutral.languageModelTexts == .neutral)
        let loss = try #require(
            try model.run([task.beginning + task.tokenizer.encode(rows[0].text)]).loss)
        #expect(abs(try neutral.scores(of: model).lms - 1 / (1 + loss)) < 1e-6)
    }

    @Test func textsWithNothingToPredict() throws {
        let rows = [
            row("she [MASK]", ("she", "he"), ("she", "he")),
            row("he [MASK]", ("he", "she"), ("he", "she")),
        ]
        #expect(throws: GradiendError.self) { try DecoderProbe(rows, classes: pair, with: task) }
        #expect(throws: GradiendError.self) {
            try DecoderProbe(rows, neutral: [""], classes: pair, with: task)
        }
    }

    /// Names in any case and with or without a space count by their shares, F being of women
    /// whatever the classes are called.
    @Test func names() throws {
        let rows = SmallTask.rows()
        let known = [
            GivenName("Anna", pFemale: 0.75, split: .test), .init("ben", pFemale: 0, split: .test),
            .init("xyz", pFemale: 1, split: .test),
        ]
        // As many as NAMEXTEND has, of which hardly any is one token.
        let many = known + (0..<40_351).map { GivenName("n\($0)me", pFemale: 1, split: .test) }
        let texts = ["the cat [NAME] ran", "anna was [NAME]"]
        for classes in [pair, ClassPair(positive: "he", negative: "she")] {
            let probe = try DecoderProbe(rows, classes: classes, with: task, atMost: 4)
            #expect(probe.groups == classes)
            let judged = try probe.judging(names: many, in: texts, with: task)
            #expect(judged.groups == DecoderProbe.names)
            let said = try ["the cat", "anna was"].map { text in
                let anna = try p("anna", after: text) + p("Ġanna", after: text)
                let ben = try p("ben", after: text) + p("Ġben", after: text)
                return (first: 0.75 * anna, second: 0.25 * anna + ben)
            }
            let (bias, expected) = (try judged.scores(of: model).bias, BiasScores(said))
            for measure in [
                \BiasScores.first, \.second, \.balanced, \.onlyFirst, \.onlySecond,
                \.meanDifference,
            ] {
                #expect(abs(bias[keyPath: measure] - expected[keyPath: measure]) < 1e-7)
            }
        }
        let probe = try DecoderProbe(rows, classes: pair, with: task, atMost: 4)
        #expect(throws: GradiendError.self) {
            try probe.judging(names: [known[2]], in: texts, with: task)
        }
        #expect(throws: GradiendError.self) {
            try probe.judging(names: known, in: ["nobody ran"], with: task)
        }
    }

    /// Where classes share a word each row's own two words count, elsewhere all words of a class.
    @Test func sharedWords() throws {
        let text = "the cat ran because"
        func rows(_ second: String) -> [FeatureRow] {
            [
                row(text + " [MASK] was", ("a", "b"), ("he", second)),
                row(text + " [MASK] was", ("a", "b"), ("she", "ben")),
                row(text + " [MASK] ran", ("b", "a"), ("ben", "he")),
            ]
        }
        let classes = ClassPair(positive: "a", negative: "b")
        let (he, she) = (try p("Ġhe", after: text), try p("Ġshe", after: text))
        let (ben, anna) = (try p("Ġben", after: text), try p("Ġanna", after: text))
        func scores(_ second: String, _ counting: WordCounting?) throws -> [String: [String:
            Double]]
        {
            try DecoderProbe(rows(second), classes: classes, with: task, counting: counting)
                .scores(of: model).probabilities
        }
        func expect(
            _ said: [String: [String: Double]], _ expected: [Double], _ what: String
        ) throws {
            let all = try ["a", "b"].flatMap { texts in
                try ["a", "b"].map { try #require(said[texts]?[$0]) }
            }
            #expect(zip(all, expected).allSatisfy { abs($0 - $1) < 1e-7 }, "\(what)")
        }
        // b has she, too.
        try expect(scores("she", nil), [(he + she) / 2, (she + ben) / 2, he, ben], "shared")
        let shared = try DecoderProbe(rows("she"), classes: classes, with: task)
        #expect(shared.counting == .rows)
        #expect(throws: GradiendError.self) { try scores("she", .classes) }
        try expect(scores("anna", nil), [he + she, ben + anna, he + she, ben + anna], "sums")
        try expect(scores("anna", .rows), [(he + she) / 2, (anna + ben) / 2, he, ben], "own")
        #expect(try DecoderProbe(rows("anna"), classes: classes, with: task).counting == .classes)
    }

    /// *I* stays in upper case beside *we*; a class's words take the case of the row's.
    @Test func upperCase() throws {
        func said(
            _ rows: [FeatureRow], _ classes: ClassPair
        ) throws -> [String: [String: Double]] {
            try DecoderProbe(rows, classes: classes, with: task).scores(of: model).probabilities
        }
        // Without a space words begin with the token of their first letter.
        let text = "the cat ("
        let pronouns = try said(
            [
                row(text + "[MASK] ran", ("we", "I"), ("we", "I")),
                row(text + "[MASK] ran", ("I", "we"), ("I", "we")),
            ], ClassPair(positive: "I", negative: "we"))
        for texts in ["I", "we"] {
            #expect(abs(try #require(pronouns[texts]?["I"]) - p("I", after: text)) < 1e-7)
            #expect(abs(try #require(pronouns[texts]?["we"]) - p("w", after: text)) < 1e-7)
        }
        let names = try said(
            [
                row(text + "[MASK] ran", ("she", "he"), ("She", "He")),
                row(text + "[MASK] ran", ("he", "she"), ("he", "she")),
            ], pair)
        #expect(abs(try #require(names["she"]?["he"]) - p("H", after: text)) < 1e-7)
        #expect(abs(try #require(names["he"]?["she"]) - p("she", after: text)) < 1e-7)
    }
}
