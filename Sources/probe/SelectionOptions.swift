import ArgumentParser
import Figures
import Mediation
import Models
import Results
import Tensors

/// How parts are chosen.
struct SelectionOptions: ParsableArguments {
    @Option(
        help: """
            How: greedy (what adds most), top-k (by effects alone), or random-greedy (one of the k \
            that add most, drawn with --seed). (default: greedy, but top-k with --chunk)
            """)
    var algorithm: Algorithm?

    @Option(
        help: ArgumentHelp(
            "How many are chosen. (default: 10, but all with --chunk)", valueName: "number"))
    var k: Int?

    @Option(
        help: ArgumentHelp(
            """
            Take so many of the ranking at once, measuring the first chunk, the first two, …; \
            top-k only.
            """, valueName: "number"))
    var chunk: Int?

    @Option(help: ArgumentHelp("The seed of random-greedy's draws.", valueName: "seed"))
    var seed: UInt64 = 0

    @Option(
        help: ArgumentHelp(
            "Choose in one layer only; of neurons also in emb.", valueName: "layer"))
    var layer: String?

    /// How parts are chosen.
    enum Algorithm: String, CaseIterable, ExpressibleByArgument {
        case greedy
        case topK = "top-k"
        case randomGreedy = "random-greedy"
    }

    func validate() throws {
        if let k, k < 1 { throw ValidationError("--k is \(k); give at least 1") }
        if let chunk, chunk < 1 { throw ValidationError("--chunk is \(chunk); give at least 1") }
        if chunk != nil, let algorithm, algorithm != .topK {
            throw ValidationError(
                "--chunk takes parts of the ranking, which is --algorithm top-k, not "
                    + algorithm.rawValue)
        }
    }

    private var chosenAlgorithm: Algorithm { algorithm ?? (chunk == nil ? .greedy : .topK) }

    /// A layer by its number.
    static func layer(_ name: String, in model: Transformer) throws -> Int {
        guard let layer = Int(name), (0..<model.config.nLayers).contains(layer) else {
            throw ValidationError(
                "there is no layer '\(name)'; layers are 0 to \(model.config.nLayers - 1)")
        }
        return layer
    }

    /// Chooses, and writes, draws and prints what was chosen.
    func run<Objective: SelectionObjective>(
        _ objective: Objective, in parts: Parts<Objective.Part>, among layer: Int?,
        experiment: [String: String], _ provenance: Provenance, notes: [String], command: String,
        _ page: PageOptions, _ output: OutputOptions
    ) throws {
        let candidates = layer.map { layer in objective.parts.filter { parts.site($0) == layer } }
        let count = min(
            k ?? (chunk == nil ? 10 : .max), (candidates ?? objective.parts).count)
        var line = output.verbosity.progress("effects of items")
        let selection = try Selection(
            objective, among: candidates,
            store: store(objective, experiment, count, command, output),
            progress: { line.update($0, of: $1) })
        let outcome = try selection.choose(count, by: how(count))
        line = output.verbosity.progress(
            "effects of whole \(parts.axis == "head" ? "layers" : "sites")")
        let whole = try selection.effects(ofGroups: parts.groups)
        let result = SelectionResult(
            axis: parts.axis, names: outcome.parts.map(parts.name), sizes: outcome.sizes,
            effects: outcome.effects, whole: outcome.whole, enough: outcome.enough,
            sites: zip(parts.labels, whole).map { (name: $0, effect: $1) })
        var provenance = provenance
        // Of random weights the seed stands there already.
        let isRandom = chosenAlgorithm == .randomGreedy
        if isRandom && provenance.seed == nil { provenance.seed = seed }
        try result.report(
            settings: [
                "algorithm": chosenAlgorithm.rawValue, "layer": self.layer ?? "all",
                "chunk": chunk.map(String.init) ?? "none", "seed": isRandom ? "\(seed)" : "none",
            ], provenance, notes: notes, command: command, page, output)
    }

    private func how<Objective>(_ count: Int) -> Selection<Objective>.Algorithm {
        switch chosenAlgorithm {
        case .greedy: .greedy
        case .topK: chunk.map { .chunks(of: $0) } ?? .topK
        case .randomGreedy: .randomGreedy(ranks: count, seed: seed)
        }
    }

    /// Means are kept beside the results: another k, or the other algorithm, begins from them; but
    /// random draws depend on k and the seed.
    private func store<Objective: SelectionObjective>(
        _ objective: Objective, _ experiment: [String: String], _ count: Int, _ command: String,
        _ output: OutputOptions
    ) throws -> SweepStore {
        var experiment = experiment
        experiment["study"] =
            "\(command) in \(layer ?? "all layers") of "
            + (experiment["study"] ?? "")
            + (chosenAlgorithm == .randomGreedy ? ", \(count) ranks, seed \(seed)" : "")
        return try SweepStore(
            "\(output.folder(for: command))/\(command)-\(Fingerprint.text(experiment)).means",
            of: experiment, branches: Selection.branchCount(of: objective))
    }
}

/// What the parts that are chosen from are called, and where they are.
struct Parts<Part> {
    /// The name of the parts' axis.
    let axis: String
    /// The names of sites or layers.
    let labels: [String]
    /// The parts of each that are changed together: all.
    let groups: [[Part]]
    /// A part's site or layer.
    let site: (Part) -> Int
    /// What a part is called.
    let name: (Part) -> String
}

/// What a selection found, with names.
private struct SelectionResult {
    let axis: String
    let names: [String]
    let sizes: [Int]
    let effects: [Double]
    let whole: Double
    let enough: Int?
    let sites: [(name: String, effect: Double)]

    func report(
        settings: [String: String], _ provenance: Provenance, notes: [String], command: String,
        _ page: PageOptions, _ output: OutputOptions
    ) throws {
        // Of a chunk its last part is named; all stand in the second table.
        var curve = LabelledArray(
            command, quantity: Quantity("mean indirect effect"),
            axes: [
                Axis(
                    axis + "s", labels: sizes.map(String.init),
                    companion: .init(axis, sizes.map { names[$0 - 1] }))
            ],
            values: Tensor([sizes.count], effects.map { Float($0) }),
            summary: [("all together", whole)], provenance: provenance)
        curve.settings = settings
        curve.settings["chosen"] = names.joined(separator: ", ")
        var all = LabelledArray(
            command + (axis == "head" ? "-layers" : "-sites"),
            quantity: Quantity("mean indirect effect of all together"),
            axes: [Axis(axis == "head" ? "layer" : "site", labels: sites.map(\.name))],
            values: Tensor([sites.count], sites.map { Float($0.effect) }), provenance: provenance)
        all.settings = settings
        let drawn = curve.withoutCompanions
        try probe.report(
            LinePlot(
                drawn,
                style: .init(
                    title: page.title ?? "Chosen by \(settings["algorithm"] ?? "")",
                    width: page.width, dpi: page.dpi,
                    references: [ReferenceLine(whole, "all together")])), of: curve, with: all,
            notes.firstLines + text, command: command, output, isPreviewed: false)
    }

    private var text: String {
        let number = { (value: Double) in NumberText.fixed(value, decimals: 6, minus: "-") }
        // A ranking of thousands stands in the files.
        let shown = zip(sizes, effects).prefix(40).map { size, effect in
            "\(size)  \(names[size - 1])  \(number(effect))"
        }
        let together =
            "all together \(number(whole))"
            + (enough.map { ", reached with \($0)" } ?? ", not reached")
        let whole = sites.map { "\($0.name) \(number($0.effect))" }.joined(separator: ", ")
        return
            (shown + (sizes.count > shown.count ? ["…"] : []) + [
                together, "all of a \(axis == "head" ? "layer" : "site"): " + whole,
            ]).joined(separator: "\n")
    }
}

extension Fingerprint {
    /// Eight digits that tell experiments apart.
    fileprivate static func text(_ experiment: [String: String]) -> String {
        let text = experiment.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)" }
        return Array(text.joined(separator: "\n").utf8).withUnsafeBytes {
            String(Fingerprint($0).hexadecimal.prefix(8))
        }
    }
}
