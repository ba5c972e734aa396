import ArgumentParser
import Models
import Tokenization

/// One prompt, as text or as token ids.
struct PromptOptions: ParsableArguments {
    @Argument(help: "The prompt.")
    var prompt = "The woman was working because"

    @Option(
        help: ArgumentHelp(
            "Token ids instead of the prompt, taken as they are, such as 50256,464,2415.",
            valueName: "ids"), transform: TokenList.parse)
    var ids: [Int]?

    /// The prompt's tokens.
    func tokens(for model: Transformer, prependBOS: Bool) throws -> [Int] {
        try ids ?? model.tokens(prompt, prependBOS: prependBOS)
    }
}

extension Transformer {
    /// A token as text; its id where there is no tokenizer.
    func string(of token: Int) -> String {
        tokenizer.map { $0.string(of: token) } ?? String(token)
    }
}
