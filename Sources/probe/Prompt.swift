import ArgumentParser
import Figures
import Glibc
import Interventions
import Kernels
import Models
import Tensors

/// `probe prompt`: whether the model knows the answer.
struct Prompt: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Test a prompt: rank, logit and probability of the answer, and the top tokens.",
        discussion: """
            An answer of several tokens is scored token by token, each after the right ones before \
            it. Of several answers only the first tokens are compared. A masked-language model \
            predicts the word at its [MASK], which must be one token.
            """)

    @OptionGroup var prompt: PromptOptions
    @OptionGroup(title: "Model") var model: ModelOptions

    @Option(
        help: ArgumentHelp("The answer; give it again for several.", valueName: "text"))
    var answer: [String] = []

    @Option(
        help: ArgumentHelp("Token ids instead of --answer.", valueName: "ids"),
        transform: TokenList.parse)
    var answerIds: [Int]?

    @Option(help: ArgumentHelp("How many of the most likely tokens are listed.", valueName: "k"))
    var top = 10

    @Flag(inversion: .prefixedNo, help: "Put a space before answers that begin without one.")
    var prependSpace = true

    @OptionGroup var place: PositionOptions
    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        if !answer.isEmpty && answerIds != nil {
            throw ValidationError("give answers as --answer or as --answer-ids, not both")
        }
        if top < 0 { throw ValidationError("--top must not be negative") }
    }

    func run() throws {
        verbosity.apply()
        let transformer = try model.load()
        let tokens = try prompt.tokens(for: transformer, prependBOS: model.prependsBOS)
        let answers = try answerIds.map { [$0] } ?? answers(for: transformer)
        for id in answers.joined() { _ = try TokenReference.id(id).id(in: transformer) }
        let position = try position(in: tokens, of: transformer)
        let longest = answers.map(\.count).max() ?? 0
        if longest > 1, answers.count == 1, position != tokens.count - 1 {
            throw AnswerError.severalTokens(longest, position: position)
        }
        let test = try PromptTest(transformer, tokens, answers, at: position, top: top)
        print(test.lines.joined(separator: "\n"))
    }

    /// Where the model's prediction is read.
    private func position(in tokens: [Int], of model: Transformer) throws -> Int {
        if tokens.isEmpty { throw RunError.emptyPrompt }
        if let position = place.position {
            guard (-tokens.count..<tokens.count).contains(position) else {
                throw RunError.noSuchPosition(position, length: tokens.count)
            }
            return position < 0 ? position + tokens.count : position
        }
        return model.config.isMasked ? try model.maskPosition(in: tokens) : tokens.count - 1
    }

    private func answers(for model: Transformer) throws -> [[Int]] {
        // Without a tokenizer there is no default answer, only the top tokens.
        if answer.isEmpty && model.tokenizer == nil { return [] }
        return try (answer.isEmpty ? [" she"] : answer).map { answer in
            if answer.isEmpty { throw AnswerError.empty }
            let text = prependSpace && !answer.hasPrefix(" ") ? " " + answer : answer
            let tokens = try model.tokens(text, prependBOS: false)
            guard !tokens.isEmpty else { throw AnswerError.empty }
            return tokens
        }
    }

    private enum AnswerError: Error, CustomStringConvertible {
        case empty
        case severalTokens(Int, position: Int)

        var description: String {
            switch self {
            case .empty: "the answer has no tokens; give at least one"
            case .severalTokens(let count, let position):
                "the answer is \(count) tokens, but only one stands at position \(position); "
                    + "give an answer of one token"
            }
        }
    }
}

/// The text of TransformerLens' `test_prompt`.
private struct PromptTest {
    private(set) var lines: [String] = []
    private let model: Transformer

    init(
        _ model: Transformer, _ prompt: [Int], _ answers: [[Int]], at place: Int, top: Int
    ) throws {
        self.model = model
        lines.append("Tokenized prompt: \(list(prompt))")
        var ranks: [(token: Int, rank: Int)] = []
        if answers.count == 1 {
            lines.append("Tokenized answer: \(list(answers[0]))")
            let run = try model.run([prompt + answers[0].dropLast()])
            for (index, token) in answers[0].enumerated() {
                let position = Distribution(run, at: place + index)
                ranks.append((token, position.rank(of: token)))
                lines.append("Performance on answer token:")
                lines.append(performance(position, token))
                lines += topTokens(position, top)
            }
        } else if answers.isEmpty {
            lines += topTokens(Distribution(try model.run([prompt]), at: place), top)
            return
        } else {
            lines.append("Tokenized answers: [\(answers.map(list).joined(separator: ", "))]")
            let position = Distribution(try model.run([prompt]), at: place)
            lines.append("Performance on answer tokens:")
            for token in answers.map({ $0[0] }) {
                ranks.append((token, position.rank(of: token)))
                lines.append(performance(position, token))
            }
            lines += topTokens(position, top)
        }
        let pairs = ranks.map { "(\(quoted($0.token)), \($0.rank))" }
        lines.append("Ranks of the answer tokens: [\(pairs.joined(separator: ", "))]")
    }

    private func performance(_ position: Distribution, _ token: Int) -> String {
        let rank = String(position.rank(of: token))
        let space = String(repeating: " ", count: max(0, 8 - rank.count))
        return "Rank: \(rank)\(space) \(scores(position, token))"
    }

    private func topTokens(_ position: Distribution, _ count: Int) -> [String] {
        position.order.prefix(count).enumerated().map { index, token in
            "Top \(index)th token. \(scores(position, token))"
        }
    }

    private func scores(_ position: Distribution, _ token: Int) -> String {
        let logit = NumberText.fixed(position.logits[token], decimals: 2, minus: "-")
        let percent = NumberText.fixed(100 * position.probability(of: token), decimals: 2)
        return "Logit: \(TerminalText.padded(logit, to: 5)) Prob: "
            + "\(TerminalText.padded(percent, to: 6))% Token: |\(model.string(of: token))|"
    }

    private func list(_ tokens: [Int]) -> String {
        "[" + tokens.map(quoted).joined(separator: ", ") + "]"
    }

    /// As Python writes a string.
    private func quoted(_ token: Int) -> String {
        let escaped = model.string(of: token).unicodeScalars.map { scalar in
            switch scalar {
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\r": "\\r"
            case "\t": "\\t"
            default: String(scalar)
            }
        }.joined()
        return escaped.contains("'") ? "\"\(escaped)\"" : "'\(escaped)'"
    }
}

/// The logits at one position, in order.
private struct Distribution {
    let logits: [Double]
    /// Tokens by falling logit.
    let order: [Int]
    private let total: Double

    init(_ run: Run, at position: Int) {
        let row = run.logits?[at: 0][at: position] ?? Tensor([0])
        logits = row.values.map(Double.init)
        total = logSumExp(row.rows[0])
        let logits = logits
        order = logits.indices.sorted { (logits[$0], $1) > (logits[$1], $0) }
    }

    func rank(of token: Int) -> Int { order.firstIndex(of: token) ?? order.count }
    func probability(of token: Int) -> Double { exp(logits[token] - total) }
}
