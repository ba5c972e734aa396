import ArgumentParser
import Figures
import Interventions
import Models
import Results
import Tensors

/// `probe neuron-effects`: which MLP neurons carry the answer.
struct NeuronEffects: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Patch every MLP neuron of some layers, one at a time.",
        discussion: """
            A neuron is patched after its activation function, at all positions; with --by-pos, \
            one position at a time. One layer is drawn as a scatter of its neurons, several as a \
            strip for each layer.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Experiment") var pair: PairOptions

    @Option(help: ArgumentHelp("The layer.", valueName: "layer"))
    var layer: Int?

    @Option(
        help: ArgumentHelp("Layers, such as 4-7 or 0,5. (default: all)", valueName: "layers"),
        transform: IndexList.parse)
    var layers: [Int]?

    @Flag(help: "Patch one position at a time.")
    var byPos = false

    @OptionGroup var listing: StrongestOptions

    @OptionGroup var screen: ScreenOptions
    @OptionGroup(title: "Sweep") var sweepOptions: SweepOptions
    @OptionGroup(title: "Figure") var figure: PageOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws {
        try screen.check(pair)
        if layer != nil && layers != nil {
            throw ValidationError("give --layer or --layers, not both")
        }
    }

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let layers = layers ?? layer.map { [$0] }
        let sweeps = { (clean: Run) in
            let axes: [Sweep.Axis] = byPos ? [.layer, .pos, .neuron] : [.layer, .neuron]
            return [Sweep(.mlpPost, by: axes, from: clean, layers: layers)]
        }
        if let file = pair.pairs { return try runPairs(file, model, sweeps) }
        let experiment = try PatchingExperiment(pair, model, prependBOS: self.model.prependsBOS)
        let partial = PartialResults(in: output.folder(for: "neuron-effects"))
        var effects = try experiment.measure(
            sweeps(experiment.clean), options: sweepOptions.engine, by: screen.method,
            keeping: partial, progress: output.verbosity.progress("patching neurons"))
        effects.name = "neuron-effects"
        let strongest = effects.strongest(listing.top)
        effects.summary += strongest.map { (name: $0.name, value: Double($0.value)) }
        try draw(effects, of: effects, experiment.summary + screen.summary(of: effects))
        partial.remove()
    }

    private func runPairs(_ file: String, _ model: Transformer, _ sweeps: (Run) -> [Sweep]) throws {
        let partial = PartialResults(in: output.folder(for: "neuron-effects"))
        let paired = try PairedPatching(
            file, pair, model, prependBOS: self.model.prependsBOS, name: "neuron-effects",
            options: sweepOptions.engine, by: screen.method, keeping: partial,
            progress: output.verbosity.progress("pairs"), sweeps)
        try draw(paired.mean, of: paired.effects, paired.summary, with: paired.statistics)
        partial.remove()
    }

    /// Draws effects by layer and neuron; writes `result`.
    private func draw(
        _ effects: LabelledArray, of result: LabelledArray, _ summary: String,
        with statistics: LabelledArray? = nil
    ) throws {
        let summary = summary + "\n" + list(effects.strongest(listing.top))
        let layers = effects.axes[0].labels
        let title =
            figure.title
            ?? (layers.count == 1
                ? "Patched neurons of MLP layer \(layers[0])" : "Patched MLP neurons")
        let style = ScatterPlot.Style(title: title, width: figure.width, dpi: figure.dpi)
        let command = "neuron-effects"
        if byPos {
            // The strongest neurons, by position.
            let map = try Heatmap(
                effects.strongestColumns(20),
                style: Heatmap.Style(title: title, width: figure.width, dpi: figure.dpi))
            try report(map, of: result, with: statistics, summary, command: command, output)
        } else if layers.count == 1 {
            let plot = try ScatterPlot(
                effects.part(0), labelPrefix: "L\(layers[0])N", style: style)
            try report(plot, of: result, with: statistics, summary, command: command, output)
        } else {
            try report(
                RankPlot(effects, style: style), of: result, with: statistics, summary,
                command: command, output)
        }
    }
}

extension LabelledArray {
    /// Of effects by layer, position and neuron: the neurons with the largest, as rows by position.
    fileprivate func strongestColumns(_ count: Int) -> LabelledArray {
        let (positions, neurons) = (axes[1].count, axes[2].count)
        let values = values.values
        func value(_ neuron: Int, _ pos: Int) -> Float {
            values[(neuron / neurons * positions + pos) * neurons + neuron % neurons]
        }
        let largest = (0..<axes[0].count * neurons).map { neuron in
            (0..<positions).map { abs(value(neuron, $0)) }.max() ?? 0
        }
        let order = largest.indices.sorted { (largest[$0], $1) > (largest[$1], $0) }.prefix(count)
        let labels = order.map { "L\(axes[0].labels[$0 / neurons])N\($0 % neurons)" }
        return LabelledArray(
            name, quantity: quantity, axes: [Axis("neuron", labels: labels), axes[1]],
            values: Tensor(
                [order.count, positions],
                order.flatMap { neuron in (0..<positions).map { value(neuron, $0) } }),
            summary: summary, provenance: provenance)
    }
}
