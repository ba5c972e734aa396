import ArgumentParser
import Circuits
import Figures
import Models
import Results
import Tensors

/// `probe svd-neuron`: what single neurons read and write, in tokens.
struct SvdNeuron: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "svd-neuron",
        abstract: "Read the input and output directions of MLP neurons in the vocabulary.",
        discussion: """
            A neuron reads its column of W_in and writes its row of W_out. Tokens at the + end of \
            the output are those it makes likelier when it is active.
            """)

    @Argument(help: ArgumentHelp("Neurons, such as L5N1777.", valueName: "neuron"))
    var neurons: [String]

    @Option(help: ArgumentHelp("How many tokens at each end.", valueName: "k"))
    var top = 10

    @Option(help: "What gives tokens their directions: unembed or embed.")
    var basis = VocabularyReader.Basis.unembed

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Figure") var figure: PageOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws { try TopTokens.validate(top) }

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load(processing: .transformerLens)
        try TopTokens.check(top, in: model)
        // One that is named twice counts once.
        var names: [String] = []
        for name in neurons where !names.contains(name) { names.append(name) }
        let chosen = try names.map { try model.neuron(named: $0) }
        var table = try model.neuronTokens(chosen, count: top, basis: basis)
        table.provenance = try Provenance(of: model)
        table.settings = ["basis": basis.rawValue, "tokens": TopTokens.convention]
        let lines = zip(names, chosen).map { name, neuron in
            let (input, output) = model.neuronDirections(
                layer: neuron.layer, neuron: neuron.neuron)
            let (read, written) = (length(input.values), length(output.values))
            let cosine =
                zip(input.values, output.values)
                .reduce(0.0) { $0 + Double($1.0) * Double($1.1) } / (read * written)
            let numbers = [("‖input‖", read), ("‖output‖", written), ("cosine", cosine)]
            return name + "  "
                + numbers.map { "\($0) \(NumberText.fixed($1, decimals: 3, minus: "-"))" }
                .joined(separator: "  ") + "  weights: \(model.processing)"
        }
        let style = Heatmap.Style(title: figure.title, width: figure.width, dpi: figure.dpi)
        try report(
            HeatmapGrid(table, style: style), lines.joined(separator: "\n"),
            command: "svd-neuron", output)
    }

    private func length(_ vector: [Float]) -> Double {
        vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
}
