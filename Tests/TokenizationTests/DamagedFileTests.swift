import Tensors
import Testing
import Tokenization

/// Random damage to valid files: an error or a tokenizer that works, never a trap or a hang.
@Suite struct DamagedFileTests {
    @Test(.timeLimit(.minutes(1)), arguments: 0..<4 as Range<UInt64>)
    func damagedTokenizerIsHarmless(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed, stream: "tokenizer.json")
        let valid = Array(SmallTokenizer.tokenizerJSON.utf8)
        for _ in 0..<500 {
            tryOut {
                try Tokenizer(tokenizerJSON: damaged(valid, &generator), source: "tokenizer.json")
            }
        }
    }

    @Test(.timeLimit(.minutes(1)), arguments: 0..<4 as Range<UInt64>)
    func damagedVocabularyAndMergesAreHarmless(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed, stream: "vocab.json")
        let vocabulary = Array(SmallTokenizer.vocabularyJSON.utf8)
        let merges = Array(SmallTokenizer.mergesText.utf8)
        for round in 0..<500 {
            tryOut {
                try Tokenizer(
                    vocabularyJSON: round % 2 == 0 ? damaged(vocabulary, &generator) : vocabulary,
                    merges: round % 2 == 1 ? damaged(merges, &generator) : merges,
                    sources: ("vocab.json", "merges.txt"))
            }
        }
    }

    private func tryOut(_ make: () throws -> Tokenizer) {
        do {
            let tokenizer = try make()
            let text = "the the  he's 12 é\n<|endoftext|> ½😀"
            let ids = tokenizer.encode(text)
            #expect(ids.allSatisfy { (0..<tokenizer.vocabularySize).contains($0) })
            _ = tokenizer.decode(ids)
        } catch {
            #expect(error is TokenizerError, "\(error)")
        }
    }

    /// One to three changes at random places.
    private func damaged(_ valid: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = valid
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
            damage(&bytes, &generator)
        }
        return bytes
    }

    private func damage(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<6, using: &generator) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: bytes.removeSubrange(place...)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        case 3: bytes.removeSubrange(place..<min(place + 20, bytes.count))
        case 4: bytes.insert(contentsOf: bytes[place..<min(place + 30, bytes.count)], at: place)
        default: replaceNumber(in: &bytes, from: place, &generator)
        }
    }

    private func replaceNumber(
        in bytes: inout [UInt8], from place: Int, _ generator: inout SeededGenerator
    ) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let start = bytes[place...].firstIndex(where: digits.contains) else { return }
        let end = bytes[start...].firstIndex { !digits.contains($0) } ?? bytes.count
        let numbers = [
            "-1", "0", "300", "70000", "1099511627776", "1e9", "9223372036854775808", "0.5",
        ]
        let number = numbers.randomElement(using: &generator) ?? ""
        bytes.replaceSubrange(start..<end, with: number.utf8)
    }
}
