internal import FoundationEssentials

/// A byte-level BPE vocabulary that was learnt from text, as tokenizer files spell it.
public struct TrainedVocabulary: Sendable {
    /// The entries in the order of their ids; the last is `<|endoftext|>`.
    public let entries: [String]
    /// The pairs that are joined, in order of preference.
    public let merges: [(String, String)]

    init(entries: [String], merges: [(String, String)]) {
        self.entries = entries + [Tokenizer.endOfText]
        self.merges = merges
    }

    /// `vocab.json`: each entry with its id.
    public func vocabularyJSON() throws -> [UInt8] { try encoded(ids) }

    /// `merges.txt`, as GPT-2 has it.
    public var mergesText: [UInt8] {
        Array(("#version: 0.2\n" + merges.map { "\($0) \($1)\n" }.joined()).utf8)
    }

    /// `tokenizer.json`, the one file that Hugging Face's fast tokenizers read.
    public func tokenizerJSON() throws -> [UInt8] {
        try encoded(
            TokenizerDocument(
                added_tokens: [.init(id: entries.count - 1, content: Tokenizer.endOfText)],
                model: .init(vocab: ids, merges: merges.map { [$0, $1] })))
    }

    /// The three files by their names in a checkpoint's folder.
    public func files() throws -> [(name: String, bytes: [UInt8])] {
        [
            ("tokenizer.json", try tokenizerJSON()), ("vocab.json", try vocabularyJSON()),
            ("merges.txt", mergesText),
        ]
    }

    /// The tokenizer.
    public func tokenizer() throws -> Tokenizer {
        try Tokenizer(tokenizerJSON: tokenizerJSON(), source: "a trained vocabulary")
    }

    private var ids: [String: Int] {
        Dictionary(uniqueKeysWithValues: entries.enumerated().map { ($1, $0) })
    }

    private func encoded(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(value))
    }
}

/// The form of a `tokenizer.json`: its keys are the file's.
private struct TokenizerDocument: Encodable {
    struct AddedToken: Encodable {
        let id: Int
        let content: String
        var single_word = false
        var lstrip = false
        var rstrip = false
        var normalized = false
        var special = true
    }

    struct ByteLevel: Encodable {
        var type = "ByteLevel"
        var add_prefix_space = false
        var trim_offsets = true
        var use_regex = true
    }

    struct Model: Encodable {
        var type = "BPE"
        var continuing_subword_prefix = ""
        var end_of_word_suffix = ""
        var fuse_unk = false
        var byte_fallback = false
        var ignore_merges = false
        let vocab: [String: Int]
        let merges: [[String]]
    }

    var version = "1.0"
    let added_tokens: [AddedToken]
    var pre_tokenizer = ByteLevel()
    var decoder = ByteLevel()
    let model: Model
}
