import ArgumentParser
import Figures
import Interventions
import Models
import Results

/// What all patching commands take.
struct PatchingOptions: ParsableArguments {
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Experiment") var pair: PairOptions
    @OptionGroup(title: "Sweep") var sweep: SweepOptions
    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Patches activations, and writes, draws and prints the effects.
    ///
    /// - Parameters:
    ///   - verb: The command's name, which names the files.
    ///   - title: The figure's title unless one was given.
    ///   - kinds: Activations on demand that are patched.
    ///   - method: How the effects are found.
    ///   - sweeps: What is patched from the clean run; several are stacked.
    func run(
        _ verb: String, title: String, onDemand kinds: Set<HookKind> = [],
        by method: PatchingMethod = .exact,
        _ sweeps: (Run) throws -> [Sweep]
    ) throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let caching = Caching { !$0.kind.isOnDemand || kinds.contains($0.kind) }
        if let file = pair.pairs {
            return try runPairs(file, model, verb, title: title, caching, method, sweeps)
        }
        let experiment = try PatchingExperiment(
            pair, model, prependBOS: self.model.prependsBOS, caching: caching)
        let partial = PartialResults(in: output.folder(for: verb))
        var effects = try experiment.measure(
            sweeps(experiment.clean), options: sweep.engine, by: method, keeping: partial,
            progress: output.verbosity.progress("patching"))
        effects.name = verb
        try draw(effects, of: effects, experiment.summary, verb, title, experiment.colourMap)
        partial.remove()
    }

    private func runPairs(
        _ file: String, _ model: Transformer, _ verb: String, title: String, _ caching: Caching,
        _ method: PatchingMethod, _ sweeps: (Run) throws -> [Sweep]
    ) throws {
        let partial = PartialResults(in: output.folder(for: verb))
        let paired = try PairedPatching(
            file, pair, model, prependBOS: self.model.prependsBOS, name: verb,
            options: sweep.engine, by: method, keeping: partial,
            progress: output.verbosity.progress("pairs"), caching: caching, sweeps)
        try draw(
            paired.mean, of: paired.effects, paired.summary, verb, title + ", mean",
            paired.colourMap, with: paired.statistics)
        partial.remove()
    }

    /// Draws effects as a heat map, or several; writes `result`.
    private func draw(
        _ effects: LabelledArray, of result: LabelledArray, _ summary: String, _ verb: String,
        _ title: String, _ colourMap: ColourMap, with statistics: LabelledArray? = nil
    ) throws {
        var style = figure.style(title: title, colourMap: colourMap)
        // Which values are exact stands in the files.
        style.showsTexts = false
        if effects.axes.count > 2 {
            let panels = try HeatmapGrid(effects, style: style)
            try report(panels, of: result, with: statistics, summary, command: verb, output)
        } else {
            let map = try Heatmap(effects.asTable, style: style)
            try report(map, of: result, with: statistics, summary, command: verb, output)
        }
    }
}
