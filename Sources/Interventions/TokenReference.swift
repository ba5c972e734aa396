public import Models
import Tokenization

/// A token of the vocabulary, by id or by text.
public enum TokenReference: Hashable, Sendable, ExpressibleByStringLiteral,
    ExpressibleByIntegerLiteral
{
    case id(Int)
    case text(String)

    /// A token by its text, which must be one token.
    public init(stringLiteral text: String) { self = .text(text) }

    /// A token by its id.
    public init(integerLiteral id: Int) { self = .id(id) }

    /// The id in a model's vocabulary.
    public func id(in model: Transformer) throws -> Int {
        switch self {
        case .id(let id):
            guard (0..<model.config.dVocab).contains(id) else {
                throw RunError.unknownToken(id: id, dVocab: model.config.dVocab)
            }
            return id
        case .text(let text):
            guard let tokenizer = model.tokenizer else {
                throw RunError.noTokenizer(model: model.name)
            }
            return try tokenizer.singleToken(text)
        }
    }
}
