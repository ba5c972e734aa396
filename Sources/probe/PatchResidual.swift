import ArgumentParser
import Interventions
import Models

/// `probe patch-residual`: which position carries the answer, layer by layer.
struct PatchResidual: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Patch the residual stream position by position, and draw the recovered answer.",
        discussion: """
            Runs the corrupted prompt once for each layer and position, with the clean run's \
            residual stream put in there, and measures how far the answer moves. Normalised, 0 is \
            the corrupted and 1 the clean run. Without arguments it runs on the organism.
            """)

    /// The residual stream before a block, between attention and MLP, and after it.
    enum Place: String, CaseIterable, ExpressibleByArgument {
        case residPre = "resid_pre"
        case residMid = "resid_mid"
        case residPost = "resid_post"

        var kind: HookKind {
            switch self {
            case .residPre: .residPre
            case .residMid: .residMid
            case .residPost: .residPost
            }
        }
    }

    @OptionGroup var options: PatchingOptions

    @Option(help: "Where in a block.") var site = Place.residPre

    func run() throws {
        try options.run("patch-residual", title: "\(site.rawValue) activation patching") { clean in
            [Sweep(site.kind, by: [.layer, .pos], from: clean)]
        }
    }
}
