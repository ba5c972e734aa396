private import Tensors

/// What is wrong with a tokenizer's files, or with a text that should have been one token.
public enum TokenizerError: Error, Equatable, Sendable {
    /// The file is empty or is not the JSON it should be.
    case unreadable(source: String, reason: String)
    /// The file is readable, but one place in it is not what it should be.
    case malformed(source: String, place: String, reason: String)
    /// The file asks for something that changes the tokens and that this module does not do.
    case unsupported(source: String, feature: String)
    /// The text is not exactly one token; the suggestion is.
    case notOneToken(text: String, pieces: [String], suggestion: String? = nil)
}

extension TokenizerError: CustomStringConvertible {
    /// The error as a sentence for the person who gave the file or the text.
    public var description: String {
        switch self {
        case .unreadable(let source, let reason):
            "\(source) cannot be read: \(reason); copy it again from where it came from"
        case .malformed(let source, let place, let reason):
            "\(source), \(place): \(reason)"
        case .unsupported(let source, let feature):
            "\(source) asks for \(feature), which is not supported; "
                + "byte-level BPE, as in GPT-2 and RoBERTa, and WordPiece, as in BERT, can be read"
        case .notOneToken(let text, let pieces, let suggestion):
            Self.sentence(text: text, pieces: pieces, suggestion)
        }
    }

    private static func sentence(
        text: String, pieces: [String], _ suggestion: String?
    ) -> String {
        let advice =
            suggestion.map { "did you mean \(quoted($0)), with a space?" }
            ?? "give an answer that is one token"
        guard !pieces.isEmpty else { return "\(quoted(text)) is no token at all; \(advice)" }
        let shown = pieces.prefix(8).map { quoted($0) }.joined(separator: " + ")
        let rest = pieces.count > 8 ? " + …" : ""
        return "\(quoted(text)) is \(pieces.count) tokens: \(shown)\(rest); \(advice)"
    }
}
