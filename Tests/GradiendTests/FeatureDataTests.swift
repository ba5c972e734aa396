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
        var filled = rows[0]
        (filled.template, filled.followsSentences) = ("[NAME], [PRONOUN]", true)
        for rows in [rows, rows + [filled]] {
            try Repository.withTemporaryFolder { folder in
                try Repository.write(Array(rows.csv().utf8), to: "\(folder)/rows.csv")
                let table = try TextTable(Blob(mapping: "\(folder)/rows.csv"))
                #expect(try [FeatureRow](table) == rows)
            }
        }
    }

    /// Every gap has the case of its place.
    @Test func pronounsFollowSentences() throws {
        let names = [
            GivenName("Anna", pFemale: 1, split: .train), .init("Ben", pFemale: 0, split: .train),
        ]
        let template = NameTemplate(
            masked:
                "[NAME] ran as [PRONOUN] fell. [PRONOUN] knew [PRONOUN] would! \"[PRONOUN] did.\"",
            split: .train)
        let rows = try [FeatureRow](filling: [template], with: names)
        #expect(rows[0].text == "Anna ran as she fell. She knew she would! \"She did.\"")
        #expect(rows[1].text == "Ben ran as he fell. He knew he would! \"He did.\"")
        let first = NameTemplate(
            masked: "[NAME] ran. [PRONOUN] knew [PRONOUN] fell.", split: .train)
        #expect(
            try [FeatureRow](filling: [first], with: names).map(\.text) == [
                "Anna ran. She knew she fell.", "Ben ran. He knew he fell.",
            ])
    }

    /// The names of a template have equally many tokens; a name that only one gender has of its
    /// length is not taken.
    @Test func namesAreEquallyLong() throws {
        let tokenizer = try SmallTask.tokenizer()
        // One token: anna, ben, cat; longer ones are bytes.
        let names = [("anna", 1.0), ("zoe", 1), ("mary", 1), ("ben", 0), ("cat", 0), ("max", 0)]
            .map { GivenName($0.0, pFemale: $0.1, split: .train) }
        let templates = (0..<60).map {
            NameTemplate(masked: "[NAME] ran \($0) as [PRONOUN]", split: .train)
        }
        let rows = try [FeatureRow](
            filling: templates, with: names, namesPerTemplate: 2, countingBy: tokenizer)
        let (women, men) = (rows[..<120], rows[120...])
        let name = { (row: FeatureRow) in String(row.masked.prefix { $0 != " " }) }
        for (woman, man) in zip(women, men) {
            #expect(woman.factual == "she" && man.factual == "he")
            #expect(tokenizer.encode(name(woman)).count == tokenizer.encode(name(man)).count)
        }
        #expect(Set(women.map(name)) == ["anna", "zoe"])
        #expect(Set(men.map(name)) == ["ben", "cat", "max"])
        // Without names of one length any are taken.
        let uneven = try [FeatureRow](
            filling: templates, with: names.filter { ["mary", "ben"].contains($0.name) },
            countingBy: tokenizer)
        #expect(Set(uneven.map(name)) == ["mary", "ben"])
    }

    /// NAMEXACT has a gender, NAMEXTEND also shares; without them they are of the counts.
    @Test func nameTables() throws {
        func names(_ rows: [[String: String]]) throws -> [String: Double] {
            Dictionary(
                try GivenName.read(table(rows)).map { ($0.name, $0.pFemale) },
                uniquingKeysWith: { _, _ in .nan })
        }
        #expect(
            try names([
                ["name": "Anna", "gender": "F", "count": "9", "split": "val"],
                ["name": "Ben", "gender": "M", "count": "9", "split": "val"],
            ]) == ["Anna": 1, "Ben": 0])
        let ambiguous = [
            ["name": "Kim", "gender": "F", "count": "30", "probability": "0.2"],
            ["name": "Ben", "gender": "M", "count": "5", "probability": "0.1"],
            ["name": "Kim", "gender": "M", "count": "10", "probability": "0.2"],
        ]
        #expect(try names(ambiguous) == ["Kim": 0.75, "Ben": 0])
        let without = { (gone: Set<String>) in
            ambiguous.map { $0.filter { !gone.contains($0.key) } }
        }
        #expect(try names(without(["count"])) == ["Kim": 0.5, "Ben": 0])
        #expect(try names(without(["count", "probability"])) == ["Kim": 0.5, "Ben": 0])
        let shares = ambiguous.map {
            $0.merging(["prob_F": $0["name"] == "Kim" ? "0.7" : "0"]) { $1 }
        }
        #expect(abs(try #require(names(shares)["Kim"]) - 0.7) < 1e-12)
        for (column, text) in [("gender", "X"), ("count", "-1"), ("count", "nan"), ("prob_F", "2")]
        {
            var bad = column == "prob_F" ? shares : ambiguous
            bad[1][column] = text
            #expect(throws: CSVError.self, "\(column)") { try names(bad) }
        }
    }

    /// Classes taken together lose the rows between them; rows without contrast stay, and are added
    /// once for a text.
    @Test func mergingAndIdentities() throws {
        func row(_ text: String, _ classes: (String, String), _ words: (String, String))
            -> FeatureRow
        {
            FeatureRow(masked: text, split: .train, classes: classes, words: words)
        }
        let rows = [
            row("a [MASK]", ("he", "she"), ("he", "she")),
            row("b [MASK]", ("he", "they"), ("he", "they")),
            row("c [MASK]", ("they", "he"), ("they", "he")),
            row("c [MASK]", ("they", "she"), ("they", "she")),
            row("d [MASK]", ("I", "he"), ("I", "he")),
            row("e [MASK]", ("she", "she"), ("she", "she")),
        ]
        let merged = rows.merging(["he": "3SG", "she": "3SG"])
        #expect(
            merged.map(\.transition) == ["3SG→they", "they→3SG", "they→3SG", "I→3SG", "3SG→3SG"])
        #expect(merged.map(\.isIdentity) == [false, false, false, false, true])
        let pair = ClassPair(positive: "he", negative: "she")
        let added = rows.addingIdentities(outside: pair).dropFirst(rows.count)
        #expect(added.map(\.masked) == ["c [MASK]", "d [MASK]"])
        #expect(added.allSatisfy { $0.isIdentity && pair.label(of: $0, reading: .factual) == 0 })
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
