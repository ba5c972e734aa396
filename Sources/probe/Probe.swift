import ArgumentParser

/// The command: each subcommand parses, builds an experiment, runs it, writes and draws.
@main
struct Probe: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        abstract: "Find which parts of a transformer cause a behaviour, and draw it.",
        discussion: """
            Without --model, commands run on the organism, a small trained GPT-2 inside the \
            program. Results go to --out as CSV, npy, JSON and a figure; the table on the terminal \
            is a summary.
            """,
        version: version,
        groupedSubcommands: [
            CommandGroup(
                name: "Look at a model",
                subcommands: [Prompt.self, Tokens.self, Generate.self, Cache.self]),
            CommandGroup(
                name: "Intervene",
                subcommands: [
                    PatchResidual.self, PatchAttention.self, PatchMLP.self, PatchHeads.self,
                    Patch.self, AttributePatch.self, AttributeEdges.self, NeuronEffects.self,
                    Ablate.self,
                ]),
            CommandGroup(
                name: "Mediate",
                subcommands: [
                    MediateNeurons.self, MediateHeads.self, SelectNeurons.self, SelectHeads.self,
                    MediationReport.self, MergeCommand.self,
                ]),
            CommandGroup(
                name: "Read weights and logits",
                subcommands: [
                    SvdOV.self, SvdQK.self, SvdMLP.self, SvdNeuron.self, CompositionCommand.self,
                    Attribute.self, LogitLensCommand.self, Attention.self, DetectHeads.self,
                ]),
            CommandGroup(
                name: "Learn from gradients",
                subcommands: [
                    GradiendData.self, GradiendTrain.self, GradiendEvaluate.self,
                    GradiendDecode.self, GradiendRewrite.self, GradiendSuite.self,
                    GradiendCompare.self, GradiendTop.self,
                ]),
            CommandGroup(
                name: "Make and measure",
                subcommands: [
                    Train.self, TrainTokenizer.self, InitRandom.self, Benchmark.self,
                    SelfTest.self, AuditCommand.self,
                ]),
        ])

    /// Runs the command; Ctrl-C ends it at once and removes what is half-written.
    static func main() {
        Interrupt.removeTemporariesWhenInterrupted()
        main(nil)
    }
}
