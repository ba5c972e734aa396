import ArgumentParser
import Figures
import Interventions
import Mediation
import Models
import Results
import Statistics
import Tensors

/// `probe mediate-neurons`: which neurons a bias passes through.
struct MediateNeurons: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how much of a word's effect on an answer passes through each neuron.",
        discussion: """
            Causal mediation analysis (Vig et al. 2020): each word is put into each template, and \
            each neuron at the word is given the value that it has for another word (indirect), or \
            kept while the word changes (direct). Effects are ratios of the candidates' odds minus \
            1; mediate-neurons.csv has their means, against the words' biases as the figure shows \
            them and by intervention. The ratios of all prompts are in mediate-neurons-prompts.npy \
            (as CSV too, unless it is very large), their total effects in \
            mediate-neurons-totals.csv. Without --data it runs on words of the organism, whose \
            biases are known.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Data") var data: WordOptions

    @Option(
        name: .customLong("type"),
        help: ArgumentHelp(
            "Interventions with commas, of "
                + NeuronIntervention.allCases.map(\.rawValue).joined(separator: ", ")
                + ". (default: the four direct and indirect ones)", valueName: "types"),
        transform: MediateNeurons.types)
    var types: [NeuronIntervention] = NeuronIntervention.effects

    @Option(help: ArgumentHelp("How much of an intervention.", valueName: "factor"))
    var alpha: Float = 1

    @Option(help: "Which values are neurons; mlp_out has the embedding too.")
    var site = NeuronSites.mlpOut

    @Flag(help: "Of each word only what moves the odds against its bias, which halves the work.")
    var againstBias = false

    @Option(
        help: ArgumentHelp(
            "With 'upstream', also write the published study's CSV files, which costs all logits.",
            valueName: "upstream"))
    var compat: Compatibility?

    @OptionGroup var curve: CurveOptions
    @OptionGroup var shard: ShardOptions
    @OptionGroup(title: "Sweep") var sweepOptions: SweepOptions
    @OptionGroup(title: "Figure") var page: PageOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    private static let command = "mediate-neurons"

    func validate() throws {
        guard alpha.isFinite else { throw ValidationError("--alpha must be a number") }
    }

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let (prompts, note) = try data.prompts(in: model, prependBOS: self.model.bos ?? false)
        let sweep = try NeuronSweep(
            prompts.prompts, types, alpha: alpha, sites: site, measuresScores: compat != nil,
            onlyAgainstBias: againstBias, in: model)
        let provenance = try Provenance(of: model, seed: self.model.randomWeights)
        let progress = output.verbosity.progress("prompts")
        let partial = PartialResults(in: output.folder(for: Self.command))
        let store = try shard.store(
            Self.command, of: sweep.description(provenance, options: sweepOptions.engine),
            branches: sweep.branchCount, in: output.folder(for: Self.command), partial: partial,
            progress: progress)
        let results = try sweep.measure(
            options: sweepOptions.engine, store: store, shard: shard.shard,
            progress: progress.update)
        guard let results, shard.shard == nil else { return print(shard.note(store)) }
        try write(results, prompts, note, provenance)
        partial.remove()
    }

    private func write(
        _ results: NeuronResults, _ prompts: NeuronPrompts, _ note: String?,
        _ provenance: Provenance
    ) throws {
        let settings = [
            "templates": Set(prompts.prompts.map(\.template)).sorted().map { String($0 + 1) }
                .joined(separator: ","),
            "alpha": "\(alpha)", "site": site.rawValue,
            "skipped": prompts.skipped.map { "\($0.word): \($0.reason)" }.joined(separator: "; "),
        ]
        func described(_ array: LabelledArray) -> LabelledArray {
            var array = array
            array.provenance = provenance
            array.settings = settings.merging(array.settings) { $1 }
            return array
        }
        let neurons = NeuronReport(results, options: curve.options)
        var mean = neurons.means
        mean.summary = neurons.totals.map { ($0.name, $0.mean) }
        let folder = output.folder(for: Self.command)
        let dense = try described(results.array).files(in: folder, mostRows: 1 << 21)
        let tables = try described(results.promptTable).files(in: folder)
        let compatible =
            compat != nil
            ? try NeuronTable.files(results, model: provenance.model, in: folder + "/results") : []
        var drawn = described(mean.part(0))
        drawn.name = mean.name
        let what = String(mean.axes[0].labels[0].map { $0 == "_" ? " " : $0 })
        let style = ScatterPlot.Style(
            title: page.title ?? "Neurons, mean effect \(what)", width: page.width,
            dpi: page.dpi)
        var figures: [(figure: any Figure, result: LabelledArray?)] = []
        if let aggregate = neurons.aggregate {
            var curve = described(neurons.curve(of: aggregate))
            curve.name = "\(Self.command)-curve"
            figures.append((try curvePlot(curve, neurons, page), curve))
        }
        try report(
            RankPlot(drawn, labelPrefixes: ("", " "), style: style), of: described(mean),
            and: figures,
            files: dense + tables + compatible,
            [note].compactMap(\.self).firstLines + summary(neurons, prompts, drawn, what),
            command: Self.command, output, isPreviewed: false)
    }

    private func summary(
        _ report: NeuronReport, _ prompts: NeuronPrompts, _ effects: LabelledArray, _ what: String
    ) -> String {
        var lines = ["\(prompts.prompts.count) prompts, \(types.count) interventions"]
        if !prompts.skipped.isEmpty {
            lines.append(
                "\(prompts.skipped.count) words left out: "
                    + prompts.skipped.map { "\($0.word) \($0.reason)" }.joined(separator: ", "))
        }
        lines.append(report.totals.text)
        if let correlation = report.biasCorrelation {
            lines.append(
                "correlation of bias and log total effect: "
                    + NumberText.fixed(correlation, decimals: 4, minus: "-"))
        }
        lines.append("strongest, \(what):")
        lines.append(list(effects.strongestUnits(10)))
        return lines.joined(separator: "\n")
    }

    private static func types(_ list: String) throws -> [NeuronIntervention] {
        let types = try list.split(separator: ",", omittingEmptySubsequences: false).map { name in
            guard let type = NeuronIntervention(rawValue: String(name)) else {
                throw ValidationError(
                    "there is no intervention '\(name)'; give some of "
                        + NeuronIntervention.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return type
        }
        guard Set(types).count == types.count else {
            throw ValidationError("--type names an intervention twice")
        }
        return types
    }
}

/// Which neurons a curve over sites is the mean of.
struct CurveOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The share of a site's neurons, the strongest, whose mean is drawn by site.",
            valueName: "percent"))
    var percent = 2.5

    func validate() throws {
        guard percent > 0, percent <= 100 else { throw ValidationError("--percent takes 0 to 100") }
    }

    /// The report's options.
    var options: NeuronReport.Options {
        var options = NeuronReport.Options()
        options.topShare = percent / 100
        return options
    }
}

/// The strongest neurons' mean by site, with a band of one standard deviation.
func curvePlot(
    _ curve: LabelledArray, _ report: NeuronReport, _ page: PageOptions
) throws -> LinePlot {
    let (mean, deviation) = (curve.part(0), curve.part(1))
    let spread = deviation.values.values.map { $0.isFinite ? $0 : 0 }
    var drawn = mean
    drawn.name = curve.name
    return try LinePlot(
        drawn,
        band: (
            lower: mean.replacingValues { $1 - spread[$0] },
            upper: mean.replacingValues { $1 + spread[$0] }
        ),
        style: .init(
            title: "Strongest \(report.strongestCount) neurons of each site", width: page.width,
            dpi: page.dpi))
}

extension [EffectSummary] {
    /// A line each: name, number, mean, interval, median.
    var text: String {
        let width = (map(\.name.count).max() ?? 0) + 2
        let number = { (value: Double) in NumberText.fixed(value, decimals: 4, minus: "-") }
        return map { summary in
            summary.name + String(repeating: " ", count: width - summary.name.count)
                + "n \(summary.count)  mean \(number(summary.mean)) "
                + "[\(number(summary.interval.lower)), \(number(summary.interval.upper))]  "
                + "median \(number(summary.median))  geometric \(number(summary.geometric))"
        }.joined(separator: "\n")
    }
}

extension LabelledArray {
    /// Of values by site and neuron those with the largest effects, such as `emb 138`.
    func strongestUnits(_ count: Int) -> [(name: String, value: Float)] {
        let values = values.values
        let order = values.indices.filter { values[$0].isFinite }
            .sorted { (-values[$0], $0) < (-values[$1], $1) }
        return order.prefix(count).map { index in
            let (site, neuron) = index.quotientAndRemainder(dividingBy: axes[1].count)
            return ("\(axes[0].labels[site]) \(neuron)", values[index])
        }
    }
}
