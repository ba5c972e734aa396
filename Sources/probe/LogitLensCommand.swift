import ArgumentParser
import Circuits
import Figures
import Interventions
import Models
import Results

/// `probe logit-lens`: what the model would say after each layer.
struct LogitLensCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logit-lens",
        abstract: "Read the residual stream as logits after every layer, at every position.",
        discussion: """
            Each cell of the figure holds the token that the model would predict at that position \
            if it ended there, coloured by its probability. A second figure follows the answer, \
            or what the model ends up with, by probability and rank; a third shows the entropy. \
            Without --width, figures are as wide as the positions need.
            """)

    @OptionGroup var prompt: PromptOptions

    @OptionGroup(title: "Answer to follow, the final prediction unless given")
    var answer: RightAnswerOptions

    @Flag(help: "Read the stream between attention and MLP as well.")
    var mid = false

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load(processing: .transformerLens)
        let tokens = try prompt.tokens(for: model, prependBOS: self.model.prependsBOS)
        let target = try answer.reference?.id(in: model)
        let run = try model.run(
            [tokens], caching: .only(.residPre, .residMid, .residPost, .normalizedResidPost))
        let lens = try LogitLens(
            run, answer: target, includingMid: mid,
            progress: output.verbosity.progress("layers").update)
        let provenance = try Provenance(of: model)
        let described = { (array: LabelledArray) in
            var array = array
            array.provenance = provenance
            array.settings = [
                "prompt ids": tokens.map(String.init).joined(separator: ","),
                "followed": target.map { "\($0) \(model.string(of: $0).debugDescription)" }
                    ?? "the final prediction",
                "tokens": TopTokens.convention,
            ]
            return array
        }
        func map(_ array: LabelledArray, _ title: String) throws -> Heatmap {
            var style = figure.style(title: title, colourMap: .blues)
            // A word needs some room, however many positions there are.
            if figure.page.givenWidth == nil {
                style.width = min(40, max(style.width, 1.2 + 0.36 * Double(tokens.count)))
            }
            if array.quantity.unit == nil { style.limits = 0...1 }
            return try Heatmap(described(array), style: style)
        }
        let name = target.map { "“\(model.shortString(of: $0))”" } ?? "the final prediction"
        try report(
            map(lens.top, "Logit lens"),
            and: [
                (map(lens.answer, "Rank of \(name), layer by layer"), nil),
                (map(lens.entropy, "Entropy, layer by layer"), nil),
            ], "weights: \(model.processing)", command: "logit-lens", output)
    }
}
