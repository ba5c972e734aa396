import Foundation
import Models
import Tensors
import TestSupport
import Testing

/// Logits of the organism against `transformers`.
@Suite struct LogitGoldenTests {
    /// `prompt-logits.json`, made by `make_logits.py` beside it.
    private struct Golden: Decodable {
        struct Entry: Decodable {
            let ids: [Int]
            let logits: [Float]
        }
        struct Case: Decodable {
            let text: String?
            let tokens: [Int]
            let single: Entry
            let batch: Entry
        }
        let cases: [Case]
    }

    private func golden() throws -> [Golden.Case] {
        let bytes = try Repository.bytes(Repository.golden("organism/prompt-logits.json"))
        return try JSONDecoder().decode(Golden.self, from: Data(bytes)).cases
    }

    private func expectSame(_ logits: Tensor, _ entry: Golden.Entry, _ what: String) {
        let ours = entry.ids.map { logits.values[$0] }
        let shape = [entry.ids.count]
        expectClose(Tensor(shape, ours), Tensor(shape, entry.logits), atol: 1e-4, what)
    }

    @Test func promptsAlone() throws {
        let model = try Transformer.embedded()
        for golden in try golden() {
            if let text = golden.text { #expect(try model.tokens(text) == golden.tokens) }
            let logits = try #require(try model.run([golden.tokens]).logits)[at: 0]
            expectSame(logits[at: golden.tokens.count - 1], golden.single, golden.text ?? "longest")
        }
    }

    @Test func promptsOfManyLengthsInOneBatch() throws {
        let model = try Transformer.embedded()
        let cases = try golden()
        #expect(Set(cases.map(\.tokens.count)).count >= 5)
        let all = try #require(try model.run(cases.map(\.tokens)).logits)
        let last = try #require(try model.run(cases.map(\.tokens), logits: .last).logits)
        for (index, golden) in cases.enumerated() {
            let logits = all[at: index][at: golden.tokens.count - 1]
            expectSame(logits, golden.batch, golden.text ?? "longest")
            expectSame(last[at: index][at: 0], golden.batch, golden.text ?? "longest")
        }
    }

    @Test(arguments: ["clean", "corrupted"]) func everyLogitOfThePatchingPrompts(_ which: String)
        throws
    {
        struct File: Decodable {
            let clean: [Int]
            let corrupted: [Int]
            let clean_logits_last: [Float]
            let corrupted_logits_last: [Float]
        }
        let bytes = try Repository.bytes(Repository.golden("organism/logits.json"))
        let file = try JSONDecoder().decode(File.self, from: Data(bytes))
        let (tokens, golden) =
            which == "clean"
            ? (file.clean, file.clean_logits_last) : (file.corrupted, file.corrupted_logits_last)
        let logits = try #require(try Transformer.embedded().run([tokens], logits: .last).logits)
        expectClose(logits, Tensor([1, 1, golden.count], golden), atol: 1e-4, which)
    }
}
