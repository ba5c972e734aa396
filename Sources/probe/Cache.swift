import ArgumentParser
import Models
import Tensors

/// `probe cache`: keep activations in a file.
struct Cache: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a prompt and write activations to a safetensors file.",
        discussion: """
            Tensors are named as in TransformerLens, such as blocks.5.attn.hook_z, with a leading \
            batch axis of 1; the metadata hold the token ids. Points that exist only on demand \
            (result, attn_in, q_input, k_input, v_input, mlp_in) must be named.
            """)

    @OptionGroup var prompt: PromptOptions
    @OptionGroup(title: "Model") var model: ModelOptions

    @Option(
        help: ArgumentHelp(
            """
            Which activations: all, or names with commas, full such as blocks.5.attn.hook_z or for \
            every layer such as resid_pre,z,mlp_post.
            """, valueName: "names"))
    var names = "all"

    @Option(
        help: ArgumentHelp(
            "Which layers, such as 0-3,11. (default: all)", valueName: "layers"),
        transform: IndexList.parse)
    var layers: [Int]?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Which positions, such as 2,-1; negative from the end. (default: all)",
            valueName: "positions"), transform: IndexList.parse)
    var positions: [Int]?

    @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
    var out = "probe-out/cache/cache.safetensors"

    @OptionGroup var verbosity: VerbosityOptions

    func run() throws {
        verbosity.apply()
        let transformer = try model.load()
        let tokens = try prompt.tokens(for: transformer, prependBOS: model.prependsBOS)
        var caching = try selection(in: transformer)
        caching.positions = positions
        let run = try transformer.run([tokens], caching: caching)
        let tensors: [(name: String, tensor: Tensor)] = run.cache.points.compactMap { point in
            run.cache[point].map { (point.name(in: transformer.config), $0) }
        }
        try SafetensorsFile.write(
            out, tensors,
            metadata: [
                "model": model.model, "checkpoint": transformer.checkpointHash() ?? "none",
                "processing": transformer.processing.description,
                "tokens": tokens.map(String.init).joined(separator: ","),
                "positions": positions?.map(String.init).joined(separator: ",") ?? "all",
                "version": Probe.version,
            ])
        if !verbosity.quiet {
            for (name, tensor) in tensors { print(name, tensor.shape) }
        }
        print(out)
    }

    private func selection(in model: Transformer) throws -> Caching {
        let all = Set(0..<model.config.nLayers)
        for layer in layers ?? [] where !all.contains(layer) {
            throw RunError.noSuchLayer(layer, nLayers: model.config.nLayers)
        }
        let layers = self.layers.map(Set.init) ?? all
        let points: [HookPoint] = try names.split(separator: ",").flatMap { name in
            try Cache.points(name.filter { $0 != " " }, layers: layers, in: model)
        }
        if points.isEmpty { throw ValidationError("--names and --layers select no activation") }
        return .points(points)
    }

    private static func points(
        _ name: String, layers: Set<Int>, in model: Transformer
    ) throws -> [HookPoint] {
        func points(of kind: HookKind) -> [HookPoint] {
            kind.isInBlock ? layers.sorted().map { HookPoint(kind, layer: $0) } : [HookPoint(kind)]
        }
        if name == "all" {
            return model.config.hookKinds.filter { !$0.isOnDemand }.flatMap(points)
        }
        if let point = HookPoint(short: name) {
            return layers.contains(point.layer ?? layers.first ?? 0) ? [point] : []
        }
        let plain = name.hasPrefix("hook_") ? String(name.dropFirst(5)) : name
        if let kind = HookKind(short: plain) { return points(of: kind) }
        throw RunError.noSuchPoint(name, nLayers: model.config.nLayers)
    }
}

/// Lists of numbers as they are typed.
enum IndexList {
    /// Reads numbers and ranges with commas between them, such as `0-3,11` or `-1`.
    static func parse(_ list: String) throws -> [Int] {
        try list.split(separator: ",", omittingEmptySubsequences: false).flatMap { item -> [Int] in
            if let single = Int(item) { return [single] }
            let ends = item.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            guard ends.count == 2, let first = ends[0], let last = ends[1], first <= last,
                last - first < 100_000
            else {
                throw ValidationError(
                    "'\(item)' is no number or range; give such as 5, 4-7 or 0-3,11")
            }
            return Array(first...last)
        }
    }
}
