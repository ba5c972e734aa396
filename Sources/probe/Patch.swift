import ArgumentParser
import Interventions
import Models

/// `probe patch`: any activation, by any of its axes.
struct Patch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Patch any activation by any of its axes.",
        discussion: """
            --by names what one run patches; the other axes are patched whole. Sites of the \
            residual stream, attn_out, mlp_out, mlp_pre and mlp_post have layer and pos; q, k, v, \
            z and result also head; pattern has layer, head, dest and src. --every stacks the \
            activations that TransformerLens' "every" functions stack: by layer,pos the blocks' \
            (resid_pre, attn_out, mlp_out), by layer,head or layer,pos,head the heads' (z, q, k, \
            v, pattern).
            """)

    @OptionGroup var options: PatchingOptions

    @Option(
        help: ArgumentHelp(
            """
            resid_pre, resid_mid, resid_post, attn_out, mlp_out, z, q, k, v, pattern, result, \
            mlp_pre or mlp_post.
            """, valueName: "name"), transform: Patch.site)
    var site: HookKind = .residPre

    @Option(
        help: ArgumentHelp(
            "Axes with commas, of layer, pos, head, neuron, dest, src. (default: by site)",
            valueName: "axes"), transform: Patch.axes)
    var by: [Sweep.Axis]?

    @Flag(help: "Patch each of the stacked activations in turn, instead of --site.")
    var every = false

    func run() throws {
        let axes = by ?? (every || site.axes.contains(.head) ? [.layer, .head] : [.layer, .pos])
        let name = every ? "every site" : site.shortName
        try options.run(
            "patch", title: "\(name) activation patching", onDemand: [site]
        ) { clean in
            try every
                ? Sweep.every(by: axes, from: clean) : [Sweep(site, by: axes, from: clean)]
        }
    }

    private static func site(_ name: String) throws -> HookKind {
        guard let kind = HookKind(short: name), kind.isInBlock else {
            throw ValidationError(
                "there is no site '\(name)'; see the list in `probe help patch`")
        }
        return kind
    }

    private static func axes(_ list: String) throws -> [Sweep.Axis] {
        let axes = try list.split(separator: ",", omittingEmptySubsequences: false).map { name in
            let full = ["dest": "dest_pos", "src": "src_pos"][String(name)] ?? String(name)
            guard let axis = Sweep.Axis(rawValue: full) else {
                throw ValidationError(
                    "there is no axis '\(name)'; axes are layer, pos, head, neuron, dest, src")
            }
            return axis
        }
        guard Set(axes).count == axes.count else {
            throw ValidationError("--by names an axis twice: \(list)")
        }
        return axes
    }
}
