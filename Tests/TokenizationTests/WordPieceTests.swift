import Foundation
import TestSupport
import Testing
import Tokenization

/// BERT's and RoBERTa's tokens, as the Python library `tokenizers` makes them.
@Suite struct WordPieceTests {
    struct Case: Decodable {
        let text: String
        let ids: [Int]
        let decoded: String
        let skipping: String
    }

    private static func bytes(_ name: String) throws -> [UInt8] {
        try Repository.bytes(Repository.golden("wordpiece/\(name)"))
    }

    private static func cases(_ name: String) throws -> [Case] {
        let all = try JSONDecoder().decode(
            [String: [Case]].self, from: Data(bytes("golden.json")))
        return all[name] ?? []
    }

    private static func tokenizer(_ name: String) throws -> Tokenizer {
        try Tokenizer(tokenizerJSON: bytes("\(name).json"), source: "\(name).json")
    }

    private func expectAgreement(_ tokenizer: Tokenizer, _ cases: [Case]) {
        #expect(cases.count > 100)
        for example in cases {
            let comment: Comment = "\(example.text.debugDescription)"
            let ids = tokenizer.encodeWithSpecialTokens(example.text)
            #expect(ids == example.ids, comment)
            #expect(isSame(tokenizer.decode(example.ids), example.decoded), comment)
            let plain = tokenizer.decode(example.ids, skippingSpecialTokens: true)
            #expect(isSame(plain, example.skipping), comment)
        }
    }

    /// Scalar by scalar: Swift takes different spellings of a character for equal.
    private func isSame(_ a: String, _ b: String) -> Bool {
        Array(a.unicodeScalars) == Array(b.unicodeScalars)
    }

    @Test(arguments: ["uncased", "cased", "roberta", "words"])
    func agreesWithTokenizers(_ name: String) throws {
        try expectAgreement(Self.tokenizer(name), Self.cases(name))
    }

    @Test func aVocabularyAloneIsTheSame() throws {
        let plain = try Tokenizer(
            vocabularyText: Self.bytes("uncased.txt"), sources: ("vocab.txt", ""))
        try expectAgreement(plain, Self.cases("uncased"))
    }

    /// RoBERTa's two files say nothing about special tokens.
    @Test func robertasTwoFilesAreTheSame() throws {
        let file = try #require(
            try JSONSerialization.jsonObject(with: Data(Self.bytes("roberta.json")))
                as? [String: Any])
        let model = try #require(file["model"] as? [String: Any])
        var vocabulary = try #require(model["vocab"] as? [String: Int])
        vocabulary["<mask>"] = vocabulary.count
        let merges = try #require(model["merges"] as? [[String]]).map { $0.joined(separator: " ") }
        let tokenizer = try Tokenizer(
            vocabularyJSON: Array(JSONSerialization.data(withJSONObject: vocabulary)),
            merges: Array(("#version: 0.2\n" + merges.joined(separator: "\n")).utf8),
            sources: ("vocab.json", "merges.txt"))
        try expectAgreement(tokenizer, Self.cases("roberta"))
        #expect(tokenizer.mask == vocabulary["<mask>"])
    }

    @Test func settingsOfAVocabulary() throws {
        func tokens(_ text: String, _ settings: String?) throws -> [Int] {
            try Tokenizer(
                vocabularyText: Self.bytes("uncased.txt"),
                settings: settings.map { Array($0.utf8) },
                sources: ("vocab.txt", "tokenizer_config.json")
            ).encode(text)
        }
        let (the, unknown) = (try tokens("the", nil), 1)
        #expect(try tokens("THE", nil) == the)
        #expect(try tokens("THE", #"{"do_lower_case": true}"#) == the)
        #expect(try tokens("THE", #"{"do_lower_case": false}"#) == [unknown])
        #expect(try tokens("th\u{e9}", nil) == the)
        #expect(try tokens("th\u{e9}", #"{"strip_accents": false}"#) != the)
        #expect(
            try tokens("the\u{4e2d}the", #"{"tokenize_chinese_chars": false}"#)
                != tokens("the\u{4e2d}the", nil))
    }

    @Test func specialTokens() throws {
        let (bert, roberta) = (try Self.tokenizer("uncased"), try Self.tokenizer("roberta"))
        #expect(bert.mask == 4 && bert.padding == 0 && bert.beginningOfText == nil)
        #expect(roberta.mask == roberta.id(of: "<mask>") && roberta.padding == 1)
        #expect(bert.joinsWordsWithSpaces && !roberta.joinsWordsWithSpaces)
        #expect(bert.encodeWithSpecialTokens("") == [2, 3])
        #expect(try bert.singleToken(" she") == bert.singleToken("she"))
    }

    @Test(
        arguments: [
            ("", "is empty"), ("\n\n", "is empty"), ("a\nb", "there is no [UNK]"),
            ("[UNK]\na\nb\na\n", "line 4: \"a\" stands on line 2 already"),
        ])
    func damagedVocabularies(_ text: String, _ says: String) throws {
        let error = #expect(throws: TokenizerError.self) {
            try Tokenizer(vocabularyText: Array(text.utf8), sources: ("vocab.txt", ""))
        }
        #expect(error?.description.contains("vocab.txt") == true)
        #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
    }

    @Test func bytesThatAreNoText() throws {
        let error = #expect(throws: TokenizerError.self) {
            try Tokenizer(
                vocabularyText: Array("[UNK]\n".utf8) + [0xff, 0xfe], sources: ("vocab.txt", ""))
        }
        #expect(error?.description.contains("line 2: it is not UTF-8 text") == true)
    }

    @Test(arguments: [
        ("\"unk_token\":\"[UNK]\"", "\"unk_token\":\"[X]\"", "model.unk_token"),
        ("\"type\":\"BertNormalizer\"", "\"type\":\"NFKC\"", "the normalizer NFKC"),
        ("\"type\":\"BertPreTokenizer\"", "\"type\":\"Metaspace\"", "pre-tokenizer Metaspace"),
        ("\"prefix\":\"##\"", "\"prefix\":\"@@\"", "another prefix"),
        ("\"ids\":[2]", "\"ids\":[\"2\"]", "post_processor.special_tokens"),
        ("\"special_tokens\":{\"[CLS]\"", "\"special_tokens\":{\"[CLZ]\"", "has no \"[CLS]\""),
        ("\"max_input_chars_per_word\":100", "\"max_input_chars_per_word\":\"x\"", "per_word"),
    ])
    func damagedFiles(_ old: String, _ new: String, _ says: String) throws {
        let text = String(decoding: try Self.bytes("uncased.json"), as: UTF8.self)
        let parts = text.components(separatedBy: old)
        #expect(parts.count >= 2)
        let error = #expect(throws: TokenizerError.self) {
            try Tokenizer(
                tokenizerJSON: Array(parts.joined(separator: new).utf8), source: "tokenizer.json")
        }
        #expect(error?.description.contains("tokenizer.json") == true)
        #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
    }
}
