/// WordPiece, BERT's algorithm: the longest entry that a word begins with, and again of the rest.
///
/// Pieces that do not begin a word have a prefix, `##`. A word of which some rest begins with no
/// entry is unknown as a whole. Wu et al. 2016, section 4.1, https://arxiv.org/abs/1609.08144, in
/// the greedy form of https://github.com/google-research/bert. Without a prefix only whole words
/// are entries, which is the model `WordLevel`.
struct WordPiece: Sendable {
    /// The pieces.
    let vocabulary: Vocabulary
    /// The token of unknown words.
    let unknown: Int
    /// What pieces within a word begin with; `nil` if words are not split.
    let prefix: [UInt8]?
    /// Longer words are unknown, in characters.
    var longestWord = 100
    /// How a text is changed first, if it is.
    let normalizer: BERTNormalizer?
    /// Whether signs are words of their own.
    let isolatesPunctuation: Bool
    /// Whether decoded text has no spaces before full stops and the like.
    var tidiesDecoding = true

    /// Appends the tokens of a part of a text that is normalised.
    func encode(_ bytes: ArraySlice<UInt8>, into ids: inout [Int]) {
        var start = bytes.startIndex
        /// Ends the word that began at `start`.
        func endWord(at end: Int) {
            if start < end { encode(word: bytes[start..<end], into: &ids) }
            start = end
        }
        let text = Substring(decoding: bytes, as: UTF8.self)
        var position = bytes.startIndex
        for scalar in text.unicodeScalars {
            let next = position + UTF8.width(scalar)
            if scalar.properties.isWhitespace {
                endWord(at: position)
                start = next
            } else if isolatesPunctuation, scalar.isSign {
                endWord(at: position)
                endWord(at: next)
            }
            position = next
        }
        endWord(at: position)
    }

    private func encode(word: ArraySlice<UInt8>, into ids: inout [Int]) {
        guard let prefix else { return ids.append(vocabulary.id(of: word) ?? unknown) }
        // Every byte but the following ones of a character begins one.
        guard word.count(where: { $0 & 0xc0 != 0x80 }) <= longestWord else {
            return ids.append(unknown)
        }
        let first = ids.count
        var start = word.startIndex
        while start < word.endIndex {
            let isFirst = start == word.startIndex
            guard let (id, end) = longestPiece(of: word[start...], isFirst ? [] : prefix) else {
                ids.removeSubrange(first...)
                return ids.append(unknown)
            }
            ids.append(id)
            start = end
        }
    }

    /// The longest entry that a rest of a word begins with, and where it ends.
    private func longestPiece(
        of rest: ArraySlice<UInt8>, _ prefix: [UInt8]
    ) -> (id: Int, end: Int)? {
        var candidate = prefix[...] + rest
        var end = rest.endIndex
        while end > rest.startIndex {
            if let id = vocabulary.id(of: candidate) { return (id, end) }
            repeat {
                end -= 1
                candidate.removeLast()
            } while end > rest.startIndex && rest[end] & 0xc0 == 0x80
        }
        return nil
    }

    /// Appends the text of a token that stands first in a text or not.
    func append(_ entry: String, isFirst: Bool, to text: inout String) {
        var piece = entry
        if !isFirst {
            let prefix = prefix.map { String(decoding: $0, as: UTF8.self) }
            if let prefix, entry.unicodeScalars.starts(with: prefix.unicodeScalars) {
                piece = String(entry.unicodeScalars.dropFirst(prefix.unicodeScalars.count))
            } else {
                piece = " " + entry
            }
        }
        if tidiesDecoding {
            for (old, new) in Self.tidied where piece.utf8.count >= old.utf8.count {
                piece = piece.replacing(old, with: new)
            }
        }
        text += piece
    }

    /// What the decoder of the `tokenizers` library replaces, in its order.
    private static let tidied = [
        (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"),
        (" 'm", "'m"), (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
    ]
}

extension Unicode.Scalar {
    /// Whether BERT takes it for a sign: ASCII's, some of which Unicode counts as symbols, and what
    /// Unicode calls punctuation.
    fileprivate var isSign: Bool {
        switch value {
        case 0x21...0x2f, 0x3a...0x40, 0x5b...0x60, 0x7b...0x7e: return true
        default: break
        }
        switch properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation,
            .initialPunctuation, .finalPunctuation, .otherPunctuation:
            return true
        default: return false
        }
    }
}
