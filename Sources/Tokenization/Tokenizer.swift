/// Splits text into a language model's tokens and puts tokens together again.
///
/// This module reads the tokenizer files that come with a model and does what the `tokenizers`
/// library does with them, token for token. It knows byte-level BPE, the algorithm of GPT-2 and
/// RoBERTa, and WordPiece, that of BERT. It downloads nothing and adds no tokens unless asked by
/// ``encodeWithSpecialTokens(_:)``; whoever wants ``beginningOfText`` before a text puts it there.
///
/// Start with ``init(tokenizerJSON:source:)`` and ``encode(_:)``.
public struct Tokenizer: Sendable {
    let vocabulary: Vocabulary
    let addedTokens: AddedTokenFinder
    let specialTokens: Set<Int>
    let algorithm: Algorithm
    /// What stands around a text on request.
    let around: SpecialTokens

    /// How the text between added tokens is split; one case per kind of tokenizer.
    enum Algorithm: Sendable {
        case byteLevelBPE(ByteLevelBPE)
        case wordPiece(WordPiece)
    }

    /// The number of ids, which is one more than the highest; some may have no token.
    public var vocabularySize: Int { vocabulary.size }

    /// The token that separates texts, `<|endoftext|>`, which GPT-2 also begins them with.
    ///
    /// `nil` when it is not among the special tokens of this tokenizer.
    public var beginningOfText: Int? {
        id(of: Self.endOfText).flatMap { specialTokens.contains($0) ? $0 : nil }
    }

    static let endOfText = "<|endoftext|>"

    /// The id of an entry of the vocabulary in the file's spelling, such as `Ġhe`, or `nil`.
    public func id(of token: String) -> Int? {
        vocabulary.id(of: Array(token.utf8)[...])
    }

    /// The entry of an id in the file's spelling, such as `Ġhe`; empty for an id without a token.
    public func entry(of id: Int) -> String {
        vocabulary.entry(of: id) ?? ""
    }

    /// The tokens of a text.
    ///
    /// Special tokens written out in the text become their ids; none are added.
    ///
    /// - Complexity: O(n log n) in the length of the text at worst, about linear in prose.
    public func encode(_ text: String) -> [Int] {
        let bytes = Array(text.utf8)
        var ids: [Int] = []
        switch algorithm {
        case .byteLevelBPE(let algorithm):
            var merger = BytePairMerger(rules: algorithm.rules)
            for part in addedTokens.split(bytes) {
                switch part {
                case .token(let id): ids.append(id)
                case .text(let range):
                    algorithm.encode(bytes, in: range, with: &merger, into: &ids)
                }
            }
        case .wordPiece(let algorithm):
            for part in addedTokens.splitAsGiven(bytes) {
                switch part {
                case .token(let id): ids.append(id)
                case .text(let range): encode(bytes[range], by: algorithm, into: &ids)
                }
            }
        }
        return ids
    }

    /// Appends the tokens of a text that holds no tokens as they are given.
    private func encode(
        _ bytes: ArraySlice<UInt8>, by algorithm: WordPiece, into ids: inout [Int]
    ) {
        var text = String(decoding: bytes, as: UTF8.self)
        if let normalizer = algorithm.normalizer { text = normalizer(text) }
        let bytes = Array(text.utf8)
        for part in addedTokens.split(normalized: bytes, in: bytes.indices) {
            switch part {
            case .token(let id): ids.append(id)
            case .text(let range): algorithm.encode(bytes[range], into: &ids)
            }
        }
    }

    /// The text of some tokens.
    ///
    /// A token may be a part of a character; where the bytes do not add up to one, U+FFFD stands in
    /// its place. Ids without a token, which a model with a padded vocabulary may produce, give no
    /// text.
    ///
    /// - Parameters:
    ///   - ids: The tokens.
    ///   - skippingSpecialTokens: Whether special tokens are left out.
    public func decode(_ ids: [Int], skippingSpecialTokens: Bool = false) -> String {
        let kept = ids.filter { !(skippingSpecialTokens && specialTokens.contains($0)) }
        switch algorithm {
        case .byteLevelBPE:
            var bytes: [UInt8] = []
            for id in kept { ByteAlphabet.append(bytesOf: entry(of: id), to: &bytes) }
            return String(decoding: bytes, as: UTF8.self)
        case .wordPiece(let algorithm):
            var text = ""
            for (index, entry) in kept.compactMap({ vocabulary.entry(of: $0) }).enumerated() {
                algorithm.append(entry, isFirst: index == 0, to: &text)
            }
            return text
        }
    }

    /// The text of one token alone, such as ` he`; parts of characters show as U+FFFD.
    public func string(of id: Int) -> String {
        decode([id])
    }

    /// The token of a text that is exactly one.
    ///
    /// - Throws: ``TokenizerError/notOneToken(text:pieces:)``, which shows how the text was split.
    public func singleToken(_ text: String) throws(TokenizerError) -> Int {
        let ids = encode(text)
        guard let id = ids.first, ids.count == 1 else {
            let isOneWithSpace = !ids.isEmpty && encode(" " + text).count == 1
            throw .notOneToken(
                text: text, pieces: ids.map { string(of: $0) },
                suggestion: isOneWithSpace ? " " + text : nil)
        }
        return id
    }
}
