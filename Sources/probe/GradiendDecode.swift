import ArgumentParser
import Figures
import Gradiend
import Models
import Results
import Tensors

/// `probe gradiend-decode`: scores models rewritten along a feature.
struct GradiendDecode: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Score models rewritten along a feature, over a grid of factors and rates.",
        discussion: """
            Each candidate is the model moved by rate × decoder(factor). Scored are the \
            probabilities of the classes' words and how good a language model is left: by neutral \
            texts, or without them by the rows' own texts, in which the classes' words are not \
            predicted. Balance and "only" are the paper's BPI, FPI and MPI, of the classes' words \
            or, with --name-texts, of the names of women (F) and men (M). Beside heat maps a \
            figure for each goal shows how scores go with the rate, with a star at the one \
            chosen. Candidates that were scored before are read from the folder's cache.
            """)

    @OptionGroup(title: "Feature") var feature: FeatureOptions
    @OptionGroup(title: "Candidates") var grid: DecoderGridOptions
    @OptionGroup(title: "Data") var data: FeatureDataOptions
    @OptionGroup var texts: FeatureSplitOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws { try grid.check(data) }

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let feature = try self.feature.load(for: model, classes: data.classes)
        let folder = output.folder(for: "gradiend-decode")
        let probe = try grid.probe(for: feature, model, data, texts, self.model)
        let evaluation = try grid.evaluation(
            of: feature, model, with: probe, cache: folder + "/candidates",
            progress: output.verbosity.progress("candidates"))
        let (factors, rates) = grid.candidates(for: feature)
        var result = evaluation.byMeasure(factors: factors, rates: rates)
        result.provenance = try Provenance(of: model, seed: texts.seed)
        result.settings = grid.settings(probe).merging(
            ["feature": self.feature.feature, "split": texts.split.rawValue]) { own, _ in own }
        var maps = evaluation.byPaperMeasure(factors: factors, rates: rates)
        maps.provenance = result.provenance
        var style = figure.style(title: "", colourMap: .blues)
        style.limits = 0...1
        let choices = try choices(evaluation)
        let shifts = try choices.compactMap { name, choice in
            try ShiftFigure(
                name, choice, evaluation, of: result, width: figure.page.width,
                dpi: figure.page.dpi
            )?.panels.files(in: folder, as: output.format)
        }
        try report(
            HeatmapGrid(maps, style: style), of: result, files: shifts.flatMap(\.self),
            summary(choices, evaluation, probe), command: "gradiend-decode", output,
            isPreviewed: false)
    }

    /// What is chosen for each goal; nothing if nothing can be.
    private func choices(
        _ evaluation: DecoderEvaluation
    ) throws -> [(name: String, choice: RewritingChoice)] {
        guard evaluation.base.lms > 0 else { return [] }
        return try evaluation.goals.map { name, goal in
            (name, try evaluation.choice(goal, by: grid.chosenPolicy.policy))
        }
    }

    private func summary(
        _ choices: [(name: String, choice: RewritingChoice)], _ evaluation: DecoderEvaluation,
        _ probe: DecoderProbe
    ) -> String {
        let texts =
            probe.languageModelTexts == .neutral
            ? "neutral texts" : "the rows' texts, in which the classes' words are not predicted"
        let words = probe.counting == .rows ? "; of each row its own two words count" : ""
        let heading = "language model scored on \(texts)\(words)"
        guard !choices.isEmpty else {
            return heading
                + "\nnone is chosen: the model's own score is \(evaluation.base.lms), so "
                + "that nothing tells a good rewriting from a ruined model; give other --neutral"
        }
        func number(_ value: Double) -> String {
            NumberText.fixed(value, decimals: 4, minus: "-")
        }
        let width = choices.map(\.name.count).max() ?? 0
        let lines = choices.map { name, choice in
            let padding = String(repeating: " ", count: width - name.count)
            return name + padding + "  \(choice.rewriting.summary): \(number(choice.baseScore)) → "
                + "\(number(choice.score)), language model \(number(evaluation.base.lms)) → "
                + "\(number(choice.lms))"
                + (grid.isLastResort(choice, of: evaluation) ? ", of which none keeps 99 %" : "")
        }
        return ([heading] + lines).joined(separator: "\n")
    }
}

/// How scores go with the rate at the factor that a goal takes, with a star at the rate chosen.
private struct ShiftFigure {
    let panels: LinePanels

    /// - Returns: `nil` if the grid is empty.
    init?(
        _ goal: String, _ choice: RewritingChoice, _ evaluation: DecoderEvaluation,
        of result: LabelledArray, width: Double, dpi: Double
    ) throws {
        guard let candidate = choice.bestCandidate else { return nil }
        let shifts = evaluation.shifts(factor: candidate.factor)
        // The classes' words are compared between panels; a star needs room above it.
        func limits(_ shifts: some Sequence<LabelledArray>) -> ClosedRange<Double> {
            let values = shifts.flatMap(\.values.values).filter(\.isFinite).map(Double.init)
            return 0...max(1.15 * (values.max() ?? 1), 1e-12)
        }
        let ofClasses = limits(shifts[1...2])
        var array = result
        array.name = "\(result.name)-\(goal.replacing(" ", with: "-"))"
        let isBase = choice.rewriting == .none
        let title =
            "\(goal.prefix(1).uppercased() + goal.dropFirst()): "
            + (isBase
                ? "the model itself, beside \(candidate.summary.prefix { $0 != "," })"
                : candidate.summary)
        panels = LinePanels(
            array,
            try shifts.enumerated().map { index, shift in
                try LinePlot(
                    shift,
                    style: .init(
                        title: title, width: width, dpi: dpi,
                        limits: (1...2).contains(index) ? ofClasses : limits([shift]), zero: "base",
                        star: choice.rewriting.rate))
            })
    }
}
