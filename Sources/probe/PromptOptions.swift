import ArgumentParser
import Models
import Tokenization

/// One prompt, as text or as token ids.
struct PromptOptions: ParsableArguments {
    @Argument(help: "The prompt. (default: The woman was working because)")
    var prompt: String?

    @Option(
        help: ArgumentHelp(
            "Token ids instead of the prompt, taken as they are, such as 50256,464,2415.",
            valueName: "ids"), transform: TokenList.parse)
    var ids: [Int]?

    func validate() throws {
        if prompt != nil && ids != nil {
            throw ValidationError("give the prompt as text or as --ids, not both")
        }
    }

    /// The prompt's tokens.
    func tokens(for model: Transformer, prependBOS: Bool) throws -> [Int] {
        let text = prompt ?? "The woman was working because"
        return try ids ?? model.tokens(text, prependBOS: prependBOS)
    }
}
