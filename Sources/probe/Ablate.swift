import ArgumentParser
import Figures
import Interventions
import Kernels
import Models
import Results
import Tensors

/// `probe ablate`: what the model loses without each of its parts.
struct Ablate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Take out heads, neurons, layers or blocks one at a time.",
        discussion: """
            The result is the change of the metric: negative where the part helps the answer. \
            Baselines: zero; mean over the texts of --data (all positions but the first); \
            resample, the activations of another text with equally many tokens (--other).
            """)

    /// What is put in a part's place.
    enum BaselineName: String, CaseIterable, ExpressibleByArgument { case zero, mean, resample }

    /// The parts by their names on the command line.
    enum PartName: String, CaseIterable, ExpressibleByArgument {
        case heads, neurons, attention, mlp, layers

        var part: Ablation.Part {
            switch self {
            case .heads: .heads
            case .neurons: .neurons
            case .attention: .attention
            case .mlp: .mlp
            case .layers: .layers
            }
        }
    }

    @OptionGroup var prompt: PromptOptions
    @OptionGroup(title: "Model") var model: ModelOptions

    @Option(help: "What is taken out.")
    var part = PartName.heads

    @Option(help: "What is put in its place.")
    var baseline = BaselineName.zero

    @Option(help: ArgumentHelp("Texts for the mean, one a line.", valueName: "file"))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "The text to resample from. (default: The man was working because)", valueName: "text")
    )
    var other: String?

    @Option(
        help: ArgumentHelp("Layers, such as 4-7 or 0,5. (default: all)", valueName: "layers"),
        transform: IndexList.parse)
    var layers: [Int]?

    @OptionGroup(title: "Answers, “ she” and “ he” unless given") var answers: AnswerOptions

    @Option(help: "The metric: any but normalized.")
    var metric = PairOptions.MetricName.logitDifference

    @OptionGroup var place: PositionOptions

    @OptionGroup(title: "Sweep") var sweep: SweepOptions
    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws {
        if metric == .normalized {
            throw ValidationError("an ablation has no clean and corrupted run to normalise by")
        }
        if baseline == .mean && data == nil {
            throw ValidationError("the mean baseline needs --data FILE, with one text a line")
        }
        if data != nil && baseline != .mean || other != nil && baseline != .resample {
            throw ValidationError("--data goes with --baseline mean, --other with resample")
        }
    }

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let tokens = try prompt.tokens(for: model, prependBOS: self.model.prependsBOS)
        let base = try model.run([tokens])
        let metric = place.reading(
            metric.metric(answers.right ?? .text(" she"), answers.wrong ?? .text(" he")))
        let whole = try metric.value(of: base)
        let ablation = Ablation(
            part.part, baseline: try makeBaseline(model, tokens), layers: layers)
        let branches = try ablation.branches(in: model)
        let provenance = try Provenance(of: model)
        let settings = try settings(tokens, metric, model)
        let progress = output.verbosity.progress("ablating")
        let partial = PartialResults(in: output.folder(for: "ablate"))
        let store = try partial.open("ablate", progress) { path in
            try SweepStore(
                path, of: identity(of: settings, provenance), branches: branches.count)
        }
        let values = try metric.measure(
            branches, departingFrom: base, options: sweep.engine, store: store,
            progress: progress.update)
        let layerAxis = Axis("layer", labels: try ablation.chosenLayers(in: model).map(String.init))
        let inner = part.part.axes.dropFirst().map {
            Axis($0.rawValue, count: ablation.width(in: model))
        }
        let axes = [layerAxis] + inner
        var effects = LabelledArray(
            "ablate", quantity: Quantity("change of \(metric.name)", unit: metric.quantity.unit),
            axes: axes, values: Tensor(axes.map(\.count), values.map { Float($0 - whole) }),
            summary: [("whole \(metric.name)", whole)], provenance: provenance)
        effects.settings = settings
        let number = NumberText.fixed(whole, decimals: 4, minus: "-")
        try draw(effects, "whole model  \(metric.name) \(number)")
        partial.remove()
    }

    /// What was run, in words.
    private func settings(
        _ tokens: [Int], _ metric: Metric, _ model: Transformer
    ) throws -> [String: String] {
        let texts = try data.map { Fingerprint(lettingGoOf: try Blob(mapping: $0)).hexadecimal }
        return [
            "prompt ids": tokens.map(String.init).joined(separator: ","),
            "answer": try metric.answer.map { String(try $0.id(in: model)) } ?? "none",
            "wrong": try metric.wrong.map { String(try $0.id(in: model)) } ?? "none",
            "metric": metric.name, "position": metric.place, "part": part.rawValue,
            "baseline": baseline.rawValue,
            "data": data.map { "\($0) xxh64:\(texts ?? "")" } ?? "none",
            "other": baseline == .resample ? otherText(model) : "none",
            "layers": layers.map { "\($0)" } ?? "all",
        ]
    }

    /// The text to resample from.
    private func otherText(_ model: Transformer) -> String {
        other ?? StandardPrompt.text(about: "man", for: model)
    }

    /// All that the values depend on to the last bit.
    private func identity(
        of settings: [String: String], _ provenance: Provenance
    ) -> [String: String] {
        settings.merging([
            "toolkit version": provenance.version, "BLAS": BLAS.library,
            "model": provenance.checkpoint,
            "memory limit": sweep.engine.memory.map(String.init) ?? "any",
            "beginning of text": "\(model.prependsBOS)",
        ]) { setting, _ in setting }
    }

    private func makeBaseline(_ model: Transformer, _ tokens: [Int]) throws -> Ablation.Baseline {
        switch baseline {
        case .zero: return .zero
        case .resample:
            let source = try model.tokens(
                otherText(model), prependBOS: self.model.prependsBOS)
            guard source.count == tokens.count else {
                throw UnequalPrompts(source, tokens, model.tokenizer)
            }
            return .resample(try model.run([source], caching: .all, logits: .none).cache)
        case .mean:
            let file = try Blob(mapping: data ?? "")
            let lines = String(decoding: file.copy(), as: UTF8.self).split(
                whereSeparator: \.isNewline)
            let texts = try lines.map {
                try model.tokens(String($0), prependBOS: self.model.prependsBOS)
            }
            let first = self.model.prependsBOS ? 1 : 0
            return .mean(try model.meanActivations(of: part.part.kinds, over: texts, from: first))
        }
    }

    private func draw(_ effects: LabelledArray, _ summary: String) throws {
        let title = "\(part.rawValue.prefix(1).uppercased())\(part.rawValue.dropFirst()) ablated"
        let style = ScatterPlot.Style(
            title: figure.page.title ?? title, width: figure.page.width, dpi: figure.page.dpi)
        switch (part, effects.axes[0].count) {
        case (.heads, _):
            let map = try Heatmap(effects, style: figure.style(title: title))
            try report(map, summary, command: "ablate", output)
        case (.neurons, 1):
            let prefix = "L\(effects.axes[0].labels[0])N"
            let plot = try ScatterPlot(effects.part(0), labelPrefix: prefix, style: style)
            try report(plot, of: effects, summary, command: "ablate", output)
        case (.neurons, _):
            try report(RankPlot(effects, style: style), summary, command: "ablate", output)
        default:
            let plot = try ScatterPlot(effects, labelPrefix: "L", style: style)
            try report(plot, summary, command: "ablate", output)
        }
    }
}
