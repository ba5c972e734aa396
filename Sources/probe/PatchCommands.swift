import ArgumentParser
import Interventions
import Models

/// `probe patch-attention`: which attention layer's output at which position matters.
struct PatchAttention: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Patch each attention layer's output, position by position.")

    @OptionGroup var options: PatchingOptions

    func run() throws {
        try options.run(
            "patch-attention", [PatchingSweep(.attnOut, by: [.layer, .pos])],
            title: "attn_out activation patching")
    }
}

/// `probe patch-mlp`: which MLP's output at which position matters.
struct PatchMLP: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "patch-mlp",
        abstract: "Patch each MLP's output, position by position.")

    @OptionGroup var options: PatchingOptions

    func run() throws {
        try options.run(
            "patch-mlp", [PatchingSweep(.mlpOut, by: [.layer, .pos])],
            title: "mlp_out activation patching")
    }
}

/// `probe patch-heads`: which attention heads matter.
struct PatchHeads: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Patch each attention head's output (z) at all positions.")

    @OptionGroup var options: PatchingOptions

    func run() throws {
        try options.run(
            "patch-heads", [PatchingSweep(.z, by: [.layer, .head])],
            title: "Attention head output patching")
    }
}
