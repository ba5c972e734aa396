import ArgumentParser
import Interventions
import Models

/// `probe patch-attention`: which attention layer's output at which position matters.
struct PatchAttention: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Patch each attention layer's output, position by position.")

    @OptionGroup var options: PatchingOptions

    func run() throws {
        try options.run("patch-attention", title: "attn_out activation patching") { clean in
            [Sweep(.attnOut, by: [.layer, .pos], from: clean)]
        }
    }
}

/// `probe patch-mlp`: which MLP's output at which position matters.
struct PatchMLP: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "patch-mlp",
        abstract: "Patch each MLP's output, position by position.")

    @OptionGroup var options: PatchingOptions

    func run() throws {
        try options.run("patch-mlp", title: "mlp_out activation patching") { clean in
            [Sweep(.mlpOut, by: [.layer, .pos], from: clean)]
        }
    }
}

/// `probe patch-heads`: which attention heads matter.
struct PatchHeads: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Patch each attention head's output (z) at all positions.")

    @OptionGroup var options: PatchingOptions

    func run() throws {
        try options.run("patch-heads", title: "Attention head output patching") { clean in
            [Sweep(.z, by: [.layer, .head], from: clean)]
        }
    }
}
