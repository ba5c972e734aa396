import ArgumentParser
import Figures
import Interventions
import Mediation
import Models
import Results
import Tensors

/// `probe select-heads`: few heads that carry most of the effect.
struct SelectHeads: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "select-heads",
        abstract: "Choose few attention heads that carry most of an indirect effect.",
        discussion: """
            The mean over items of the indirect effect of all chosen heads together, against their \
            number. Values are kept in a file of the output folder that is named by the \
            experiment, so a stopped selection goes on, and a larger --k adds to a smaller one.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Data") var data: ItemOptions
    @OptionGroup(title: "Selection") var selection: SelectionOptions
    @OptionGroup(title: "Sweep") var sweepOptions: SweepOptions
    @OptionGroup(title: "Figure") var page: PageOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let (sweep, notes) = try data.sweep(
            in: model, prependBOS: self.model.bos ?? false,
            progress: output.verbosity.progress("total effects"))
        let objective = HeadObjective(sweep.tokens, in: model, options: sweepOptions.engine)
        let layer = try selection.layer.map { try SelectionOptions.layer($0, in: model) }
        let provenance = try Provenance(of: model, seed: self.model.randomWeights)
        try selection.run(
            objective, among: layer.map { [$0] },
            site: { $0.layer }, sites: (0..<model.config.nLayers).map(String.init),
            name: { "L\($0.layer)H\($0.head)" }, axis: "head",
            experiment: sweep.description(provenance, options: sweepOptions.engine), provenance,
            notes: notes, command: "select-heads", page, output)
    }
}

/// `probe select-neurons`: few neurons that carry most of the effect.
struct SelectNeurons: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "select-neurons",
        abstract: "Choose few neurons that carry most of an indirect effect.",
        discussion: """
            The mean over prompts of the indirect effect of all chosen neurons together, each \
            prompt's against its word's bias, of words that are not gendered by definition and \
            whose candidates have some probability. See `probe select-heads`.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Data") var data: WordOptions
    @Option(help: "Which values are neurons; mlp_out has the embedding too.")
    var site = NeuronSites.mlpOut

    @Option(
        help: ArgumentHelp(
            "The probability that both candidates must exceed after a prompt.",
            valueName: "probability"))
    var leastProbability = 0.01

    @OptionGroup(title: "Selection") var selection: SelectionOptions
    @OptionGroup(title: "Sweep") var sweepOptions: SweepOptions
    @OptionGroup(title: "Figure") var page: PageOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let all = try data.prompts(in: model, prependBOS: self.model.bos ?? false)
        let prompts = try all.selectable(in: model, leastScore: leastProbability)
        let objective = NeuronObjective(
            prompts, in: model, sites: site, options: sweepOptions.engine)
        let labels = site.labels(in: model)
        let layer = try selection.layer.map { name in
            guard let index = labels.firstIndex(of: name) else {
                throw ValidationError(
                    "there is no site '\(name)'; sites are " + labels.joined(separator: ", "))
            }
            return index
        }
        let provenance = try Provenance(of: model, seed: self.model.randomWeights)
        var notes = ["\(prompts.count) of \(all.prompts.count) prompts count"]
        if !all.skipped.isEmpty {
            notes.append(
                "\(all.skipped.count) words left out: "
                    + all.skipped.map { "\($0.word) \($0.reason)" }.joined(separator: ", "))
        }
        let sweep = try NeuronSweep(
            prompts, [.manIndirect, .womanIndirect], sites: site, onlyAgainstBias: true, in: model)
        try selection.run(
            objective, among: layer.map { [$0] }, site: { $0.site }, sites: labels,
            name: { "\(labels[$0.site]) \($0.neuron ?? 0)" }, axis: site.axis,
            experiment: sweep.description(provenance, options: sweepOptions.engine), provenance,
            notes: notes, command: "select-neurons", page, output)
    }
}

/// How parts are chosen.
struct SelectionOptions: ParsableArguments {
    @Option(help: "How: greedy (what adds most) or top-k (by effects alone).")
    var algorithm = Algorithm.greedy

    @Option(help: ArgumentHelp("How many are chosen.", valueName: "number"))
    var k = 10

    @Option(
        help: ArgumentHelp("Choose in one layer only, or in emb.", valueName: "layer"))
    var layer: String?

    /// How parts are chosen.
    enum Algorithm: String, CaseIterable, ExpressibleByArgument {
        case greedy
        case topK = "top-k"
    }

    func validate() throws {
        if k < 1 { throw ValidationError("--k is \(k); give at least 1") }
    }

    /// A layer by its number.
    static func layer(_ name: String, in model: Transformer) throws -> Int {
        guard let layer = Int(name), (0..<model.config.nLayers).contains(layer) else {
            throw ValidationError(
                "there is no layer '\(name)'; layers are 0 to \(model.config.nLayers - 1)")
        }
        return layer
    }

    /// Chooses, and writes, draws and prints what was chosen.
    func run<Objective: SelectionObjective>(
        _ objective: Objective, among sites: [Int]?, site: (Objective.Part) -> Int,
        sites labels: [String], name: (Objective.Part) -> String, axis: String,
        experiment: [String: String], _ provenance: Provenance, notes: [String], command: String,
        _ page: PageOptions, _ output: OutputOptions
    ) throws {
        var experiment = experiment
        experiment["study"] =
            "\(command) in \(layer ?? "all layers") of "
            + (experiment["study"] ?? "")
        let folder = output.folder(for: command)
        let identity = Fingerprint.text(experiment)
        let progress = output.verbosity.progress("items")
        // Kept beside the results: another k, or the other algorithm, begins from it.
        let store = try SweepStore(
            "\(folder)/\(command)-\(identity).means", of: experiment,
            branches: Selection.branchCount(of: objective))
        let candidates = sites.map { sites in objective.parts.filter { sites.contains(site($0)) } }
        let how: Selection<Objective>.Algorithm = algorithm == .greedy ? .greedy : .topK
        let outcome = try Selection(
            objective, among: candidates, store: store, progress: progress.update
        ).choose(k, by: how)
        var curve = LabelledArray(
            command, quantity: Quantity("mean indirect effect"),
            axes: [
                Axis(
                    axis + "s", labels: outcome.parts.indices.map { String($0 + 1) },
                    companion: .init(axis, outcome.parts.map(name)))
            ],
            values: Tensor([outcome.parts.count], outcome.effects.map { Float($0) }),
            summary: [("all together", outcome.whole)], provenance: provenance)
        curve.settings = ["algorithm": algorithm.rawValue, "layer": layer ?? "all"]
        var drawn = curve
        drawn = drawn.withoutCompanions
        let number = { (value: Double) in NumberText.fixed(value, decimals: 6, minus: "-") }
        let lines =
            notes.prefix(6) + (notes.count > 6 ? ["…"] : [])
            + zip(outcome.parts, outcome.effects).enumerated().map { index, entry in
                "\(index + 1)  \(name(entry.0))  \(number(entry.1))"
            } + [
                "all together \(number(outcome.whole))"
                    + (outcome.enough.map { ", reached with \($0)" } ?? ", not reached")
            ]
        try report(
            LinePlot(
                drawn,
                style: .init(
                    title: page.title ?? "Chosen by \(algorithm.rawValue)", width: page.width,
                    dpi: page.dpi,
                    references: [ReferenceLine(outcome.whole, "all together")])), of: curve,
            lines.joined(separator: "\n"), command: command, output, isPreviewed: false)
    }
}

extension Fingerprint {
    /// Eight digits that tell experiments apart.
    fileprivate static func text(_ experiment: [String: String]) -> String {
        let text = experiment.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)" }
        return Array(text.joined(separator: "\n").utf8).withUnsafeBytes {
            String(Fingerprint($0).hexadecimal.prefix(8))
        }
    }
}
