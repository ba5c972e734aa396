import ArgumentParser
import Figures
import Interventions
import Models
import Results

/// `probe patch-residual`: which position carries the answer, layer by layer.
struct PatchResidual: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Patch the residual stream position by position, and draw the recovered answer.",
        discussion: """
            Runs the corrupted prompt once for each layer and position, with the clean run's \
            residual stream put in there, and measures how far the answer moves. Normalised, 0 is \
            the corrupted and 1 the clean run. Without arguments it runs on the organism. A sweep \
            that was stopped goes on with the same command.
            """)

    /// The residual stream before a block, between attention and MLP, and after it.
    enum Place: String, CaseIterable, ExpressibleByArgument {
        case residPre = "resid_pre"
        case residMid = "resid_mid"
        case residPost = "resid_post"

        var kind: HookKind {
            switch self {
            case .residPre: .residPre
            case .residMid: .residMid
            case .residPost: .residPost
            }
        }
    }

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Experiment") var pair: PairOptions
    @Option(help: "Where in a block.") var site = Place.residPre
    @OptionGroup(title: "Sweep") var sweep: SweepOptions
    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        output.verbosity.apply()
        let model = try model.load()
        let experiment = try PatchingExperiment(pair, model, prependBOS: self.model.prependsBOS)
        let partial = PartialResults(in: output.folder(for: "patch-residual"))
        var effects = try experiment.measure(
            site.kind, by: [.layer, .pos], options: sweep.engine, keeping: partial,
            progress: output.verbosity.progress("patching"))
        effects.name = "patch-residual"
        let map = try Heatmap(
            effects, style: figure.style(title: "\(site.rawValue) activation patching"))
        try report(map, experiment.summary, command: "patch-residual", output)
        partial.remove()
    }
}

/// Writes a result with its heat map, and prints it.
func report(
    _ map: Heatmap, _ summary: String, command: String, _ output: OutputOptions
) throws {
    let folder = output.folder(for: command)
    let paths = try map.array.write(
        to: folder, with: map.files(in: folder, as: output.format))
    if output.json {
        print(try map.array.json(), terminator: "")
        return
    }
    print(summary)
    print(map.preview(colour: false, width: Terminal.width))
    if Terminal.hasColour && !output.verbosity.quiet {
        print(map.preview(colour: true, width: Terminal.width))
    }
    print(paths.joined(separator: "\n"))
}
