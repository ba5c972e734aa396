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
    ///   - sweeps: What is patched from the clean run; several are stacked.
    func run(_ verb: String, title: String, _ sweeps: (Run) throws -> [Sweep]) throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let experiment = try PatchingExperiment(pair, model, prependBOS: self.model.prependsBOS)
        let partial = PartialResults(in: output.folder(for: verb))
        var effects = try experiment.measure(
            sweeps(experiment.clean), options: sweep.engine, keeping: partial,
            progress: output.verbosity.progress("patching"))
        effects.name = verb
        let style = figure.style(title: title, colourMap: experiment.colourMap)
        if effects.axes.count > 2 {
            let panels = try HeatmapGrid(effects, style: style)
            try report(panels, experiment.summary, command: verb, output)
        } else {
            let map = try Heatmap(effects.asTable, style: style)
            try report(map, of: effects, experiment.summary, command: verb, output)
        }
        partial.remove()
    }
}
