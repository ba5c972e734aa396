import Gradiend
import Models
import Tensors
import TestSupport
import Tokenization

/// A model too small to know anything, with a tokenizer of bytes and a few words.
enum SmallTask {
    static let words = ["she", "he", "was", "tired", "anna", "ben", "the", "cat", "ran", "because"]

    /// Bytes, then merges that make each word, with and without a space before it.
    static func tokenizer() throws -> Tokenizer {
        let bytes = (0..<256).map { byteCharacter($0) }
        var entries = bytes
        var merges: [String] = []
        for word in words {
            for form in ["Ġ" + word, word] {
                var left = String(form.prefix(1))
                for letter in form.dropFirst() {
                    let merged = left + String(letter)
                    if !entries.contains(merged) {
                        entries.append(merged)
                        merges.append("\(left) \(letter)")
                    }
                    left = merged
                }
            }
        }
        entries.append("<|endoftext|>")
        let list = entries.enumerated().map { "\(quoted($1)):\($0)" }.joined(separator: ",")
        return try Tokenizer(
            vocabularyJSON: Array("{\(list)}".utf8),
            merges: Array(merges.joined(separator: "\n").utf8),
            sources: ("vocab.json", "merges.txt"))
    }

    /// GPT-2's character for a byte.
    private static func byteCharacter(_ byte: Int) -> String {
        let plain = Array(33...126) + Array(161...172) + Array(174...255)
        if plain.contains(byte) { return String(UnicodeScalar(UInt8(byte))) }
        let rest = (0..<256).filter { !plain.contains($0) }
        let place = rest.firstIndex(of: byte) ?? 0
        return UnicodeScalar(UInt32(256 + place)).map { String(Character($0)) } ?? ""
    }

    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    static func model(seed: UInt64 = 3, tied: Bool = true) throws -> Transformer {
        let tokenizer = try tokenizer()
        var config = TransformerConfig(
            nLayers: 2, dModel: 12, nHeads: 3, dMLP: 20, dVocab: tokenizer.vocabularySize, nCtx: 24)
        config.initializerRange = 0.2
        config.tiesEmbeddings = tied
        let random = Transformer(randomly: config, seed: seed)
        return Transformer(
            config: config, weights: random.weights, tokenizer: tokenizer, name: "small")
    }

    /// Rows of two classes; `count` of each direction to train, a quarter to validate.
    static func rows(_ count: Int = 32) -> [FeatureRow] {
        let starts = [
            "the cat ran because", "because the cat was tired", "ben ran", "anna was tired",
        ]
        return [("she", "he"), ("he", "she")].flatMap { classes in
            (0..<count + count / 4).map { index in
                let middle = String(repeating: " ran", count: index / 4 % 4)
                return FeatureRow(
                    masked: starts[index % 4] + middle + " [MASK] was tired",
                    split: index < count ? .train : .validation, classes: classes, words: classes)
            }
        }
    }
}
