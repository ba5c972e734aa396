import ArgumentParser
import Interventions
import Models
import Tensors
import Tokenization

/// A clean and a corrupted prompt with their answers.
struct PairOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The prompt whose activations are put in. (default: \"The woman was working because\")",
            valueName: "text"))
    var clean: String?

    @Option(
        help: ArgumentHelp(
            "The prompt that is run and patched. (default: \"The man was working because\")",
            valueName: "text"))
    var corrupted: String?

    @Option(
        help: ArgumentHelp(
            "The right answer to the clean prompt, one token. (default: \" she\")",
            valueName: "text"))
    var answer: String?

    @Option(
        help: ArgumentHelp(
            "The wrong answer, one token. (default: \" he\")", valueName: "text"))
    var wrong: String?

    @Option(
        help: ArgumentHelp(
            "Token ids instead of --clean, taken as they are, such as 50256,464,2415.",
            valueName: "ids"), transform: TokenList.parse)
    var cleanIds: [Int]?

    @Option(
        help: ArgumentHelp("Token ids instead of --corrupted.", valueName: "ids"),
        transform: TokenList.parse)
    var corruptedIds: [Int]?

    @Option(help: ArgumentHelp("A token id instead of --answer.", valueName: "id"))
    var answerId: Int?

    @Option(help: ArgumentHelp("A token id instead of --wrong.", valueName: "id"))
    var wrongId: Int?

    @Option(
        help: ArgumentHelp(
            "Many pairs: CSV with columns clean, corrupted, answer, wrong, or JSON lines.",
            valueName: "file"))
    var pairs: String?

    @Option(help: ArgumentHelp("Starts the random choices over pairs.", valueName: "number"))
    var seed: UInt64 = 0

    @Option(help: "What is measured where the model predicts.")
    var metric = MetricName.normalized

    @OptionGroup var place: PositionOptions

    /// The metrics by their names on the command line.
    enum MetricName: String, CaseIterable, ExpressibleByArgument {
        case normalized
        case logitDifference = "logit-difference"
        case logProbability = "log-probability"
        case probabilityDifference = "probability-difference"
        case probability
        case oddsRatio = "odds-ratio"
    }

    func validate() throws {
        let texts = [clean, corrupted, answer, wrong].contains { $0 != nil }
        if pairs != nil, texts || cleanIds != nil || answerId != nil || wrongId != nil {
            throw ValidationError("--pairs brings prompts and answers; give no others")
        }
        for (text, ids, name) in [
            (clean, cleanIds != nil, "clean"), (corrupted, corruptedIds != nil, "corrupted"),
            (answer, answerId != nil, "answer"), (wrong, wrongId != nil, "wrong"),
        ] where text != nil && ids {
            throw ValidationError("--\(name) is given as text and as ids; give one of them")
        }
        if (cleanIds == nil) != (corruptedIds == nil) && (clean == nil && corrupted == nil) {
            throw ValidationError("--clean-ids and --corrupted-ids go together")
        }
    }

    /// The prompts' tokens, which must be equally many.
    func prompts(for model: Transformer, prependBOS: Bool) throws -> (
        clean: [Int], corrupted: [Int]
    ) {
        let pair = (
            clean: try cleanIds
                ?? model.tokens(
                    clean ?? StandardPrompt.text(about: "woman", for: model),
                    prependBOS: prependBOS),
            corrupted: try corruptedIds
                ?? model.tokens(
                    corrupted ?? StandardPrompt.text(about: "man", for: model),
                    prependBOS: prependBOS)
        )
        if pair.clean == pair.corrupted { throw EqualPrompts() }
        guard pair.clean.count == pair.corrupted.count else {
            throw UnequalPrompts(pair.clean, pair.corrupted, model.tokenizer)
        }
        return pair
    }

    /// The metric, before it is normalised.
    var rawMetric: Metric {
        metric(
            answerId.map { .id($0) } ?? .text(answer ?? " she"),
            wrongId.map { .id($0) } ?? .text(wrong ?? " he"))
    }

    /// The metric of two answers, before it is normalised.
    func metric(_ right: TokenReference, _ other: TokenReference) -> Metric {
        place.reading(metric.metric(right, other))
    }
}

extension PairOptions.MetricName {
    /// The metric of two answers, before it is normalised.
    func metric(_ right: TokenReference, _ other: TokenReference) -> Metric {
        switch self {
        case .normalized, .logitDifference: .logitDifference(right, other)
        case .logProbability: .logProbability(right)
        case .probabilityDifference: .probabilityDifference(right, other)
        case .probability: .probability(right)
        case .oddsRatio: .oddsRatio(right, other)
        }
    }
}

/// Token ids as they are typed.
enum TokenList {
    /// Reads numbers with commas between them.
    static func parse(_ list: String) throws -> [Int] {
        try list.split(separator: ",", omittingEmptySubsequences: false).map { item in
            let digits = item.filter { $0 != " " }
            guard let id = Int(digits), id >= 0 else {
                throw ValidationError(
                    "'\(item)' is no token id; give numbers with commas, such as 464,2415")
            }
            return id
        }
    }
}

/// Prompts with different numbers of tokens, where positions do not correspond.
struct UnequalPrompts: Error, CustomStringConvertible {
    let description: String

    init(_ clean: [Int], _ corrupted: [Int], _ tokenizer: Tokenizer?) {
        let show = { (ids: [Int]) in
            ids.map { id in tokenizer.map { quoted($0.string(of: id)) } ?? String(id) }
        }
        let (left, right) = (show(clean), show(corrupted))
        let same = zip(left, right).prefix { $0 == $1 }.count
        let rest = (left.dropFirst(same), right.dropFirst(same))
        let tail = zip(rest.0.reversed(), rest.1.reversed()).prefix { $0 == $1 }.count
        let name = { (part: ArraySlice<String>) in
            part.isEmpty ? "nothing" : part.joined(separator: " ")
        }
        let parts = (name(rest.0.dropLast(tail)), name(rest.1.dropLast(tail)))
        description = """
            the prompts have \(clean.count) and \(corrupted.count) tokens, so their positions do \
            not correspond
              clean:     \(left.joined(separator: " "))
              corrupted: \(right.joined(separator: " "))
            They differ in \(parts.0) against \(parts.1); choose words with equally many tokens \
            (`probe tokens` shows them)
            """
    }
}

/// A clean and a corrupted prompt that are the same.
struct EqualPrompts: Error, CustomStringConvertible {
    let description =
        "the clean and the corrupted prompt are the same; they must differ in at least one token"
}
