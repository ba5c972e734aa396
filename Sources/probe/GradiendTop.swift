import ArgumentParser
import Figures
import FoundationEssentials
import Gradiend
import Results
import Tensors

/// `probe gradiend-top`: a feature's most important weights.
struct GradiendTop: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List a feature's largest weights and where they are in the model.",
        discussion: """
            weights.csv and weights.json have the columns of the Python package's \
            export_topk_features; base_global_index counts over all weights of the core.
            """)

    @Option(
        help: ArgumentHelp("The folder of a feature.", valueName: "folder"),
        completion: .directory)
    var feature = "probe-out/gradiend-train/feature"

    @Option(help: "Of which vector: encoder-weight, decoder-weight, decoder-bias or decoder-sum.")
    var part = VectorPart.decoderWeight

    @Option(help: ArgumentHelp("How many.", valueName: "k"))
    var top = 20

    @OptionGroup(title: "Output") var output: OutputOptions

    /// More bars cannot be read.
    private static let mostDrawn = 100

    func validate() throws {
        if top < 1 { throw ValidationError("--top is at least 1") }
    }

    func run() throws {
        output.verbosity.apply()
        let feature = try Feature(folder: feature)
        let weights = feature.importantWeights(top, by: part)
        let drawn = weights.prefix(Self.mostDrawn)
        let names = drawn.map { weight in
            // Without what all names have, so that the rest can be read.
            weight.param_name.split(separator: ".").dropFirst().joined(separator: ".")
                .replacing(".weight", with: "") + " "
                + weight.coords.map(String.init).joined(separator: ",")
        }
        var result = LabelledArray(
            "gradiend-top", quantity: Quantity(part.rawValue.replacing("-", with: " ")),
            axes: [Axis("weight", labels: names)],
            values: Tensor([drawn.count], drawn.map(\.value)))
        result.settings = ["feature": self.feature, "part": part.rawValue]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        let folder = output.folder(for: "gradiend-top")
        try report(
            BarPlot(result, style: .init(title: "", width: 6)),
            files: [
                ("\(folder)/weights.json", Array(try encoder.encode(weights))),
                ("\(folder)/weights.csv", Array(weights.csv().utf8)),
            ],
            "\(weights.count) of \(feature.map.count) weights"
                + (drawn.count < weights.count
                    ? " in \(folder)/weights.csv, \(drawn.count) in the figure" : ""),
            command: "gradiend-top", output)
    }
}
