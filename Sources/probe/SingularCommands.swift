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
            listed: the output side is what the head writes, the input side what it reads. \
            Directions of nearly equal singular values are flagged: within such a group only \
            the space they span means anything. In tables tokens come without their leading \
            space, and # stands before those that have none.
            """)

    @Argument(help: ArgumentHelp("Heads, such as L9H7 L10H9.", valueName: "head"))
    var heads: [String] = []

    @Flag(help: "All heads of the model.")
    var all = false

    @Option(help: "The side: output, input or both.")
    var side = Side.output

    enum Side: String, CaseIterable, ExpressibleByArgument { case output, input, both }

    @OptionGroup(title: "Directions") var singular: SingularOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Figure") var figure: PageOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws { try HeadList.validate(heads, all) }

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load(processing: .transformerLens)
        let sides = side == .both ? ["input", "output"] : [side.rawValue]
        let choices = try singular.choices(
            sides: sides, available: model.config.dHead, matrix: "the OV matrix of a head",
            in: model)
        let matrices = try HeadList.decomposed(
            heads, all, in: model, vectors: choices.directions
        ) { .OV(layer: $0, head: $1) }
        try SingularReport(
            model: model, matrices: matrices, choices: choices, command: "svd-ov", axis: "head"
        ).write(figure, output)
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

    @Argument(help: ArgumentHelp("Heads, such as L9H7 L10H9.", valueName: "head"))
    var heads: [String] = []

    @Flag(help: "All heads of the model.")
    var all = false

    @Option(help: "The side: both, query or key.")
    var side = Side.both

    enum Side: String, CaseIterable, ExpressibleByArgument { case both, query, key }

    @OptionGroup(title: "Directions") var singular: SingularOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Figure") var figure: PageOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws { try HeadList.validate(heads, all) }

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load(processing: .transformerLens)
        let sides = side == .both ? ["query", "key"] : [side.rawValue]
        let choices = try singular.choices(
            sides: sides, available: model.config.dHead, matrix: "the QK matrix of a head",
            in: model)
        let matrices = try HeadList.decomposed(
            heads, all, in: model, vectors: choices.directions
        ) { .QK(layer: $0, head: $1) }
        try SingularReport(
            model: model, matrices: matrices, choices: choices, command: "svd-qk", axis: "head"
        ).write(figure, output)
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
        let chosen = try layers.map { try model.layer(named: $0) }
        let found = try parallelMap(chosen.count) { index in
            let layer = chosen[index]
            return try SingularDirections(
                matrix == .out ? .mlpOut(layer: layer) : .mlpIn(layer: layer), of: model)
        }
        try SingularReport(
            model: model, matrices: Array(zip(chosen.map { "L\($0)" }, found)), choices: choices,
            command: "svd-mlp", axis: "layer"
        ).write(figure, output)
    }
}

/// The heads that a command works on.
private enum HeadList {
    static func validate(_ heads: [String], _ all: Bool) throws {
        if heads.isEmpty != all {
            throw ValidationError(
                all ? "give heads or --all, not both" : "give heads, such as L9H7, or --all")
        }
    }

    /// The matrices of the heads named, or of all, taken apart.
    static func decomposed(
        _ names: [String], _ all: Bool, in model: Transformer, vectors: Int,
        _ matrix: @Sendable (Int, Int) -> SingularDirections.Matrix
    ) throws -> [(name: String, directions: SingularDirections)] {
        let names = all ? model.headNames : names
        let heads = try names.map { try model.head(named: $0) }
        let found = try parallelMap(heads.count) { index in
            try SingularDirections(
                matrix(heads[index].layer, heads[index].head), of: model, vectors: vectors)
        }
        return Array(zip(names, found))
    }
}
