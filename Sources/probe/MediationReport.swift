import ArgumentParser
import Figures
import Mediation
import Models
import Results
import Tensors

/// `probe mediation-report`: tables and figures of a mediation study, ours or the published one's.
struct MediationReport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mediation-report",
        abstract: "Make tables and figures from results of mediation studies.",
        discussion: """
            Files are attention_intervention_*.json of `probe mediate-heads` or of the published \
            study, each reported alone and all compared; or mediate-neurons-prompts.json of `probe \
            mediate-neurons`; or the published study's CSV files of one model, which need the \
            words' scores in --data. Tables are written as CSV and LaTeX.
            """)

    @Argument(help: ArgumentHelp("Results.", valueName: "file"))
    var files: [String]

    @Option(
        help: ArgumentHelp(
            "Words with their scores, such as professions.json, for CSV files.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var data: String?

    @Flag(
        help: """
            Aggregate neurons over the words that the published script takes: those gendered by \
            definition.
            """)
    var compat = false

    @OptionGroup var curve: CurveOptions
    @OptionGroup var listing: StrongestOptions
    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    private static let command = "mediation-report"

    func run() throws {
        output.verbosity.apply()
        let tables = files.filter { $0.hasSuffix(".csv") }
        guard tables.isEmpty || tables.count == files.count else {
            throw ValidationError("give CSV files of one model, or JSON files, not both")
        }
        if !tables.isEmpty { return try reportNeurons(readTables(tables), name: "mediation") }
        var reports: [(name: String, report: HeadReport)] = []
        for file in files {
            let kind = try Self.kind(of: Blob(mapping: file))
            let name = Self.stem(of: file)
            if kind.axes != nil {
                try reportNeurons(readGrid(file), name: name)
            } else {
                reports.append((name, HeadReport(try HeadResults(Blob(mapping: file)))))
            }
        }
        for (name, report) in reports {
            try drawHeads(
                report, name: name, top: listing.top, figure, nil,
                settings: ["file": name], command: Self.command, output)
        }
        if reports.count > 1 { try compare(reports) }
    }

    /// What tells our grids and the published form apart.
    private struct Kind: Decodable {
        struct Anything: Decodable {}
        let axes: [Anything]?
    }

    private static func kind(of file: Blob) throws -> Kind {
        do {
            return try decodeJSON(Kind.self, from: file.bytes)
        } catch {
            throw MediationError.badFile(path: file.name, reason: error.description)
        }
    }

    private static func stem(of path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    }

    private func readTables(_ files: [String]) throws -> NeuronResults {
        guard let data else {
            throw ValidationError("CSV files have no scores of words; give them with --data")
        }
        return try NeuronTable.read(
            files.map { try Blob(mapping: $0) }, words: MediationStudy(Blob(mapping: data)).words)
    }

    private func readGrid(_ file: String) throws -> NeuronResults {
        let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
        return try NeuronResults(
            ratios: LabelledArray(reading: file),
            prompts: LabelledArray(reading: folder + "mediate-neurons-totals.json"), path: file)
    }

    private func reportNeurons(_ results: NeuronResults, name: String) throws {
        var options = curve.options
        options.isCompatible = compat
        let report = NeuronReport(results, options: options)
        let totals = report.totals
        func named(_ array: LabelledArray, _ suffix: String) -> LabelledArray {
            var array = array
            array.name = name + suffix
            return array
        }
        let page = figure.page
        let table = named(EffectSummary.table(totals, name: name), "-totals-table")
        let folder = output.folder(for: Self.command)
        var files = try table.files(in: folder)
        files.append(("\(folder)/\(table.fileStem).tex", Array(table.latex().utf8)))
        var lines = ["\(results.prompts.count) prompts", totals.text]
        let bias = named(report.biasAgainstEffect, "-bias")
        let correlation = report.biasCorrelation.map {
            NumberText.fixed($0, decimals: 6, minus: "-")
        }
        if let correlation { lines.append("correlation of bias and log effect: \(correlation)") }
        let main = try CorrelationPlot(
            bias,
            style: .init(
                title: page.title ?? "Bias and total effect", width: page.width, dpi: page.dpi,
                note: correlation.map { "r = \($0.dropLast(3))" } ?? ""))
        var figures: [(figure: any Figure, result: LabelledArray?)] = []
        if let aggregate = report.aggregate, let effects = report.againstBias {
            files += try named(aggregate, "-neurons").files(in: folder)
            let curve = named(report.curve(of: aggregate), "-curve")
            figures.append((try curvePlot(curve, report, page), curve))
            let strip = named(effects, "-strip")
            figures.append(
                (
                    try RankPlot(
                        strip, labelPrefixes: ("", " "),
                        style: .init(
                            title: "Neurons, mean indirect effect", width: page.width,
                            dpi: page.dpi)), strip
                ))
            lines.append("strongest:\n" + list(effects.strongestUnits(listing.top)))
        }
        try probe.report(
            main, of: bias, and: figures, files: files, lines.joined(separator: "\n"),
            command: Self.command, output, isPreviewed: false)
    }

    /// All files' effects side by side.
    private func compare(_ reports: [(name: String, report: HeadReport)]) throws {
        let totals = reports.map(\.report.totals)
        let array = LabelledArray(
            "mediation-comparison", quantity: Quantity("mean effect"),
            axes: [
                Axis(
                    "results",
                    labels: reports.map {
                        String($0.name.trimmingPrefix("attention_intervention_"))
                    }),
                Axis("effect", labels: totals[0].map(\.name)),
            ],
            values: Tensor(
                [reports.count, totals[0].count], totals.joined().map { Float($0.mean) }))
        let page = figure.page
        let folder = output.folder(for: Self.command)
        try probe.report(
            BarPlot(
                array,
                style: .init(
                    title: page.title ?? "Total, indirect and direct effects", width: page.width,
                    dpi: page.dpi, direction: .horizontal)),
            files: [("\(folder)/\(array.fileStem).tex", Array(array.latex().utf8))],
            "comparison of \(reports.count) results", command: Self.command, output)
    }
}

extension String {
    fileprivate func trimmingPrefix(_ prefix: String) -> Substring {
        hasPrefix(prefix) ? dropFirst(prefix.count) : self[...]
    }
}
