public import ArgumentParser
import Circuits
import Figures
import Interventions
import Models
import Results
import Tensors
import Tokenization

/// `probe attribute`: which parts the logits are the sum of.
struct Attribute: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take a logit difference apart by component, head or neuron, exactly.",
        discussion: """
            Direct logit attribution: what each part of the model adds to the residual stream, \
            read along the direction that the logit reads, through the final layer norm with the \
            run's own scale. The parts, what they leave out and the biases sum to the logit \
            difference; the deviation printed is the rounding. With --answer alone, it is that \
            token's logit. --origin and --cell-values are for heads.
            """)

    @OptionGroup var prompt: PromptOptions
    @OptionGroup(title: "Answers, “ she” and “ he” unless any is given") var answers: AnswerOptions

    @Option(help: "What gets a share: component, head or neuron.")
    var unit = LogitAttribution.Unit.component

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The position whose logits are taken apart; negative from the end.",
            valueName: "position"))
    var pos = -1

    @OptionGroup var listing: StrongestOptions

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws {
        if answers.right == nil && answers.wrong != nil {
            throw ValidationError("--wrong is compared with --answer; give both, or --answer alone")
        }
    }

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load(processing: .transformerLens)
        let tokens = try prompt.tokens(for: model, prependBOS: self.model.prependsBOS)
        if tokens.isEmpty { throw RunError.emptyPrompt }
        guard (-tokens.count..<tokens.count).contains(pos) else {
            throw RunError.noSuchPosition(pos, length: tokens.count)
        }
        let position = pos < 0 ? pos + tokens.count : pos
        let (right, wrong) = try answers.ids(in: model)
        let run = try model.run([tokens], caching: .all)
        let attribution = try run.attribution(
            to: LogitDirection(model, right: right, wrong: wrong), by: unit, at: [position])
        guard attribution.totals[0].isFinite else {
            throw NotFinite(place: "position \(position)")
        }
        var parts = attribution.contributions.dropping(axis: "pos")
        parts.name = "attribute"
        let names = [right, wrong].compactMap(\.self).map(model.shortString)
        parts.quantity = Quantity(
            "contribution to " + names.joined(separator: " − "), unit: "logits")
        parts.provenance = try Provenance(of: model)
        parts.summary = summary(attribution)
        let strongest = parts.strongest(listing.top)
        parts.summary += strongest.map { (name: $0.name, value: Double($0.value)) }
        parts.settings = [
            "prompt": model.tokenizer?.decode(tokens) ?? "none",
            "prompt ids": tokens.map(String.init).joined(separator: ","),
            "answer": "\(right) \(model.string(of: right).debugDescription)",
            "wrong": wrong.map { "\($0) \(model.string(of: $0).debugDescription)" } ?? "none",
            "position": String(position), "unit": unit.rawValue,
        ]
        try draw(parts, lines(attribution, right, wrong, model) + "\n" + list(strongest))
    }

    private func summary(_ attribution: LogitAttribution) -> [(name: String, value: Double)] {
        [
            ("total", attribution.totals[0]),
            ("parts", attribution.contributions.values.values.reduce(0) { $0 + Double($1) }),
            ("rest", attribution.rest[0]), ("biases", attribution.constant),
            ("deviation", attribution.deviation),
        ]
    }

    private func lines(
        _ attribution: LogitAttribution, _ right: Int, _ wrong: Int?, _ model: Transformer
    ) -> String {
        let names = ([right] + (wrong.map { [$0] } ?? [])).map {
            model.string(of: $0).debugDescription
        }
        let number = { (value: Double) in NumberText.fixed(value, decimals: 4, minus: "-") }
        let numbers = Dictionary(
            uniqueKeysWithValues: summary(attribution).map { ($0.name, $0.value) })
        let value = { (name: String) in number(numbers[name] ?? .nan) }
        return "logit \(names.joined(separator: " − ")) = \(value("total"))"
            + " = \(unit.rawValue)s \(value("parts")) + rest \(value("rest"))"
            + " + biases \(value("biases")), deviation "
            + NumberText.fixed(attribution.deviation, decimals: 7)
            + "\nweights: \(model.processing)"
    }

    private func draw(_ parts: LabelledArray, _ summary: String) throws {
        let title = figure.page.title ?? "Direct logit attribution by \(unit.rawValue)"
        let points = ScatterPlot.Style(
            title: title, width: figure.page.width, dpi: figure.page.dpi)
        switch unit {
        case .component:
            let style = BarPlot.Style(
                title: title, width: figure.page.width, dpi: figure.page.dpi)
            try report(
                BarPlot(parts, style: style), summary, command: "attribute", output)
        case .head:
            try report(
                Heatmap(parts, style: figure.style(title: title)), summary, command: "attribute",
                output)
        case .neuron:
            try report(
                RankPlot(parts, style: points), summary, command: "attribute", output,
                isPreviewed: false)
        }
    }
}

extension LogitAttribution.Unit: ExpressibleByArgument {}

extension AnswerOptions {
    /// The ids of the answers; without any, " she" and " he". An answer alone is compared with
    /// none.
    func ids(in model: Transformer) throws -> (right: Int, wrong: Int?) {
        guard let right else {
            guard model.tokenizer != nil else { throw NoAnswer(model: model.name) }
            let pair: [TokenReference] = [.text(" she"), .text(" he")]
            return (try pair[0].id(in: model), try pair[1].id(in: model))
        }
        let ids = (right: try right.id(in: model), wrong: try wrong?.id(in: model))
        if ids.right == ids.wrong { throw EqualAnswers() }
        return ids
    }
}

/// An answer that is compared with itself.
struct EqualAnswers: Error, CustomStringConvertible {
    let description = "the right and the wrong answer are the same token; give two"
}

/// No answer for a model that cannot read the default ones.
struct NoAnswer: Error, CustomStringConvertible {
    let model: String

    var description: String {
        "\(model) has no tokenizer files, so there is no default answer; give --answer-id, and "
            + "--wrong-id to compare it with"
    }
}
