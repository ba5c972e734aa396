import Foundation
import TestSupport
import Testing
import Tokenization

/// Vocabularies learnt from text against those of the `tokenizers` library.
@Suite struct TrainingTests {
    struct Golden: Decodable, Sendable {
        struct Case: Decodable, Sendable {
            let text: String
            let size: Int
            let frequency: Int
            let entries: [String]
            let merges: [[String]]
        }

        let cases: [Case]
    }

    private static func cases() throws -> [Golden.Case] {
        let bytes = try Repository.bytes(Repository.golden("tokenization/training.json"))
        return try JSONDecoder().decode(Golden.self, from: Data(bytes)).cases
    }

    @Test func vocabulariesAreThoseOfTokenizers() throws {
        for golden in try Self.cases() {
            var trainer = BytePairTrainer()
            trainer.add(golden.text)
            let learnt = trainer.vocabulary(ofSize: golden.size, atLeast: golden.frequency)
            #expect(learnt.merges.map { [$0.0, $0.1] } == golden.merges)
            #expect(learnt.entries == golden.entries)
        }
    }

    @Test func filesReadBackAsOneTokenizer() throws {
        let golden = try #require(try Self.cases().first)
        var trainer = BytePairTrainer()
        trainer.add(golden.text)
        let learnt = trainer.vocabulary(ofSize: golden.size)
        let one = try learnt.tokenizer()
        let two = try Tokenizer(
            vocabularyJSON: learnt.vocabularyJSON(), merges: learnt.mergesText,
            sources: ("vocab.json", "merges.txt"))
        #expect(one.vocabularySize == learnt.entries.count)
        #expect(one.beginningOfText == learnt.entries.count - 1)
        let text = golden.text + "<|endoftext|> unseen wörds \u{1f600}"
        #expect(one.encode(text) == two.encode(text))
        #expect(one.decode(one.encode(text)) == text)
        #expect(one.encode(golden.text).count < golden.text.utf8.count / 2)
    }

    /// The words count, not where the texts were cut.
    @Test func textsAddUp() throws {
        let golden = try #require(try Self.cases().last { !$0.text.isEmpty })
        var (whole, parts) = (BytePairTrainer(), BytePairTrainer())
        whole.add(golden.text)
        for word in golden.text.split(separator: " ").dropFirst() { parts.add(" " + word) }
        parts.add(String(golden.text.prefix { $0 != " " }))
        #expect(
            whole.vocabulary(ofSize: 280).entries == parts.vocabulary(ofSize: 280).entries)
    }
}
