import ArgumentParser
import Circuits
import Figures
import Kernels
import Models

/// `probe svd-ov`: what attention heads write and read, in tokens.
struct SvdOV: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "svd-ov",
        abstract: "Read the singular directions of heads' OV matrices in the vocabulary.",
        discussion: """
            W_V W_O says what a head writes where it attends. Each of its strongest singular \
            directions is projected on the unembedding, and the top tokens of either sign are \
            listed, with the singular value σ and its share σ²/Σσ²: the output side is what the \
            head writes, the input side what it reads. Directions of nearly equal singular values \
            are flagged: within such a group only the space they span means anything. In tables \
            tokens come without their leading space, and # stands before those that have none.
            """)

    @OptionGroup var heads: HeadMatrixOptions

    @Option(help: "The side: output, input or both.")
    var side = Side.output

    enum Side: String, CaseIterable, ExpressibleByArgument { case output, input, both }

    func run() throws {
        try heads.run(
            "svd-ov", "OV", sides: side == .both ? ["input", "output"] : [side.rawValue]
        ) { .OV(layer: $0, head: $1) }
    }
}

/// `probe svd-qk`: what attention heads look for, in tokens.
struct SvdQK: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "svd-qk",
        abstract: "Read the singular directions of heads' QK matrices in the vocabulary.",
        discussion: """
            W_Q W_Kᵀ says which keys a query attends to. A position whose stream lies along the \
            query side of a direction attends to those along its key side, both with the same \
            sign.
            """)

    @OptionGroup var heads: HeadMatrixOptions

    @Option(help: "The side: both, query or key.")
    var side = Side.both

    enum Side: String, CaseIterable, ExpressibleByArgument { case both, query, key }

    func run() throws {
        try heads.run(
            "svd-qk", "QK", sides: side == .both ? ["query", "key"] : [side.rawValue]
        ) { .QK(layer: $0, head: $1) }
    }
}

/// `probe svd-mlp`: what the MLPs read or write, in tokens.
struct SvdMLP: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "svd-mlp",
        abstract: "Read the singular directions of MLP matrices in the vocabulary.",
        discussion: """
            The directions of the residual stream that W_in reads or that W_out writes most \
            strongly, over all neurons of a layer.
            """)

    @Argument(help: ArgumentHelp("Layers, such as L5 L6.", valueName: "layer"))
    var layers: [String]

    @Option(help: "The matrix: out or in.")
    var matrix = Matrix.out

    enum Matrix: String, CaseIterable, ExpressibleByArgument { case out, `in` }

    @OptionGroup(title: "Directions") var singular: SingularOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Figure") var figure: PageOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load(processing: .transformerLens)
        let choices = try singular.choices(
            sides: [matrix == .out ? "output" : "input"],
            available: min(model.config.dModel, model.config.dMLP),
            matrix: "the matrix W_\(matrix.rawValue)", in: model)
        let chosen = Set(try layers.map { try model.layer(named: $0) }).sorted()
        let found = try parallelMap(chosen.count) { index in
            let layer = chosen[index]
            return try SingularDirections(
                matrix == .out ? .mlpOut(layer: layer) : .mlpIn(layer: layer), of: model)
        }
        try SingularReport(
            model: model, matrices: Array(zip(chosen.map { "L\($0)" }, found)), choices: choices,
            command: "svd-mlp", axis: "layer"
        ).write(figure, output, isGiven: singular.directions != nil)
    }
}

/// Heads, and how the singular directions of one of their matrices are shown.
struct HeadMatrixOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Heads, such as L9H7 L10H9.", valueName: "head"))
    var heads: [String] = []

    @Flag(help: "All heads of the model.")
    var all = false

    @OptionGroup(title: "Directions") var singular: SingularOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Figure") var figure: PageOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws {
        if heads.isEmpty != all {
            throw ValidationError(
                all ? "give heads or --all, not both" : "give heads, such as L9H7, or --all")
        }
    }

    /// Takes a matrix of each head apart, and writes, draws and prints its directions.
    ///
    /// - Parameters:
    ///   - command: The command's name, which names the files.
    ///   - kind: What the matrix is called.
    ///   - sides: The sides shown.
    ///   - matrix: The matrix of a layer's head.
    func run(
        _ command: String, _ kind: String, sides: [String],
        _ matrix: @Sendable (Int, Int) -> SingularDirections.Matrix
    ) throws {
        output.verbosity.apply()
        let model = try self.model.load(processing: .transformerLens)
        let chosen = try model.heads(named: all ? model.headNames : heads)
        let names = chosen.map { ComponentName.head(layer: $0.layer, head: $0.head).description }
        let choices = try singular.choices(
            sides: sides, available: model.config.dHead, matrix: "the \(kind) matrix of a head",
            in: model)
        let found = try parallelMap(chosen.count) { index in
            try SingularDirections(
                matrix(chosen[index].layer, chosen[index].head), of: model,
                vectors: choices.directions)
        }
        try SingularReport(
            model: model, matrices: Array(zip(names, found)), choices: choices, command: command,
            axis: "head"
        ).write(figure, output, isGiven: singular.directions != nil)
    }
}
