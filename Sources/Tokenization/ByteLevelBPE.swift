/// Byte-level byte-pair encoding, GPT-2's algorithm: words of bytes, joined by rank.
struct ByteLevelBPE: Sendable {
    /// What is joined.
    var rules: MergeRules
    /// Whether a text that does not start with a space is given one.
    var addsPrefixSpace = false
    /// Whether the text is split into words first.
    var splitsWords = true
    /// Words that are tokens whatever the merges say: those of this vocabulary, if there is one.
    var wholeWords: Vocabulary?

    /// Appends the tokens of a range of a UTF-8 text.
    func encode(
        _ bytes: [UInt8], in range: Range<Int>, with merger: inout BytePairMerger,
        into ids: inout [Int]
    ) {
        if addsPrefixSpace, bytes[range].first != UInt8(ascii: " ") {
            let spaced = [UInt8(ascii: " ")] + bytes[range]
            encodeWords(of: spaced, in: spaced.indices, with: &merger, into: &ids)
        } else {
            encodeWords(of: bytes, in: range, with: &merger, into: &ids)
        }
    }

    private func encodeWords(
        of bytes: [UInt8], in range: Range<Int>, with merger: inout BytePairMerger,
        into ids: inout [Int]
    ) {
        guard splitsWords else { return encode(word: bytes[range], with: &merger, into: &ids) }
        for word in WordSplitter(bytes, in: range) {
            encode(word: bytes[word], with: &merger, into: &ids)
        }
    }

    private func encode(
        word: ArraySlice<UInt8>, with merger: inout BytePairMerger, into ids: inout [Int]
    ) {
        if let wholeWords, let id = wholeWords.id(of: ByteAlphabet.spelling(of: word)[...]) {
            ids.append(id)
        } else {
            merger.encode(word, into: &ids)
        }
    }
}
