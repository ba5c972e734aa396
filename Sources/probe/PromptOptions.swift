import ArgumentParser
import Interventions
import Models
import Tokenization

/// One prompt, as text or as token ids.
struct PromptOptions: ParsableArguments {
    @Argument(
        help: """
            The prompt; [MASK], or <mask> for RoBERTa, stands for the word that a masked-language \
            model predicts. (default: The woman was working because)
            """)
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
        try ids
            ?? model.tokens(
                prompt ?? StandardPrompt.text(about: "woman", for: model), prependBOS: prependBOS)
    }
}

/// The prompts that commands take unless others are given.
enum StandardPrompt {
    /// A text whose next or masked word is *she* or *he*.
    static func text(about person: String, for model: Transformer) -> String {
        let start = "The \(person) was working because"
        guard model.config.isMasked, let tokenizer = model.tokenizer, let mask = tokenizer.mask
        else { return start }
        return "\(start) \(tokenizer.entry(of: mask)) was tired."
    }
}

/// Where a metric is read.
struct PositionOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            """
            The position that is read, negative from the end. (default: the last; of \
            masked-language models the mask)
            """, valueName: "position"))
    var position: Int?

    /// The metric, read there.
    func reading(_ metric: Metric) -> Metric {
        var metric = metric
        if let position { metric.positions = [position] }
        return metric
    }
}
