public import ArgumentParser
import Figures
public import Gradiend
import Models
import Results
import Tensors

/// `probe gradiend-compare`: how much learnt features resemble each other.
struct GradiendCompare: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare learnt features: their weights, or what they say of each other's texts.",
        discussion: """
            Weights are matched by where they are in the base model, whatever was pruned. A second \
            figure shows how many of their largest weights which features have in common, as a \
            Venn diagram would. With --encode each feature reads the gradients of every feature's \
            rows instead; the rows must have contrasts of all their classes.
            """)

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
            "How many of the largest weights overlap, mass and what is in common are about.",
            valueName: "k"))
    var top = 1000

    @Option(
        help: """
            Compare what the neurons say of rows: the mean of each pair's positive or negative \
            class, or their difference.
            """)
    var encode: CrossEncoding.Value?

    @Flag(help: "With --encode, divide each feature's means by that of its own rows.")
    var divide = false

    @OptionGroup(title: "Data, with --encode") var data: FeatureDataOptions
    @OptionGroup var texts: FeatureSplitOptions
    @OptionGroup(title: "Model, with --encode") var model: ModelOptions
    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws {
        if features.count < 2 { throw ValidationError("give two or more folders of features") }
        if top < 1 { throw ValidationError("--top is at least 1") }
        if divide && encode == nil { throw ValidationError("--divide needs --encode") }
        if data.classes != nil {
            throw ValidationError("the features' folders say their classes; leave --classes out")
        }
    }

    func run() throws {
        output.verbosity.apply()
        if let encode {
            try compareEncodings(encode)
        } else {
            try compareWeights()
        }
    }

    private func compareWeights() throws {
        let loaded = try features.map { try Feature(folder: $0) }
        let models = Set(loaded.map(\.baseModel)).sorted()
        if models.count > 1 {
            Terminal.note("the features were learnt from \(models.joined(separator: " and "))")
        }
        let values = try loaded.flatMap { a in
            try loaded.map { b in Float(try a.similarity(to: b, by: by, of: part, top: top)) }
        }
        let names = zip(loaded, features.withoutCommonFolders).map { $0.marked($1) }
        var result = LabelledArray(
            "gradiend-compare", quantity: Quantity(by.title),
            axes: ["feature", "other"].map { Axis($0, labels: names) },
            values: Tensor([loaded.count, loaded.count], values))
        var common = LabelledArray(
            weightsInCommonOf: loaded, names: names, top: top, by: part)
        result.settings = ["measure": by.rawValue, "part": part.rawValue, "top": "\(top)"]
        common.settings = result.settings
        var style = figure.style(title: "", colourMap: by == .cosineSigned ? .redBlue : .blues)
        style.limits = by == .cosineSigned ? -1...1 : 0...1
        if loaded.count <= 12 { style.cellDecimals = 2 }
        try report(
            Heatmap(result, style: style),
            and: [(try IntersectionPlot(common, style: .init(title: "")), nil)],
            "\(loaded.count) features by \(by.title)", command: "gradiend-compare", output)
    }

    private func compareEncodings(_ value: CrossEncoding.Value) throws {
        let model = try self.model.load()
        let loaded = try features.map { try FeatureOptions.load($0, for: model) }
        let task = try data.task(for: model, self.model)
        let rows = try data.rows(seed: texts.seed, for: task).of(texts.split)
        let encoding = try CrossEncoding(
            of: loaded, on: rows, with: task, in: model, atMost: texts.most,
            progress: output.verbosity.progress("encoding").update)
        var result = encoding.array(
            "gradiend-compare", value, isDivided: divide, features: features.withoutCommonFolders,
            pairs: loaded.compactMap(\.classes))
        result.provenance = try Provenance(of: model, seed: texts.seed)
        result.settings = [
            "encode": value.rawValue, "divided": "\(divide)", "split": texts.split.rawValue,
        ]
        let style = figure.style(encoding: value, isDivided: divide, count: loaded.count)
        try report(
            Heatmap(result, style: style), "\(loaded.count) features by \(value.title)",
            command: "gradiend-compare", output)
    }
}

extension [String] {
    /// Paths without the folders that all begin with, and those that all end with, so that what
    /// tells them apart can be read.
    var withoutCommonFolders: [String] {
        var paths = map { $0.split(separator: "/")[...] }
        while let first = paths.first?.first,
            paths.allSatisfy({ $0.count > 1 && $0.first == first })
        {
            paths = paths.map { $0.dropFirst() }
        }
        while let last = paths.first?.last, paths.allSatisfy({ $0.count > 1 && $0.last == last }) {
            paths = paths.map { $0.dropLast() }
        }
        return paths.map { $0.joined(separator: "/") }
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
