import ArgumentParser
import Figures
import FoundationEssentials
import Glibc
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
            study; mediate-neurons-prompts.json of `probe mediate-neurons`; or the published \
            study's CSV files of one model, which need the words' scores in --data. Each is \
            reported alone, and several are compared. Tables are written as CSV and LaTeX, those \
            of neurons also as the published <model>_neuron_effects.csv. With --examples the model \
            of the heads' results runs once more, since their files do not hold its attention.
            """)

    @Argument(help: ArgumentHelp("Results.", valueName: "file"))
    var files: [String]

    @Option(
        help: ArgumentHelp(
            "Words with their scores, such as professions.json, for CSV files.", valueName: "file"),
        completion: .file(extensions: ["json"]))
    var data: String?

    @Option(
        help: ArgumentHelp(
            """
            With 'upstream', repeat two mistakes of the published scripts: neurons are aggregated \
            over the words that are gendered by definition instead of the others, and the groups \
            of the split total effects have each other's names.
            """, valueName: "upstream"))
    var compat: Compatibility?

    @OptionGroup var curve: CurveOptions
    @OptionGroup var listing: StrongestOptions
    @OptionGroup(title: "Examples") var examples: ExampleOptions

    @Option(
        help: ArgumentHelp(
            """
            The model whose attention --examples draws, a folder or a hub id. (default: the one \
            that the results name)
            """, valueName: "folder or id"), completion: .directory)
    var model: String?

    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    static let command = "mediation-report"

    func validate() throws {
        let tables = files.count { $0.hasSuffix(".csv") }
        guard tables == 0 || tables == files.count else {
            throw ValidationError("give CSV files of one model, or JSON files, not both")
        }
        if tables > 0 && data == nil {
            throw ValidationError("CSV files have no scores of words; give them with --data")
        }
        if model != nil && examples.examples == 0 {
            throw ValidationError("--model is for --examples only; give both")
        }
    }

    func run() throws {
        output.verbosity.apply()
        try checkOutputs()
        if files[0].hasSuffix(".csv") { return try report([readTables()]) }
        var heads: [(name: String, report: HeadReport)] = []
        var neurons: [NeuronFile] = []
        for (file, name) in zip(files, Self.names(of: files)) {
            if try Self.kind(of: Blob(mapping: file)).axes != nil {
                neurons.append(try readGrid(file, name: name))
            } else {
                heads.append((name, HeadReport(try HeadResults(Blob(mapping: file)))))
            }
        }
        bracket("[")
        try report(neurons)
        for (index, (name, report)) in heads.enumerated() {
            if index > 0 || !neurons.isEmpty { bracket(",") }
            let provenance = Provenance(of: report.results.modelName, made: nil)
            try drawHeads(
                report, name: name + "-heads", top: listing.top, figure, provenance,
                settings: ["file": name], files: drawn(report, name, provenance),
                command: Self.command, output)
        }
        if heads.count > 1 {
            bracket(",")
            try compare(heads)
        }
        bracket("]\n")
    }

    /// Prints what makes one list of several files' JSON.
    func bracket(_ text: String) {
        if output.json && files.count > 1 { print(text, terminator: "") }
    }

    /// Refuses files that the results would be written over.
    private func checkOutputs() throws {
        let inputs = Set(files.compactMap(Self.realPath))
        let folder = output.folder(for: Self.command)
        var suffixes = [
            "-heads", "-heads-direct", "-heads-sorted", "-heads-layers", "-heads-bars",
            "-heads-top", "-heads-top-direct", "-heads-totals", "-heads-items", "-bias", "-curve",
            "-strip", "-neurons", "-totals-table",
        ]
        for number in 0..<examples.examples { suffixes.append("-example-\(number + 1)") }
        for name in Self.names(of: files) {
            for suffix in suffixes {
                let path = "\(folder)/\(name)\(suffix).json"
                guard let real = Self.realPath(path), inputs.contains(real) else { continue }
                throw MediationError.badFile(
                    path: path,
                    reason: "it is to be read and would be written over; give another folder as "
                        + "--out")
            }
        }
    }

    /// Where a file is, whatever its path's form; `nil` if there is none.
    private static func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
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

    /// What each file's results are called: its name without the ending, its folder's name before
    /// that where names are the same, and a number where those are.
    static func names(of files: [String]) -> [String] {
        let paths = files.map { $0.split(separator: "/") }
        let stems = paths.map { path in
            let name = path.last.map(String.init) ?? "results"
            return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
        }
        let longer = zip(paths, stems).map { path, stem in
            stems.count { $0 == stem } == 1
                ? stem : (path.dropLast().last.map { "\($0)-" } ?? "") + stem
        }
        return longer.indices.map { index in
            let earlier = longer[..<index].count { $0 == longer[index] }
            return longer[index] + (earlier > 0 ? "-\(earlier + 1)" : "")
        }
    }
}

extension MediationReport {
    /// The attention of the items with the largest total effects.
    private func drawn(
        _ report: HeadReport, _ name: String, _ provenance: Provenance
    ) throws -> [(path: String, bytes: [UInt8])] {
        guard examples.examples > 0 else { return [] }
        let results = report.results
        // The published files say so in their names only.
        let isRandom = results.modelName.hasSuffix("_random") || name.contains("_random_")
        if model == nil && isRandom {
            throw MediationError.nothingLeft(
                "\(name) is of random weights, which its file does not hold; name a folder that "
                    + "has them with --model, or leave --examples out")
        }
        let model = try Transformer.load(model ?? results.modelVersion)
        let shape = (model.config.nLayers, model.config.nHeads)
        guard shape == (results.layerCount, results.headCount) else {
            throw MediationError.nothingLeft(
                "\(name) has \(results.layerCount) layers of \(results.headCount) heads, but "
                    + "\(model.name) has \(shape.0) of \(shape.1); name the model that made it "
                    + "with --model")
        }
        return try examples.files(
            report, in: model,
            tokens: {
                try results.results[$0].tokens(in: model, prependBOS: results.prependBOS ?? false)
            }, name: name, in: output.folder(for: Self.command), figure, provenance, output.format)
    }

    /// All files' effects side by side.
    private func compare(_ reports: [(name: String, report: HeadReport)]) throws {
        let totals = reports.map(\.report.totals)
        let names = reports.map { String($0.name.trimmingPrefix("attention_intervention_")) }
        let provenance = Provenance(
            of: reports.map(\.report.results.modelName).joined(separator: ", "), made: nil)
        let array = LabelledArray(
            "mediation-comparison", quantity: Quantity("mean effect"),
            axes: [Axis("results", labels: names), Axis("effect", labels: totals[0].map(\.name))],
            values: Tensor(
                [reports.count, totals[0].count], totals.joined().map { Float($0.mean) }),
            provenance: provenance)
        var table = HeadReport.comparison(
            Array(zip(names, reports.map(\.report))).map { (name: $0, report: $1) })
        table.provenance = provenance
        let page = figure.page
        let folder = output.folder(for: Self.command)
        try probe.report(
            BarPlot(
                array,
                style: .init(
                    title: page.title ?? "Total, indirect and direct effects", width: page.width,
                    dpi: page.dpi, direction: .horizontal)),
            with: table,
            files: [("\(folder)/\(table.fileStem).tex", Array(table.latex().utf8))],
            "comparison of \(reports.count) results", command: Self.command, output)
    }
}

extension Provenance {
    /// The provenance of a report, which is made without the model.
    ///
    /// - Parameters:
    ///   - model: The model's name in the results.
    ///   - made: The results' own provenance, if they have one.
    init(of model: String, made: Provenance?) {
        self.init(
            command: ["probe"] + CommandLine.arguments.dropFirst(), version: Probe.version,
            model: model, checkpoint: made?.checkpoint ?? "not recorded",
            processing: made?.processing ?? "not recorded", seed: made?.seed,
            time: Date.now.ISO8601Format())
    }
}

extension String {
    fileprivate func trimmingPrefix(_ prefix: String) -> Substring {
        hasPrefix(prefix) ? dropFirst(prefix.count) : self[...]
    }
}
