import ArgumentParser
import Figures
import Interventions
import Models
import Results

/// What all patching commands take.
struct PatchingOptions: ParsableArguments {
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Experiment") var pair: PairOptions
    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// Patches an activation by some axes, and writes, draws and prints the effects.
    ///
    /// - Parameters:
    ///   - verb: The command's name, which names the files.
    ///   - sweeps: The activations; several are stacked along a first axis `site`.
    ///   - title: The figure's title unless one was given.
    func run(_ verb: String, _ sweeps: [PatchingSweep], title: String) throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let experiment = try PatchingExperiment(pair, model, prependBOS: self.model.prependsBOS)
        let progress = output.verbosity.progress("patching")
        var effects = try experiment.measure(sweeps, progress: progress)
        effects.name = verb
        let style = figure.style(title: title)
        try report(Heatmap(effects, style: style), experiment.summary, command: verb, output)
    }
}

/// One activation and the axes it is patched by.
struct PatchingSweep {
    let kind: HookKind
    let axes: [Sweep.Axis]

    init(_ kind: HookKind, by axes: [Sweep.Axis]) {
        self.kind = kind
        self.axes = axes
    }
}
