import ArgumentParser
import Circuits
import Figures
import Models
import Results
import Tensors

/// `probe composition`: which heads read what others write.
struct CompositionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "composition",
        abstract: "Score how much of each head's output every later head reads.",
        discussion: """
            The norm of the product of what a head writes and what a later head reads, through \
            its queries (Q), keys (K) or values (V), over the norms of both. Two random matrices \
            score about 1/√d_model, not zero.
            """)

    @Option(help: "The input: Q, K, V or all.")
    var mode = Mode.all

    enum Mode: String, CaseIterable, ExpressibleByArgument {
        case all
        case query = "Q"
        case key = "K"
        case value = "V"

        var compositions: [Composition] {
            Composition.allCases.filter { self == .all || $0.rawValue == rawValue }
        }
    }

    @OptionGroup var listing: StrongestOptions

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load(processing: .transformerLens)
        let axes = [
            Axis("writing_head", labels: model.headNames),
            Axis("reading_head", labels: model.headNames),
        ]
        let parts = try mode.compositions.map { mode in
            try model.compositionScores(mode).reshaped(to: axes)
        }
        var scores = LabelledArray.stacking(
            parts, along: "input", labels: mode.compositions.map(\.rawValue))
        scores.name = "composition"
        scores.quantity = Quantity("composition score")
        scores.provenance = try Provenance(of: model)
        scores.settings = ["chance": "about 1/sqrt(d_model)"]
        // Heads of the same or an earlier layer cannot read: grey, not zero.
        let (count, perLayer) = (model.headNames.count, model.config.nHeads)
        let possible = scores.replacingValues { index, value in
            index / count % count / perLayer < index % count / perLayer ? value : .nan
        }
        let lines = parts.indices.map { index in
            "\(mode.compositions[index].rawValue)-composition, strongest pairs\n"
                + strongest(parts[index], headsPerLayer: model.config.nHeads)
        }
        var style = figure.style(title: "Composition", colourMap: .blues)
        style.limits = 0...Double(max(scores.values.values.max() ?? 1, .leastNormalMagnitude))
        try report(
            HeatmapGrid(possible, style: style), of: scores, lines.joined(separator: "\n"),
            command: "composition", output, isPreviewed: false)
    }

    /// The pairs with the largest scores, of those where the reader is in a later layer.
    private func strongest(_ scores: LabelledArray, headsPerLayer: Int) -> String {
        let (values, count) = (scores.values.values, scores.axes[1].count)
        let pairs = values.indices.filter {
            $0 / count / headsPerLayer < $0 % count / headsPerLayer
        }
        let order = pairs.sorted { (values[$0], $1) > (values[$1], $0) }
        return list(
            order.prefix(listing.top).map { index in
                let (writer, reader) = index.quotientAndRemainder(dividingBy: count)
                return (
                    "\(scores.axes[0].labels[writer]) → \(scores.axes[1].labels[reader])",
                    values[index]
                )
            })
    }
}
