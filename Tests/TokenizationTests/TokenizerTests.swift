import Foundation
import Tensors
import Testing
import Tokenization

@Suite struct TokenizerTests {
    private let organism: Tokenizer

    init() throws {
        organism = try GoldenFiles.organism()
    }

    @Test func textComesBack() {
        var generator = SeededGenerator(seed: 1, stream: "texts")
        for _ in 0..<2000 {
            let text = randomText(length: Int.random(in: 0...40, using: &generator), &generator)
            let back = organism.decode(organism.encode(text))
            #expect(Array(back.utf8) == Array(text.utf8), "\(text.debugDescription)")
        }
    }

    /// Against byte-pair encoding as the paper writes it: join the best pair, look at all again.
    @Test func wordsSplitAsThePlainAlgorithmSplitsThem() throws {
        let merges = try Self.mergesOfOrganism()
        let ranks = Dictionary(
            uniqueKeysWithValues: merges.enumerated().map { ($0.element, $0.offset) })
        var generator = SeededGenerator(seed: 2, stream: "words")
        for round in 0..<300 {
            let letters = round % 3 == 0 ? "the" : "aeinorstdhlu"
            let count = Int.random(in: 1...(round % 10 == 0 ? 200 : 20), using: &generator)
            let word = String((0..<count).map { _ in letters.randomElement(using: &generator)! })
            let expected = plainBytePairEncoding(word, ranks)
            #expect(organism.encode(word).map(organism.entry) == expected, "\(word)")
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func longWordsTakeNoLongerThanTheyShould() {
        for text in ["a", "the", "!", "\n", "é", "0"].map({ String(repeating: $0, count: 100_000) })
        {
            #expect(organism.decode(organism.encode(text)) == text)
        }
    }

    @Test func bothConstructorsAgree() throws {
        let json = try JSONSerialization.jsonObject(with: Data(GoldenFiles.organismJSON()))
        let model = try #require((json as? [String: Any])?["model"] as? [String: Any])
        let vocabulary = try JSONSerialization.data(withJSONObject: try #require(model["vocab"]))
        let merges = try Self.mergesOfOrganism().map { $0.joined(separator: " ") }
        let other = try Tokenizer(
            vocabularyJSON: Array(vocabulary),
            merges: Array(("#version: 0.2\r\n" + merges.joined(separator: "\r\n")).utf8),
            sources: ("vocab.json", "merges.txt"))
        #expect(other.vocabularySize == organism.vocabularySize)
        #expect(other.beginningOfText == organism.beginningOfText)
        for id in 0..<organism.vocabularySize {
            #expect(other.entry(of: id) == organism.entry(of: id))
        }
        for example in try GoldenFiles.golden().cases {
            #expect(other.encode(example.text) == example.organism)
        }
    }

    @Test func entriesAndIdsAreInverse() {
        for id in 0..<organism.vocabularySize {
            #expect(organism.id(of: organism.entry(of: id)) == id)
        }
        #expect(organism.id(of: "no such entry") == nil)
        #expect(organism.string(of: organism.id(of: "Ġt") ?? -1) == " t")
    }

    @Test func idsWithoutATokenGiveNoText() {
        for id in [-1, .min, organism.vocabularySize, 50_000, .max] {
            #expect(organism.entry(of: id) == "")
            #expect(organism.string(of: id) == "")
            #expect(organism.decode([72, id, 68]) == organism.decode([72, 68]))
        }
    }

    @Test func specialTokensAreFoundAndSkipped() throws {
        let text = "she<|endoftext|> he"
        let ids = organism.encode(text)
        let end = try #require(organism.beginningOfText)
        #expect(ids.contains(end))
        #expect(organism.decode(ids) == text)
        #expect(organism.decode(ids, skippingSpecialTokens: true) == "she he")
        #expect(try organism.singleToken("<|endoftext|>") == end)
    }

    @Test func oneTokenIsAskedFor() throws {
        let small = try Tokenizer(
            tokenizerJSON: Array(SmallTokenizer.tokenizerJSON.utf8), source: "tokenizer.json")
        #expect(try small.singleToken(" the") == 258)
        let several = #expect(throws: TokenizerError.self) { try small.singleToken(" thex\n") }
        #expect(
            several?.description
                == #"" thex\n" is 3 tokens: " the" + "x" + "\n"; give an answer that is one token"#)
        let none = #expect(throws: TokenizerError.self) { try small.singleToken("") }
        #expect(none?.description == #""" is no token at all; give an answer that is one token"#)
        let many = #expect(throws: TokenizerError.self) {
            try small.singleToken(String(repeating: "x", count: 1000))
        }
        #expect(many.map { $0.description.count < 300 } == true)
    }

    private static func mergesOfOrganism() throws -> [[String]] {
        let json = try JSONSerialization.jsonObject(with: Data(GoldenFiles.organismJSON()))
        let model = try #require((json as? [String: Any])?["model"] as? [String: Any])
        return try #require(model["merges"] as? [[String]])
    }

    private func plainBytePairEncoding(_ word: String, _ ranks: [[String]: Int]) -> [String] {
        var symbols = word.map(String.init)
        while symbols.count > 1 {
            let joins = (0..<symbols.count - 1).compactMap { index in
                ranks[[symbols[index], symbols[index + 1]]].map { (rank: $0, index: index) }
            }
            guard let best = joins.min(by: { $0 < $1 }) else { break }
            symbols[best.index...best.index + 1] = [symbols[best.index] + symbols[best.index + 1]]
        }
        return symbols
    }

    private func randomText(length: Int, _ generator: inout SeededGenerator) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<length {
            let highest: UInt32 = [0x7f, 0x7f, 0x2ff, 0xffff, 0x10ffff].randomElement(
                using: &generator)!
            let value = UInt32.random(in: 0...highest, using: &generator)
            if let scalar = Unicode.Scalar(value) { text.append(scalar) }
        }
        return String(text)
    }
}
