import Foundation
import Testing
import Tokenization

/// Equality with the Python library `tokenizers`.
@Suite struct GoldenTests {
    private let golden: Golden

    init() throws {
        golden = try GoldenFiles.golden()
    }

    @Test func organismAgreesWithTokenizers() throws {
        let tokenizer = try GoldenFiles.organism()
        #expect(golden.cases.count >= 300)
        for example in golden.cases { expect(tokenizer, example.text, example.organism) }
        expectLossy(tokenizer, golden.lossy["organism"])
        #expect(tokenizer.vocabularySize == golden.organismSize)
        #expect(tokenizer.beginningOfText == golden.organismSize - 1)
    }

    @Test(.enabled(if: GoldenFiles.hasGPT2, "needs ../shared/data/tokenizers/gpt2"))
    func gpt2AgreesWithTokenizers() throws {
        let tokenizer = try GoldenFiles.gpt2()
        for example in golden.cases { expect(tokenizer, example.text, example.gpt2) }
        expectLossy(tokenizer, golden.lossy["gpt2"])
        #expect(tokenizer.vocabularySize == 50_257)
        #expect(tokenizer.beginningOfText == 50_256)
        #expect(try tokenizer.singleToken(" he") == 339)
        #expect(try tokenizer.singleToken(" she") == 673)
        #expect(tokenizer.entry(of: 339) == "Ġhe")
    }

    @Test(.enabled(if: GoldenFiles.hasGPT2, "needs ../shared/data/tokenizers/gpt2"))
    func gpt2ReturnsAMegabyteOfText() throws {
        let tokenizer = try GoldenFiles.gpt2()
        var text = ""
        while text.utf8.count < 1_000_000 {
            for example in golden.cases { text += example.text + " " }
        }
        #expect(Array(tokenizer.decode(tokenizer.encode(text)).utf8) == Array(text.utf8))
    }

    /// Other added tokens and settings; each changes the organism's file as the script did.
    @Test func variantsAgreeWithTokenizers() throws {
        let changes = try #require(
            try object(GoldenFiles.goldenJSON())["variants"] as? [[String: Any]])
        for (variant, change) in zip(golden.variants, changes) {
            let tokenizer = try tokenizer(changedBy: change)
            for example in variant.cases {
                let ids = tokenizer.encode(example.text)
                let comment: Comment = "\(variant.name): \(example.text.debugDescription)"
                #expect(ids == example.ids, comment)
                #expect(same(tokenizer.decode(ids), example.decoded), comment)
                let plain = tokenizer.decode(ids, skippingSpecialTokens: true)
                #expect(same(plain, example.skipping), comment)
            }
        }
    }

    private func tokenizer(changedBy change: [String: Any]) throws -> Tokenizer {
        var file = try object(GoldenFiles.organismJSON())
        for part in ["model", "pre_tokenizer"] {
            let old = try #require(file[part] as? [String: Any])
            let new = try #require(change[part] as? [String: Any])
            file[part] = old.merging(new) { $1 }
        }
        file["added_tokens"] = change["added_tokens"]
        let json = try JSONSerialization.data(withJSONObject: file)
        return try Tokenizer(tokenizerJSON: Array(json), source: "tokenizer.json")
    }

    private func object(_ json: [UInt8]) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
    }

    private func expect(_ tokenizer: Tokenizer, _ text: String, _ ids: [Int]) {
        let comment: Comment = "\(text.debugDescription)"
        #expect(tokenizer.encode(text) == ids, comment)
        #expect(same(tokenizer.decode(ids), text), comment)
    }

    private func expectLossy(_ tokenizer: Tokenizer, _ cases: [Golden.Lossy]?) {
        #expect(cases?.isEmpty == false)
        for example in cases ?? [] {
            #expect(same(tokenizer.decode(example.ids), example.text), "\(example.ids)")
        }
    }

    /// Byte for byte; `==` of strings would take composed and decomposed accents for the same.
    private func same(_ a: String, _ b: String) -> Bool {
        Array(a.utf8) == Array(b.utf8)
    }
}
