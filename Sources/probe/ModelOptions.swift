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
        help: "Put the beginning-of-text token before prompts, as TransformerLens does.")
    var prependsBOS = true

    func load() throws -> Transformer { try Transformer.load(model) }
}
