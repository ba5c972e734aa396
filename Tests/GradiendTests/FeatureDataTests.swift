import Gradiend
import Models
import Results
import Tensors
import TestSupport
import Testing
import Tokenization

/// Rows from tables, templates and texts, and what becomes of them for a model.
@Suite struct FeatureDataTests {
    private func table(_ rows: [[String: String]]) -> TextTable {
        TextTable(
            source: "rows.csv", columns: Set(rows.flatMap(\.keys)).sorted(), rows: rows)
    }

    @Test func unifiedTables() throws {
        let row = [
            "masked": "a [MASK] b", "split": "val", "factual_class": "F", "alternative_class": "M",
            "factual": "she", "alternative": "he",
        ]
        let rows = try [FeatureRow](table([row]))
        #expect(rows.count == 1 && rows[0].split == .validation && rows[0].transition == "F→M")
        for column in ["masked", "factual", "split"] {
            var bad = row
            bad[column] = column == "split" ? "often" : ""
            #expect(throws: CSVError.self) { try [FeatureRow](table([bad])) }
        }
        #expect(throws: CSVError.self) { try [FeatureRow](table([["masked": "a [MASK]"]])) }
        var without = row
        without["masked"] = "no gap"
        #expect(throws: CSVError.self) { try [FeatureRow](table([without])) }
    }

    /// The counterpart is one of the other class's words, in the same case.
    @Test func mergedTables() throws {
        let rows = try [FeatureRow](
            table([
                ["masked": "[MASK] ran", "label_class": "3PL", "label": "They"],
                ["masked": "a [MASK]", "label_class": "3SG", "label": "he"],
                ["masked": "b [MASK]", "label_class": "3SG", "label": "she"],
            ]))
        #expect(rows.count == 3 && rows.allSatisfy { $0.factualClass != $0.alternativeClass })
        #expect(["He", "She"].contains(rows[0].alternative) && rows[1].alternative == "they")
    }

    @Test func classTables() throws {
        let rows = try [FeatureRow](byClass: [
            (
                "white",
                table([["masked": "a [MASK]", "white": "x", "black": "y", "split": "test"]])
            ),
            (
                "black",
                table([["masked": "b [MASK]", "white": "p", "black": "q", "split": "train"]])
            ),
        ])
        #expect(rows.map(\.transition) == ["white→black", "black→white"])
        #expect(rows[1].factual == "q" && rows[1].alternative == "p")
    }

    @Test func templates() throws {
        let names = [
            GivenName("Anna", pFemale: 1, split: .train), .init("Ben", pFemale: 0, split: .train),
            .init("Sam", pFemale: 0.5, split: .train),
        ]
        let maker = TemplateMaker(names: names, excluding: ["king"], minimum: 10)
        let made = maker.template(of: "Anna ran home and she was tired.", split: .train)
        #expect(made?.masked == "[NAME] ran home and [PRONOUN] was tired.")
        for text in [
            "Anna ran.", "Anna ran home and he was tired.", "She ran home with Anna today.",
            "Anna ran home and she lost her hat.", "Anna and Ben ran; she was tired.",
            "Sam ran home and she was tired.", "Anna saw the king and she was tired.",
            "Anna said \"yes\" and she was tired.",
        ] {
            #expect(maker.template(of: text, split: .train) == nil, "\(text)")
        }
        #expect(maker.isNeutral("The bus was late today."))
        #expect(!maker.isNeutral("The bus of Sam was late."))
        let rows = try [FeatureRow](
            filling: [
                NameTemplate(masked: "[NAME] ran because [PRONOUN] was late.", split: .train),
                .init(masked: "[NAME] ran. [PRONOUN] was late.", split: .train),
            ], with: names)
        #expect(rows.count == 4 && rows[0].masked == "Anna ran because [MASK] was late.")
        #expect(rows[0].factual == "she" && rows[1].factual == "She" && rows[2].factual == "he")
        #expect(throws: GradiendError.self) {
            try [FeatureRow](
                filling: [NameTemplate(masked: "[NAME] [PRONOUN]", split: .test)], with: names)
        }
    }

    @Test func sentencesOfARunningText() {
        #expect(
            "Anna ran. \"Why?\" she asked. Ben (4.5 km away!) slept… He dreamt.".sentences
                == ["Anna ran.", "\"Why?\" she asked.", "Ben (4.5 km away!) slept… He dreamt."])
        #expect("no end".sentences == ["no end"] && "".sentences == [])
        #expect("One.  Two.\nThree.".sentences == ["One.", "Two.", "Three."])
    }

    /// What is written reads back.
    @Test func writtenRows() throws {
        let rows = [
            FeatureRow(
                masked: "\"a, b\"\r\nthen [MASK]", split: .validation, classes: ("F", "M"),
                words: ("she", "he"))
        ]
        try Repository.withTemporaryFolder { folder in
            try Repository.write(Array(rows.csv().utf8), to: "\(folder)/rows.csv")
            let table = try TextTable(Blob(mapping: "\(folder)/rows.csv"))
            #expect(try [FeatureRow](table) == rows)
        }
    }

    @Test func divisions() throws {
        let rows = (0..<200).map { index in
            FeatureRow(
                masked: "\(index) [MASK]", split: .train,
                classes: index % 2 == 0 ? ("A", "B") : ("B", "A"),
                words: ("w\(index % 10)", "v"))
        }
        let random = try rows.divided(by: .random, seed: 1)
        let counts = Split.allCases.map { split in random.count { $0.split == split } }
        #expect(counts == [160, 20, 20])
        let held = try rows.divided(by: .heldOutWords, seed: 1)
        for split in Split.allCases {
            let words = Set(held.filter { $0.split == split }.map(\.factual))
            let others = Set(held.filter { $0.split != split }.map(\.factual))
            #expect(!words.isEmpty && words.isDisjoint(with: others))
        }
    }

    /// The stripped text predicts the word with its space; the package's mode has the word in the
    /// place of the dangling space.
    @Test func placesOfTheWord() throws {
        let model = try SmallTask.model()
        let tokenizer = try SmallTask.tokenizer()
        let masked = "the cat ran because [MASK] was tired"
        let next = try PredictionTask(for: model, prependBOS: false)
            .prediction(of: "she", in: masked, number: 0)
        #expect(next.tokens == tokenizer.encode("the cat ran because"))
        #expect(
            next.labels == [
                .init(
                    position: next.tokens.count - 1,
                    token: try #require(
                        tokenizer.id(of: "Ġshe")))
            ])
        let last = try PredictionTask(for: model, place: .last)
            .prediction(of: "she", in: masked, number: 0)
        #expect(last.tokens == tokenizer.encode("the cat ran because ").dropLast())
        #expect(last.labels.map(\.token) == [tokenizer.id(of: "she")])
        let short = try PredictionTask(for: model, prependBOS: false, maxLength: 3)
            .prediction(of: "she", in: masked, number: 0)
        #expect(short.tokens == next.tokens.suffix(3))
        #expect(throws: GradiendError.self) { try PredictionTask(for: model, place: .mask) }
        #expect(throws: GradiendError.self) { try PredictionTask(for: Transformer.small()) }
    }
}
