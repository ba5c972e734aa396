import Figures
import Mediation
import Results
import Tensors

extension MediationReport {
    /// Results of neurons with what they are called.
    struct NeuronFile {
        let name: String
        let model: String
        let results: NeuronResults
        let provenance: Provenance
    }

    func readTables() throws -> NeuronFile {
        let words = try MediationStudy(Blob(mapping: data ?? "")).words
        let results = try NeuronTable.read(files.map { try Blob(mapping: $0) }, words: words)
        let model = NeuronTable.model(ofFile: files[0]) ?? "model"
        return NeuronFile(
            name: "mediation", model: model, results: results,
            provenance: Provenance(of: model, made: nil))
    }

    func readGrid(_ file: String, name: String) throws -> NeuronFile {
        let folder = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
        let grid = try LabelledArray(reading: file)
        let results = try NeuronResults(
            ratios: grid,
            prompts: LabelledArray(reading: folder + "mediate-neurons-totals.json"), path: file)
        let model = grid.provenance?.model ?? "model"
        return NeuronFile(
            name: name, model: model, results: results,
            provenance: Provenance(of: model, made: grid.provenance))
    }

    /// Reports each, and draws the curves of several in one figure.
    func report(_ files: [NeuronFile]) throws {
        var options = curve.options
        options.isCompatible = compat == .upstream
        for (index, file) in files.enumerated() {
            if index > 0 { bracket(",") }
            let aggregate = files.count == 1 ? file.model : file.name
            try reportNeurons(
                NeuronReport(file.results, options: options), file,
                published: String(aggregate.map { $0 == "/" ? "_" : $0 }) + "_neuron_effects.csv")
        }
        let curves = files.compactMap { file -> (name: String, curve: LabelledArray)? in
            let report = NeuronReport(file.results, options: options)
            return report.aggregate.map { (file.name, report.curve(of: $0).part(0)) }
        }
        guard curves.count > 1,
            let sites = curves.map(\.curve.axes[0]).max(by: {
                $0.count < $1.count
            })
        else { return }
        let values = curves.flatMap { _, curve in
            curve.values.values
                + [Float](repeating: .nan, count: sites.count - curve.values.count)
        }
        var all = LabelledArray(
            "mediation-curves", quantity: Quantity("mean indirect effect"),
            axes: [Axis("results", labels: curves.map(\.name)), sites],
            values: Tensor([curves.count, sites.count], values))
        bracket(",")
        all.provenance = Provenance(of: files.map(\.model).joined(separator: ", "), made: nil)
        try probe.report(
            LinePlot(
                all,
                style: .init(
                    title: figure.page.title ?? "Strongest neurons of each site",
                    width: figure.page.width, dpi: figure.page.dpi)),
            "curves of \(curves.count) results", command: Self.command, output,
            isPreviewed: false)
    }

    private func reportNeurons(
        _ report: NeuronReport, _ file: NeuronFile, published: String
    ) throws {
        let totals = report.totals
        func named(_ array: LabelledArray, _ suffix: String) -> LabelledArray {
            var array = array
            array.name = file.name + suffix
            array.provenance = file.provenance
            return array
        }
        let page = figure.page
        let table = named(EffectSummary.table(totals, name: file.name), "-totals-table")
        let folder = output.folder(for: Self.command)
        var files = try table.files(in: folder)
        files.append(("\(folder)/\(table.fileStem).tex", Array(table.latex().utf8)))
        if let table = report.publishedAggregate { files.append(("\(folder)/\(published)", table)) }
        var lines = ["\(file.results.prompts.count) prompts", totals.text]
        let bias = named(report.biasAgainstEffect, "-bias")
        let correlation = report.biasCorrelation
        if let correlation {
            lines.append(
                "correlation of bias and log effect: "
                    + NumberText.fixed(correlation, decimals: 6, minus: "-"))
        }
        let main = try CorrelationPlot(
            bias,
            style: .init(
                title: page.title ?? "Bias and total effect", width: page.width, dpi: page.dpi,
                note: correlation.map { "r = " + NumberText.fixed($0, decimals: 3) } ?? ""))
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
}
