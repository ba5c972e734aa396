import ArgumentParser
import Circuits
import Figures
import Models
import Results
import Tensors

/// `probe attention`: where heads look.
struct Attention: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw the attention patterns of heads: all in a grid, named ones large.",
        discussion: """
            Rows are queries, columns the keys they attend to. All heads of all layers, or of \
            --layers, are drawn in one grid, twice as wide as --width; each of the heads named \
            gets a figure of its own with the tokens at both sides.
            """)

    @OptionGroup var prompt: PromptOptions

    @Option(
        help: ArgumentHelp(
            "Heads to draw large, with commas, such as L9H7,L10H9.", valueName: "heads"))
    var heads: String?

    @Option(
        help: ArgumentHelp(
            "The layers of the grid, such as 4-7 or 0,5. (default: all)", valueName: "layers"),
        transform: IndexList.parse)
    var layers: [Int]?

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Figure") var figure: PageOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    /// More than this would be a file of hundreds of megabytes.
    private static let mostNumbers = 10_000_000

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let tokens = try prompt.tokens(for: model, prependBOS: self.model.prependsBOS)
        let names = heads?.split(separator: ",", omittingEmptySubsequences: false) ?? []
        let chosen = try model.heads(named: names.map { $0.filter { $0 != " " } })
        let layers = layers.map { Set($0).sorted() } ?? Array(0..<model.config.nLayers)
        for layer in layers where !(0..<model.config.nLayers).contains(layer) {
            throw RunError.noSuchLayer(layer, nLayers: model.config.nLayers)
        }
        let numbers = layers.count * model.config.nHeads * tokens.count * tokens.count
        if numbers > Self.mostNumbers { throw TooMuchAttention(numbers: numbers) }
        let run = try model.run([tokens], caching: .only(.pattern), logits: .none)
        let provenance = try Provenance(of: model)
        let described = { (array: LabelledArray, name: String) in
            var array = array
            array.name = name
            array.provenance = provenance
            array.settings = ["prompt ids": tokens.map(String.init).joined(separator: ",")]
            return array
        }
        let patterns = try layers.map { try run.patterns(layer: $0) }
        let all = described(
            .stacking(patterns, along: "layer", labels: layers.map(String.init)), "attention")
        let large = try chosen.map { layer, head in
            let name = ComponentName.head(layer: layer, head: head).description
            let pattern = described(try run.patterns(layer: layer).part(head), "attention-\(name)")
            let style = Heatmap.Style(
                title: "Attention of \(name)", width: figure.width, dpi: figure.dpi,
                colourMap: .blues, limits: 0...1)
            return (figure: try Heatmap(masked(pattern), style: style), result: pattern)
        }
        var style = HeatmapMosaic.Style.patterns
        style.title = figure.title ?? "Attention patterns"
        style.width = 2 * figure.width
        style.dpi = figure.dpi
        let text = large.map {
            $0.result.name + "\n" + $0.figure.preview(colour: false, width: Terminal.width)
        }
        try report(
            HeatmapMosaic(masked(all), style: style), of: all,
            and: large.map { ($0.figure, $0.result) }, text.joined(separator: "\n"),
            command: "attention", output, isPreviewed: large.isEmpty)
    }

    /// Patterns whose cells above the diagonal, where a query cannot look, are no numbers: figures
    /// draw them grey.
    private func masked(_ patterns: LabelledArray) -> LabelledArray {
        let count = patterns.axes[patterns.axes.count - 1].count
        return patterns.replacingValues { index, value in
            index % count > index / count % count ? .nan : value
        }
    }
}

/// More attention than a result can hold.
private struct TooMuchAttention: Error, CustomStringConvertible {
    let numbers: Int

    var description: String {
        "the patterns would be \(numbers) numbers; choose some layers with --layers, or a shorter "
            + "prompt"
    }
}
