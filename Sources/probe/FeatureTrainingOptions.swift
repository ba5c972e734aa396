public import ArgumentParser
public import Gradiend
import Tensors

/// How a feature is learnt.
struct FeatureTrainingOptions: ParsableArguments {
    @Option(
        help: """
            What the options below start from: quick (a tenth of the weights, a high rate), \
            package (the Python package's defaults) or paper (one step for each text, the best of \
            three seeds).
            """)
    var preset = Preset.quick

    @Option(
        help: ArgumentHelp(
            """
            JSON with fields of the package's TrainingArguments, or a training.json that holds \
            them; options below go first.
            """, valueName: "file"), completion: .file(extensions: ["json"]))
    var arguments: String?

    @Option(help: "The gradient that the encoder reads: factual, alternative or diff.")
    var source: Signal?

    @Option(help: "The gradient that the decoder writes: factual, alternative or diff.")
    var target: Signal?

    @Option(help: ArgumentHelp("Texts averaged into one gradient.", valueName: "number"))
    var batchSize: Int?

    @Option(help: ArgumentHelp("The learning rate of AdamW.", valueName: "rate"))
    var learningRate: Double?

    @Option(help: ArgumentHelp("The most steps.", valueName: "number"))
    var steps: Int?

    @Option(help: ArgumentHelp("Passes over the rows.", valueName: "number"))
    var epochs: Int?

    @Option(help: ArgumentHelp("Steps between evaluations.", valueName: "number"))
    var evaluateEvery: Int?

    @Option(help: ArgumentHelp("The most rows of an evaluation.", valueName: "number"))
    var evaluationRows: Int?

    @Option(help: ArgumentHelp("The first run's seed.", valueName: "number"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("The most runs.", valueName: "number"))
    var maxSeeds: Int?

    @Option(
        help: ArgumentHelp(
            "How many runs must converge before no further one is made.", valueName: "number"))
    var minConvergentSeeds: Int?

    @Option(
        help: """
            Whose features are written beside the best, to seeds: best_only, all_convergent or \
            all_tried.
            """)
    var saveSeeds: SavedSeeds?

    @Option(
        help: """
            Use a feature in the output folder again: false, true (of the same data and \
            settings), only_convergent (and if enough of its runs converged) or always.
            """)
    var useCache: Reuse?

    @Flag(help: "End with an error if too few runs converge.")
    var failOnNonConvergence = false

    @Option(
        help: ArgumentHelp(
            "The share of weights kept before training, by mean gradient; 1 for all.",
            valueName: "share"))
    var keep: Double?

    @Option(
        help: ArgumentHelp(
            "The share of these kept after training, by decoder weight.", valueName: "share"))
    var keepAfter: Double?

    @Option(
        help: ArgumentHelp(
            "The weights' names in the checkpoint, with commas; * stands for anything.",
            valueName: "names"))
    var parameters: String?

    /// Sets of options.
    enum Preset: String, CaseIterable, ExpressibleByArgument {
        case quick, package, paper

        var options: TrainingOptions {
            switch self {
            case .package: TrainingOptions()
            case .paper: .paper
            case .quick: .quick
            }
        }
    }

    /// The options together, with the file's arguments.
    func options() throws -> (TrainingOptions, Arguments?) {
        var options = preset.options
        let given = try arguments.map { try Arguments.read(Blob(mapping: $0)) }
        options = try given?.applied(to: options) ?? options
        options.source = source ?? options.source
        options.target = target ?? options.target
        options.batchSize = batchSize ?? options.batchSize
        options.learningRate = learningRate ?? options.learningRate
        options.maxSteps = steps ?? options.maxSteps
        options.epochs = epochs ?? options.epochs
        options.evaluateEvery = evaluateEvery ?? options.evaluateEvery
        options.evaluationRows = evaluationRows ?? options.evaluationRows
        options.seed = seed ?? options.seed
        if let maxSeeds {
            options.maxSeeds = maxSeeds
            // Fewer runs than the preset's cannot all converge.
            options.minConvergentSeeds = min(options.minConvergentSeeds, maxSeeds)
        }
        options.minConvergentSeeds = minConvergentSeeds ?? options.minConvergentSeeds
        options.savedSeeds = saveSeeds ?? options.savedSeeds
        options.reuse = useCache ?? options.reuse
        if failOnNonConvergence { options.failsWithoutConvergence = true }
        if let keep { options.prePruning = keep == 1 ? nil : PrePruning(.share(keep)) }
        if let keepAfter {
            options.postPruning = keepAfter == 1 ? nil : PostPruning(.share(keepAfter))
        }
        if let parameters {
            options.parameters = parameters.split(separator: ",").map(String.init)
        }
        return (options, given)
    }
}

extension Signal: ExpressibleByArgument {}
extension SavedSeeds: ExpressibleByArgument {}
extension Reuse: ExpressibleByArgument {}
