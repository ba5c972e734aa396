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
            number; beside it that of whole layers. Values are kept in a file of the output folder \
            that is named by the experiment, so a stopped selection goes on, and a larger --k adds \
            to a smaller one, except with random-greedy, whose draws depend on --k.
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
        let layers = Array(0..<model.config.nLayers)
        let parts = Parts<Head>(
            axis: "head", labels: layers.map(String.init),
            groups: layers.map { layer in objective.parts.filter { $0.layer == layer } },
            site: { $0.layer }, name: { "L\($0.layer)H\($0.head)" })
        try selection.run(
            objective, in: parts, among: layer,
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
            whose candidates have some probability; beside it that of whole sites. See `probe \
            select-heads`.
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
        let (all, note) = try data.prompts(in: model, prependBOS: self.model.bos ?? false)
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
        var notes =
            ["\(prompts.count) of \(all.prompts.count) prompts count"]
            + [note].compactMap(\.self)
        if !all.skipped.isEmpty {
            notes.append(
                "\(all.skipped.count) words left out: "
                    + all.skipped.map { "\($0.word) \($0.reason)" }.joined(separator: ", "))
        }
        let sweep = try NeuronSweep(
            prompts, [.manIndirect, .womanIndirect], sites: site, onlyAgainstBias: true, in: model)
        let parts = Parts<NeuronUnit>(
            axis: site.axis, labels: labels,
            groups: labels.indices.map { [NeuronUnit(site: $0, neuron: nil)] },
            site: { $0.site }, name: { "\(labels[$0.site]) \($0.neuron ?? 0)" })
        try selection.run(
            objective, in: parts, among: layer,
            experiment: sweep.description(provenance, options: sweepOptions.engine), provenance,
            notes: notes, command: "select-neurons", page, output)
    }
}
