import ArgumentParser
import Figures
import Interventions
import Mediation
import Models
import Results
import Statistics
import Tensors

/// `probe mediate-heads`: which attention heads a bias passes through.
struct MediateHeads: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how much of an effect passes through each attention head's pattern.",
        discussion: """
            Causal mediation analysis (Vig et al. 2020): each head, each layer and the whole model \
            attend as they do for an item's other input (indirect), or as for its own while the \
            input changes (direct). Effects are relative changes of the odds of two continuations, \
            0 for none; a continuation of several tokens is scored by the geometric mean of their \
            probabilities. Each item's effects are in the published study's JSON form beside the \
            means. Without --data it runs on pairs of professions of the organism's language.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Data") var data: ItemOptions

    @OptionGroup var listing: StrongestOptions

    @Option(
        help: ArgumentHelp(
            """
            Draw where the three heads with the largest effects look in this many items, those \
            with the largest total effects.
            """, valueName: "number"))
    var examples = 0

    @OptionGroup var shard: ShardOptions
    @OptionGroup(title: "Sweep") var sweepOptions: SweepOptions
    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    private static let command = "mediate-heads"

    func validate() throws {
        guard (0...100).contains(examples) else {
            throw ValidationError("--examples takes 0 to 100")
        }
    }

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let (sweep, notes) = try data.sweep(
            in: model, prependBOS: self.model.bos ?? false,
            progress: output.verbosity.progress("total effects"))
        let provenance = try Provenance(of: model, seed: self.model.randomWeights)
        let progress = output.verbosity.progress("items")
        let folder = output.folder(for: Self.command)
        let partial = PartialResults(in: folder)
        let store = try shard.store(
            Self.command, of: sweep.description(provenance, options: sweepOptions.engine),
            branches: sweep.branchCount, in: folder, partial: partial, progress: progress)
        let results = try sweep.measure(
            split: data.split, stat: data.winogender == nil ? nil : data.stat.rawValue,
            options: sweepOptions.engine, store: store, shard: shard.shard,
            progress: progress.update)
        guard let results, shard.shard == nil else { return print(shard.note(store)) }
        let items = [("\(folder)/\(results.fileStem).json", try results.json())]
        let report = HeadReport(results)
        try drawHeads(
            report, name: Self.command, top: listing.top, figure, provenance,
            settings: ["left out": notes.joined(separator: "; ")],
            files: items + drawExamples(report, sweep, model, provenance),
            notes: notes, command: Self.command, output)
        partial.remove()
    }
}

extension MediateHeads {
    /// The files of the items with the largest total effects.
    private func drawExamples(
        _ report: HeadReport, _ sweep: HeadSweep, _ model: Transformer, _ provenance: Provenance
    ) throws -> [(path: String, bytes: [UInt8])] {
        let effects = report.results.results.map(\.totalEffect)
        let order = effects.indices.sorted { (-effects[$0], $0) < (-effects[$1], $1) }
        let heads = examples > 0 ? report.topHeads(3).map(\.head) : []
        return try order.prefix(examples).enumerated().flatMap { number, item in
            var attention = try HeadExperiment(sweep.tokens[item], in: model).attention(of: heads)
            attention.name = "\(Self.command)-example-\(number + 1)"
            attention.provenance = provenance
            attention.settings = [
                "x": sweep.items[item].texts[0], "x′": sweep.items[item].texts[1],
                "total effect": "\(effects[item])",
            ]
            let folder = output.folder(for: Self.command)
            let panels = try HeatmapGrid(
                attention, style: figure.style(title: "Attention", colourMap: .blues))
            return try attention.files(in: folder) + panels.files(in: folder, as: output.format)
        }
    }
}

/// Writes, draws and prints a report of heads.
///
/// - Parameters:
///   - report: The report.
///   - name: What the files' names begin with.
///   - top: How many heads are listed.
///   - files: More files.
///   - notes: What is said first.
func drawHeads(
    _ report: HeadReport, name: String, top: Int, _ figure: HeatmapOptions,
    _ provenance: Provenance?, settings: [String: String] = [:],
    files: [(path: String, bytes: [UInt8])] = [], notes: [String] = [],
    command: String, _ output: OutputOptions
) throws {
    let totals = report.totals
    let heads = report.topHeads(max(top, 1))
    func described(_ array: LabelledArray, _ suffix: String) -> LabelledArray {
        var array = array
        array.name = name + suffix
        array.provenance = provenance
        array.settings = settings
        return array
    }
    var effects = described(report.heads, "")
    let indirect = described(report.heads.part(0), "")
    let direct = described(report.heads.part(1), "-direct")
    let sorted = described(report.sortedHeads, "-sorted")
    effects.summary = totals.map { ($0.name, $0.mean) }
    effects.summary.append(("items", Double(report.results.analyzed)))
    let table = described(HeadReport.table(heads), "-top")
    let sums = described(EffectSummary.table(totals, name: name), "-totals")
    let layers = described(report.layers, "-layers")
    let bars = described(HeadReport.bars(heads), "-bars")
    let folder = output.folder(for: command)
    let page = figure.page
    let figures: [(figure: any Figure, result: LabelledArray?)] = [
        (
            try Heatmap(
                direct,
                style: figure.style(title: "Direct effect of each head", colourMap: .blues)),
            direct
        ),
        (
            try Heatmap(sorted, style: figure.style(title: "Heads of each layer, sorted")), sorted
        ),
        (
            try BarPlot(
                layers,
                style: .init(
                    title: "Mean effect of each layer", width: page.width, dpi: page.dpi,
                    direction: .horizontal)), layers
        ),
        (
            try BarPlot(
                bars,
                style: .init(
                    title: "Heads with the largest indirect effect", width: page.width,
                    dpi: page.dpi, direction: .vertical,
                    references: [ReferenceLine(totals[0].mean, "total effect")], isStacked: true)),
            bars
        ),
    ]
    let latex = [
        ("\(folder)/\(table.fileStem).tex", Array(table.latex().utf8)),
        ("\(folder)/\(sums.fileStem).tex", Array(sums.latex().utf8)),
    ]
    let tables = try table.files(in: folder) + sums.files(in: folder)
    try probe.report(
        Heatmap(indirect, style: figure.style(title: "Indirect effect of each head")),
        of: effects, and: figures, files: tables + latex + files,
        text(report, totals, heads, notes),
        command: command, output, isPreviewed: false)
}

/// What the terminal shows of a report of heads.
private func text(
    _ report: HeadReport, _ totals: [EffectSummary], _ heads: [HeadReport.TopHead],
    _ notes: [String]
) -> String {
    let number = { (value: Double) in NumberText.fixed(value, decimals: 6, minus: "-") }
    let results = report.results
    // All stand in the JSON.
    var lines = Array(notes.prefix(6)) + (notes.count > 6 ? ["…"] : [])
    lines.append(
        "\(results.modelVersion): \(results.analyzed) of \(results.loaded) items"
            + (results.aligned.map { ", \($0) aligned" } ?? "")
            + (results.threshold.map { ", threshold \(number($0))" } ?? ""))
    lines.append(totals.text)
    lines.append("head      indirect  direct    t         p         p paired, corrected")
    lines += heads.map { head in
        [
            head.head.description, number(head.indirect), number(head.direct),
            NumberText.fixed(head.t, decimals: 4, minus: "-"),
            NumberText.fixed(head.p, decimals: 4),
            NumberText.fixed(head.pairedP, decimals: 4),
        ].map { $0 + String(repeating: " ", count: max(1, 8 - $0.count)) }.joined(separator: "  ")
    }
    if let fit = report.decomposition(),
        let unit = report.decomposition(given: (1, fit.intercept))
    {
        lines.append(
            "total − direct against indirect: slope \(number(fit.slope)), intercept "
                + "\(number(fit.intercept)), R² \(number(fit.rSquared)), with slope 1 "
                + number(unit.rSquared))
    }
    if let correlation = report.scoreCorrelation {
        lines.append(
            "correlation of items' scores and log total effects: \(number(correlation))")
    }
    return lines.joined(separator: "\n")
}
