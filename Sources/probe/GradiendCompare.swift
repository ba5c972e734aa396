public import ArgumentParser
import Figures
public import Gradiend
import Models
import Results
import Tensors

/// `probe gradiend-compare`: how much learnt features resemble each other.
struct GradiendCompare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare the weights of learnt features with each other.",
        discussion: "Weights are matched by where they are in the base model.")

    @Argument(
        help: ArgumentHelp("Folders of two or more features.", valueName: "folder"),
        completion: .directory)
    var features: [String]

    @Option(help: "The measure: cosine, cosine-signed, overlap or mass.")
    var by = Similarity.cosineSigned

    @Option(help: "Of which vector: encoder-weight, decoder-weight, decoder-bias or decoder-sum.")
    var part = VectorPart.decoderWeight

    @Option(
        help: ArgumentHelp(
            "How many of the largest weights overlap and mass are about.", valueName: "k"))
    var top = 1000

    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws {
        if features.count < 2 { throw ValidationError("give two or more folders of features") }
        if top < 1 { throw ValidationError("--top is at least 1") }
    }

    func run() throws {
        output.verbosity.apply()
        let loaded = try features.map { try Feature(folder: $0) }
        let values = try loaded.flatMap { a in
            try loaded.map { b in Float(try a.similarity(to: b, by: by, of: part, top: top)) }
        }
        let names = zip(loaded, features).map { $0.marked($1) }
        let axes = ["feature", "other"].map { Axis($0, labels: names) }
        var result = LabelledArray(
            "gradiend-compare", quantity: Quantity(by.title), axes: axes,
            values: Tensor([loaded.count, loaded.count], values))
        result.settings = ["measure": by.rawValue, "part": part.rawValue, "top": "\(top)"]
        var style = figure.style(title: "", colourMap: by == .cosineSigned ? .redBlue : .blues)
        style.limits = by == .cosineSigned ? -1...1 : 0...1
        if loaded.count <= 12 { style.cellDecimals = 2 }
        try report(
            Heatmap(result, style: style), "\(loaded.count) features by \(by.title)",
            command: "gradiend-compare", output)
    }
}

extension Similarity: ExpressibleByArgument {
    /// In words.
    fileprivate var title: String {
        switch self {
        case .cosine: "cosine of magnitudes"
        case .cosineSigned: "cosine"
        case .overlap: "overlap of largest weights"
        case .mass: "mass in common largest weights"
        }
    }
}
