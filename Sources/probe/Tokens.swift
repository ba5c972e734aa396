import ArgumentParser
import Figures
import Models

/// `probe tokens`: how a text is split.
struct Tokens: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the tokens of a text: position, id and string.")

    @Argument(help: "The text.")
    var text: String

    @OptionGroup(title: "Model") var model: ModelOptions

    @Flag(help: "Print the ids alone, with commas, as --clean-ids takes them.")
    var ids = false

    func run() throws {
        let transformer = try model.load()
        let tokens = try transformer.tokens(text, prependBOS: model.prependsBOS)
        if ids {
            print(tokens.map(String.init).joined(separator: ","))
            return
        }
        print("pos      id  token")
        for (position, token) in tokens.enumerated() {
            print(
                TerminalText.padded(String(position), to: 3),
                TerminalText.padded(String(token), to: 7) + " ",
                transformer.string(of: token).debugDescription)
        }
    }
}
