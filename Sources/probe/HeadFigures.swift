import Figures
import Mediation
import Results
import Statistics
import Tensors

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
    let others = report.topHeads(max(top, 1), by: .direct)
    func described(_ array: LabelledArray, _ suffix: String) -> LabelledArray {
        var array = array
        array.name = name + suffix
        array.provenance = provenance
        array.settings = settings
        return array
    }
    var effects = described(report.heads, "")
    effects.summary = totals.map { ($0.name, $0.mean) }
    effects.summary.append(("items", Double(report.results.analyzed)))
    let layers = described(report.layers, "-layers")
    let bars = described(HeadReport.bars(heads), "-bars")
    func heatmap(_ array: LabelledArray, _ effect: Int, _ title: String) throws -> Heatmap {
        try Heatmap(
            array, beside: report.allHeads(HeadEffect.allCases[effect]),
            style: figure.style(title: title, origin: .bottom))
    }
    let direct = described(report.heads.part(1), "-direct")
    let sorted = described(report.sortedHeads, "-sorted")
    let page = figure.page
    let figures: [(figure: any Figure, result: LabelledArray?)] = [
        (try heatmap(direct, 1, "Direct effect of each head"), direct),
        (try heatmap(sorted, 0, "Indirect effect, heads sorted"), sorted),
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
    let folder = output.folder(for: command)
    let tables = try [
        described(HeadReport.table(heads), "-top"),
        described(HeadReport.table(others, by: .direct), "-top-direct"),
        described(EffectSummary.table(totals, name: name), "-totals"),
    ].flatMap { table in
        try table.files(in: folder)
            + [("\(folder)/\(table.fileStem).tex", Array(table.latex().utf8))]
    }
    let items = try described(report.itemTable, "-items").files(in: folder)
    try probe.report(
        heatmap(described(report.heads.part(0), ""), 0, "Indirect effect of each head"),
        of: effects, and: figures, files: tables + items + files,
        notes.firstLines + text(report, totals, heads, others),
        command: command, output, isPreviewed: false)
}

/// What the terminal shows of a report of heads.
private func text(
    _ report: HeadReport, _ totals: [EffectSummary], _ heads: [HeadReport.TopHead],
    _ others: [HeadReport.TopHead]
) -> String {
    let results = report.results
    var lines = [
        "\(results.modelVersion): \(results.analyzed) of \(results.loaded) items"
            + (results.aligned.map { ", \($0) aligned" } ?? "")
            + (results.threshold.map { ", threshold \(number($0))" } ?? ""),
        totals.text, "largest indirect effects:", table(heads), "smallest direct effects:",
        table(others), "layer     indirect  direct",
    ]
    let layers = report.layers
    lines += (0..<layers.axes[0].count).map { layer in
        columns(
            [layers.axes[0].labels[layer]]
                + (0..<2).map { number(Double(layers.values[layer, $0])) })
    }
    lines.append("items with the largest total effects:")
    lines += report.itemsByEffect.prefix(3).map { index in
        let item = results.results[index]
        return columns(["\(index)", number(item.totalEffect), item.base])
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

/// Heads, a line each.
private func table(_ heads: [HeadReport.TopHead]) -> String {
    let lines = heads.map { head in
        columns([
            head.head.description, number(head.indirect), number(head.direct),
            NumberText.fixed(head.t, decimals: 4, minus: "-"),
            NumberText.fixed(head.p, decimals: 4),
            NumberText.fixed(head.pairedP, decimals: 4),
        ])
    }
    return (["head      indirect  direct    t         p         p paired, corrected"] + lines)
        .joined(separator: "\n")
}

private func number(_ value: Double) -> String {
    NumberText.fixed(value, decimals: 6, minus: "-")
}

/// Fields below those of other lines.
private func columns(_ fields: [String]) -> String {
    fields.map { $0 + String(repeating: " ", count: max(1, 8 - $0.count)) }
        .joined(separator: "  ")
}

extension [String] {
    /// A few lines of many, each ended; all stand in the JSON.
    var firstLines: String {
        let lines = Array(prefix(6)) + (count > 6 ? ["…"] : [])
        return lines.map { $0 + "\n" }.joined()
    }
}
