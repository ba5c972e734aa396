import ArgumentParser
import Models

/// `probe init-random`: weights of a real size without a download.
struct InitRandom: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a randomly initialised model as a Hugging Face folder.",
        discussion: "For tests and benchmarks: the folder has no tokenizer, so give prompts as ids."
    )

    @Option(
        help: ArgumentHelp(
            TransformerConfig.named.map(\.name).joined(separator: ", ") + ", or a config.json.",
            valueName: "name or file"))
    var config = "gpt2"

    @Option(help: ArgumentHelp("Starts the random numbers.", valueName: "number"))
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("The folder to write.", valueName: "folder"), completion: .directory)
    var out: String

    @Flag(help: "Write over a checkpoint that is there.")
    var force = false

    @OptionGroup var verbosity: VerbosityOptions

    func run() throws {
        verbosity.apply()
        if !force { try FileExists.check(["config.json", "model.safetensors"], in: out) }
        try Transformer.writeRandom(TransformerConfig.find(config), seed: seed, to: out)
        print(out)
    }
}

/// A file stands where another should be written.
struct FileExists: Error, CustomStringConvertible {
    let path: String
    var description: String { "\(path) exists; choose another --out, or --force to replace it" }

    /// Refuses a folder that has one of some files.
    static func check(_ files: [String], in folder: String) throws {
        for file in files where try ModelFolder(folder).file(file) != nil {
            throw FileExists(path: "\(folder)/\(file)")
        }
    }
}
