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

    @OptionGroup var sites: PatchSiteOptions
    @OptionGroup var screen: ScreenOptions

    func validate() throws { try screen.check(sites.options.pair) }

    func run() throws { try sites.patch("patch", "activation patching", by: screen.method) }
}

/// `probe attribute-patch`: the same, estimated from gradients.
struct AttributePatch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Estimate what patching any activation would do, from gradients.",
        discussion: """
            Attribution patching: two runs and one walk back give a first-order estimate of every \
            patch, with the axes, files and figures of `probe patch`. It is weakest for the \
            residual stream, MLP 0 and saturated attention; `probe patch --screen` measures the \
            largest exactly. With --steps, gradients are averaged over inputs between the prompts.
            """)

    @OptionGroup var sites: PatchSiteOptions

    @OptionGroup var gradient: GradientOptions

    func run() throws {
        try sites.patch(
            "attribute-patch", "attribution patching", by: .gradient(steps: gradient.steps))
    }
}

/// Which activations are patched, by which axes.
struct PatchSiteOptions: ParsableArguments {
    @OptionGroup var options: PatchingOptions

    @Option(
        help: ArgumentHelp(
            """
            resid_pre, resid_mid, resid_post, attn_out, mlp_out, z, q, k, v, pattern, result, \
            mlp_pre or mlp_post; in post-norm models normalized_resid_post too. (default: \
            resid_pre)
            """, valueName: "name"), transform: PatchSiteOptions.site)
    var site: HookKind?

    @Option(
        help: ArgumentHelp(
            "Axes with commas, of layer, pos, head, neuron, dest, src. (default: by site)",
            valueName: "axes"), transform: PatchSiteOptions.axes)
    var by: [Sweep.Axis]?

    @Flag(help: "Patch each of the stacked activations in turn, instead of --site.")
    var every = false

    func validate() throws {
        if every, site != nil { throw ValidationError("give --site or --every, not both") }
    }

    /// Patches, by any method.
    ///
    /// - Parameters:
    ///   - verb: The command's name, which names the files.
    ///   - what: The title's end.
    ///   - method: How the effects are found.
    func patch(_ verb: String, _ what: String, by method: PatchingMethod) throws {
        let site = site ?? .residPre
        let axes = by ?? (every || site.axes.contains(.head) ? [.layer, .head] : [.layer, .pos])
        let name = every ? "every site" : site.shortName
        try options.run(
            verb, title: "\(name) \(what)", onDemand: [site], by: method
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
