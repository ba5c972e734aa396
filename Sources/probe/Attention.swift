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
            Rows are queries, columns the keys they attend to. Without --heads, all heads of all \
            layers, or of --layers, are drawn in one grid; each of the heads named gets a figure \
            of its own with the tokens at both sides.
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
    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let tokens = try prompt.tokens(for: model, prependBOS: self.model.prependsBOS)
        let chosen =
            try heads?.split(separator: ",", omittingEmptySubsequences: false)
            .map { try model.head(named: $0.filter { $0 != " " }) } ?? []
        let layers = layers ?? Array(0..<model.config.nLayers)
        for layer in layers where !(0..<model.config.nLayers).contains(layer) {
            throw RunError.noSuchLayer(layer, nLayers: model.config.nLayers)
        }
        let run = try model.run([tokens], caching: .only(.pattern), logits: .none)
        let provenance = try Provenance(of: model)
        let patterns = try layers.map { try run.patterns(layer: $0) }
        var all = LabelledArray.stacking(
            patterns, along: "layer", labels: layers.map(String.init))
        all.name = "attention"
        all.provenance = provenance
        all.settings = ["prompt ids": tokens.map(String.init).joined(separator: ",")]
        let large = try chosen.map { layer, head in
            var pattern = try run.patterns(layer: layer).part(head)
            let name = ComponentName.head(layer: layer, head: head).description
            pattern.name = "attention-\(name)"
            pattern.provenance = provenance
            var style = figure.style(title: "Attention of \(name)", colourMap: .blues)
            style.limits = 0...1
            return try Heatmap(pattern, style: style)
        }
        var style = HeatmapMosaic.Style.patterns
        style.title = figure.page.title ?? "Attention patterns"
        style.dpi = figure.page.dpi
        let mosaic = try HeatmapMosaic(all, style: style)
        let text = large.map {
            $0.array.name + "\n" + $0.preview(colour: false, width: Terminal.width)
        }
        try report(
            mosaic, and: large, text.joined(separator: "\n"), command: "attention", output,
            isPreviewed: large.isEmpty)
    }
}
