import ArgumentParser
import Models

/// Which model a command runs on.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            A folder with config.json and model.safetensors, a hub id found in the local Hugging \
            Face cache such as gpt2, or organism.
            """, valueName: "folder or id"),
        completion: .directory)
    var model = "organism"

    @Flag(
        name: .customLong("bos"), inversion: .prefixedNo,
        help: ArgumentHelp(
            """
            Put the beginning-of-text token before prompts, as TransformerLens does; for \
            masked-language models [CLS] before and [SEP] behind them, or their like. (default: \
            --bos, but --no-bos in studies of mediation, whose published form has none)
            """))
    var bos: Bool?

    /// Whether the beginning-of-text token comes first, unless the command has another default.
    var prependsBOS: Bool { bos ?? true }

    @Option(
        help: ArgumentHelp(
            """
            What is done to the weights: none, default (TransformerLens' four steps), all, or \
            names with commas, of \(WeightProcessing.steps.map(\.name).joined(separator: ", ")). \
            (default: default for commands about circuits, none for the others)
            """, valueName: "steps"), transform: ModelOptions.steps)
    var process: WeightProcessing?

    @Option(
        help: ArgumentHelp(
            "Replace the weights by random ones of this seed, as a baseline.", valueName: "seed"))
    var randomWeights: UInt64?

    /// Loads the model.
    ///
    /// - Parameter standard: What is done to the weights unless the user says, as far as it is
    ///   exact.
    func load(processing standard: WeightProcessing = .none) throws -> Transformer {
        let loaded = try loadAsIs(processing: standard)
        guard let randomWeights else { return loaded }
        Terminal.note("weights: random, seed \(randomWeights)")
        let random = Transformer(randomly: loaded.config, seed: randomWeights)
        return Transformer(
            config: loaded.config, weights: random.weights, tokenizer: loaded.tokenizer,
            name: loaded.name + "_random")
    }

    private func loadAsIs(processing standard: WeightProcessing) throws -> Transformer {
        if let process {
            if process != .none { Terminal.note("weights: \(process)") }
            return try Transformer.load(model, processing: process)
        }
        let exact =
            standard == .none
            ? .none : standard.intersection(try Transformer.config(of: model).exactProcessing)
        return try Transformer.load(model, processing: exact)
    }

    private static func steps(_ text: String) throws -> WeightProcessing {
        guard let steps = WeightProcessing(text) else {
            let names = ["none", "default", "all"] + WeightProcessing.steps.map(\.name)
            throw ValidationError(
                "'\(text)' is no processing of weights; give one of "
                    + names.joined(separator: ", ") + ", or several steps with commas")
        }
        return steps
    }
}
