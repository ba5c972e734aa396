public import ArgumentParser
import Circuits
import Figures
import Models
import Results
import Tensors

/// `probe detect-heads`: which heads attend to the previous, a duplicate or an induced token.
struct DetectHeads: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Score heads as previous-token, duplicate-token and induction heads.",
        discussion: """
            The share of a head's attention that goes where such a head's would. Without a \
            prompt, the tokens are random and come twice, as induction needs them to.
            """)

    @OptionGroup var prompt: PromptOptions

    @Option(help: "How agreement is measured: mul, the share of attention, or abs.")
    var measure = AttentionMeasure.mul

    @Flag(help: "Leave out attention to the first position, where many heads rest.")
    var excludeBos = false

    @Flag(help: "Leave out attention to the query's own position.")
    var excludeCurrentToken = false

    @Option(
        help: ArgumentHelp(
            "How many random tokens come twice, without a prompt. (default: 25, or what fits)",
            valueName: "number"))
    var length: Int?

    @Option(help: ArgumentHelp("Starts the random choice of tokens.", valueName: "number"))
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("How many of the best heads are listed.", valueName: "k"))
    var top = 3

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws {
        if top < 0 { throw ValidationError("--top must not be negative") }
        if let length, length < 1 { throw ValidationError("--length must be at least 1") }
        if length != nil && !isRandom {
            throw ValidationError("--length is for random tokens; give it without a prompt")
        }
    }

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let tokens = try self.tokens(for: model)
        let run = try model.run([tokens], caching: .only(.pattern), logits: .none)
        let parts = try AttentionTarget.allCases.map { target in
            try run.headScores(
                for: target, by: measure, excludingFirst: excludeBos,
                excludingCurrent: excludeCurrentToken)
        }
        var scores = LabelledArray.stacking(
            parts, along: "target", labels: AttentionTarget.allCases.map(\.title))
        scores.name = "detect-heads"
        scores.provenance = try Provenance(of: model, seed: isRandom ? seed : nil)
        scores.settings = [
            "tokens": tokens.map(String.init).joined(separator: ","), "measure": measure.rawValue,
            "exclude_bos": String(excludeBos),
            "exclude_current_token": String(excludeCurrentToken),
        ]
        let lines = zip(AttentionTarget.allCases, parts).map { target, part in
            target.title + "\n" + list(part.strongest(top))
        }
        var style = figure.style(title: "", colourMap: .blues)
        if measure == .mul {
            style.limits = 0...Double(max(scores.values.values.max() ?? 1, .leastNormalMagnitude))
        }
        let repeats = Set(tokens).count < tokens.count
        let note = repeats ? "" : "no token repeats: only previous-token heads can show here\n"
        try report(
            HeatmapGrid(scores, style: style), note + lines.joined(separator: "\n"),
            command: "detect-heads", output)
    }

    private var isRandom: Bool { prompt.prompt == nil && prompt.ids == nil }

    /// The prompt's tokens, or random ones twice.
    private func tokens(for model: Transformer) throws -> [Int] {
        guard isRandom else {
            let tokens = try prompt.tokens(for: model, prependBOS: self.model.prependsBOS)
            if tokens.count < 2 { throw DetectionError.tooShort }
            return tokens
        }
        let first = self.model.prependsBOS ? model.config.endOfText.map { [$0] } ?? [] : []
        let most = (model.config.nCtx - first.count) / 2
        let length = length ?? min(25, max(most, 1))
        guard length <= most else {
            throw DetectionError.length(length, most: most, model: model.name)
        }
        var generator = SeededGenerator(seed: seed, stream: "repeated tokens")
        let random = (0..<length).map { _ in
            Int(generator.uniform() * Double(model.config.dVocab))
        }
        return first + random + random
    }
}

/// Tokens in which no head can be told.
private enum DetectionError: Error, CustomStringConvertible {
    case tooShort
    case length(Int, most: Int, model: String)

    var description: String {
        switch self {
        case .tooShort: "heads are told by where they look; give at least two tokens"
        case .length(let length, let most, let model):
            most < 1
                ? "\(model)'s context is too short for tokens that come twice"
                : "--length is \(length); with \(model) give 1 to \(most)"
        }
    }
}

extension AttentionMeasure: ExpressibleByArgument {}

extension AttentionTarget {
    /// What heads with such attention are called.
    fileprivate var title: String {
        switch self {
        case .previousToken: "Previous token"
        case .duplicateToken: "Duplicate token"
        case .induction: "Induction"
        }
    }
}
