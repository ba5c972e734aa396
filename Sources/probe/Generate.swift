import ArgumentParser
import Glibc
import Models
import Tokenization

/// `probe generate`: continue a prompt.
struct Generate: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Continue a prompt.")

    @OptionGroup var prompt: PromptOptions
    @OptionGroup(title: "Model") var model: ModelOptions

    @Option(help: ArgumentHelp("The most tokens to add.", valueName: "number"))
    var maxNewTokens = 20

    @Option(help: ArgumentHelp("Divides the logits; 0 is greedy.", valueName: "number"))
    var temperature: Float = 1

    @Flag(help: "Always take the most likely token.")
    var greedy = false

    @Option(help: ArgumentHelp("Choose among the k most likely tokens.", valueName: "k"))
    var topK: Int?

    @Option(
        help: ArgumentHelp(
            "Choose among the fewest tokens whose probabilities reach p.", valueName: "p"))
    var topP: Float?

    @Option(help: ArgumentHelp("Starts the random choices.", valueName: "number"))
    var seed: UInt64 = 0

    @Flag(help: "Go on after the end-of-text token.")
    var ignoreEnd = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard temperature >= 0, temperature.isFinite else {
            throw ValidationError("--temperature is \(temperature); give 0 or more")
        }
        guard topK ?? 1 > 0 else { throw ValidationError("--top-k must be positive") }
        guard topP.map({ $0 > 0 && $0 <= 1 }) ?? true else {
            throw ValidationError("--top-p takes numbers above 0, at most 1")
        }
        guard maxNewTokens >= 0 else {
            throw ValidationError("--max-new-tokens must not be negative")
        }
    }

    func run() throws {
        verbosity.apply()
        let transformer = try model.load()
        guard transformer.config.attention == .causal else {
            throw RunError.notCausal(model: transformer.name)
        }
        let tokens = try prompt.tokens(for: transformer, prependBOS: model.prependsBOS)
        let end = ignoreEnd ? nil : transformer.config.endOfText
        var shown = text(tokens, transformer)
        print(shown, terminator: "")
        var ids = tokens
        _ = try transformer.generate(
            from: tokens, count: maxNewTokens,
            sampling: greedy
                ? .greedy : Sampling(temperature: temperature, topK: topK, topP: topP, seed: seed),
            stoppingAt: end
        ) { token in
            // A character may be spread over tokens: show what is certain.
            ids.append(token)
            let text = self.text(ids, transformer)
            guard !text.hasSuffix("\u{fffd}"), text.hasPrefix(shown) else { return }
            print(text.dropFirst(shown.count), terminator: "")
            fflush(nil)
            shown = text
        }
        let text = self.text(ids, transformer)
        print(text.hasPrefix(shown) ? String(text.dropFirst(shown.count)) : "")
    }

    private func text(_ ids: [Int], _ model: Transformer) -> String {
        model.tokenizer?.decode(ids, skippingSpecialTokens: true)
            ?? ids.map(String.init).joined(separator: ",")
    }
}
