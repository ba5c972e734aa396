/// The special tokens that a tokenizer puts around a text.
struct SpecialTokens: Sendable, Hashable {
    /// Before the text.
    var before: [Int] = []
    /// Behind it.
    var after: [Int] = []

    /// The contents of the tokens that stand for a word to predict.
    static let masks = ["[MASK]", "<mask>"]
    /// The contents of the tokens that fill shorter texts up.
    static let paddings = ["[PAD]", "<pad>"]
    /// The special tokens of BERT's files, which do not say so themselves.
    static let ofBERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    /// The special tokens of RoBERTa's files, which do not say so themselves.
    static let ofRoBERTa = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
}

extension Tokenizer {
    /// The token that stands for a word to predict, `[MASK]` or `<mask>`; `nil` without one.
    public var mask: Int? { special(SpecialTokens.masks) }

    /// The token that fills shorter texts up, `[PAD]` or `<pad>`; `nil` without one.
    public var padding: Int? { special(SpecialTokens.paddings) }

    /// Whether entries that begin a word have no space of their own, so that decoded words are
    /// joined with spaces: WordPiece.
    public var joinsWordsWithSpaces: Bool {
        if case .wordPiece = algorithm { true } else { false }
    }

    /// The tokens of a text with those that the tokenizer puts around it: `[CLS]` and `[SEP]`, or
    /// `<s>` and `</s>`; none for tokenizers without such a rule.
    public func encodeWithSpecialTokens(_ text: String) -> [Int] {
        around.before + encode(text) + around.after
    }

    private func special(_ contents: [String]) -> Int? {
        contents.lazy.compactMap { id(of: $0) }.first { specialTokens.contains($0) }
    }
}

extension TokenizerFile.PostProcessor {
    /// The tokens it puts around a single text.
    func specialTokens(source: String) throws -> SpecialTokens {
        switch type {
        case "BertProcessing", "RobertaProcessing":
            guard let cls, let sep else {
                throw malformed(source, "there is no \"cls\" or \"sep\"")
            }
            return SpecialTokens(before: [cls.id], after: [sep.id])
        case "Sequence":
            let all = try (steps ?? []).map { try $0.specialTokens(source: source) }
            return all.first { $0 != SpecialTokens() } ?? SpecialTokens()
        case "TemplateProcessing":
            var around = SpecialTokens()
            var isBehind = false
            for piece in single ?? [] {
                guard let name = piece.special else {
                    isBehind = true
                    continue
                }
                guard let ids = specials?[name]?.ids else {
                    throw malformed(source, "special_tokens has no \(name.debugDescription)")
                }
                if isBehind { around.after += ids } else { around.before += ids }
            }
            guard isBehind || single == nil else {
                throw malformed(source, "\"single\" has no text")
            }
            return around
        default: return SpecialTokens()
        }
    }

    private func malformed(_ source: String, _ reason: String) -> TokenizerError {
        .malformed(source: source, place: "post_processor", reason: reason)
    }
}
