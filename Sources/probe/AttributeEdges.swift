import ArgumentParser
import Figures
import Interventions
import Models
import Results
import Statistics
import Tensors

/// `probe attribute-edges`: which parts pass on to which others what the answer rests on.
struct AttributeEdges: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Score every edge between parts from gradients, and draw the circuit.",
        discussion: """
            Edge attribution patching (EAP; with --steps above 1, EAP-IG). An edge's score \
            estimates what the metric changes when the part at its upper end reads what the one at \
            its lower end writes on the corrupted prompt, all else being the clean run: negative \
            where the clean answer rests on the edge. Parts are the input, heads (a3.h5, read \
            through q, k and v), MLPs (m3) and the logits. The circuit is the --edges strongest \
            without those on no path from the input to the logits; it is run alone, all other \
            edges corrupted. attribute-edges-graph.json is a graph of the EAP-IG package.
            """)

    @Option(
        help: ArgumentHelp(
            """
            Over how many inputs between both prompts gradients are averaged; 1 for the clean \
            prompt's alone.
            """, valueName: "number"))
    var steps = 5

    @Option(help: ArgumentHelp("How many of the strongest edges the circuit has.", valueName: "n"))
    var edges = 40

    @Option(
        help: ArgumentHelp(
            "How many of the strongest edges are corrupted exactly, each alone.", valueName: "k"))
    var measure = 0

    @Flag(name: .customLong("by-pos"), help: "Keep positions apart in the files.")
    var isByPosition = false

    @OptionGroup var listing: StrongestOptions

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Experiment") var pair: PairOptions
    @OptionGroup(title: "Figure") var page: PageOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws {
        if steps < 1 { throw ValidationError("--steps is \(steps); give at least 1") }
        if edges < 1 { throw ValidationError("--edges is \(edges); give at least 1") }
        if measure < 0 { throw ValidationError("--measure must not be negative") }
    }

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let experiments = try EdgeExperiments(
            pair, model, prependsBOS: self.model.prependsBOS)
        let found = try experiments.attribution(
            steps == 1 ? .clean : .integrated(steps: steps), isByPosition: isByPosition,
            output.verbosity.progress("pairs"))
        let circuit = Circuit(strongest: edges, by: found.totals, of: found.graph)
        let strongest = found.graph.strongest(max(listing.top, measure), by: found.totals)
        let exact = try measured(
            strongest.prefix(measure).map(\.edge), circuit, in: experiments)
        var result = found.graph.result(
            of: found.scores, named: "attribute-edges", found.quantity, pos: found.pos)
        result.provenance = try Provenance(of: model, seed: nil)
        result.settings = found.settings
        result.settings["method"] = method
        result.settings["circuit"] = circuit.edges.map(\.description).joined(separator: " ")
        result.summary = [
            ("edges", Double(found.graph.edges.count)),
            ("edges of the circuit", Double(circuit.edges.count)),
            ("circuit alone", exact.circuit), ("clean", exact.clean),
            ("corrupted", exact.corrupted),
        ]
        let folder = output.folder(for: "attribute-edges")
        let graph = try circuit.json(scores: found.totals, dModel: model.config.dModel)
        try report(
            figure(circuit, found, result), of: result,
            with: measurements(strongest, exact.changes, result),
            files: [("\(folder)/attribute-edges-graph.json", Array(graph.utf8))],
            [found.summary, summary(circuit, found, exact), list(strongest, exact.changes)]
                .joined(separator: "\n"), command: "attribute-edges", output, isPreviewed: false)
    }

    private var method: String { steps == 1 ? "EAP" : "EAP-IG, \(steps) steps" }

    /// Means over pairs.
    private struct Measurement {
        /// The metric of the circuit alone and of both runs.
        var circuit = 0.0
        var clean = 0.0
        var corrupted = 0.0
        /// What corrupting each of some edges changes.
        var changes: [Double]
    }

    /// Runs the circuit alone, and with each of some edges corrupted.
    private func measured(
        _ edges: [ComputationGraph.Edge], _ circuit: Circuit, in experiments: EdgeExperiments
    ) throws -> Measurement {
        var sum = Measurement(changes: [Double](repeating: 0, count: edges.count))
        let share = 1 / Double(experiments.count)
        try experiments.forEach(output.verbosity.progress("circuit"), warns: false) {
            experiment in
            let (metric, clean, corrupted) = (
                experiment.metric, experiment.clean, experiment.base
            )
            sum.circuit +=
                share * (try circuit.value(of: metric, clean: clean, corrupted: corrupted))
            sum.clean += share * (try metric.value(of: clean))
            sum.corrupted += share * (try metric.value(of: corrupted))
            if edges.isEmpty { return }
            let changes = try EdgePatching(clean: clean, corrupted: corrupted).measure(
                edges, metric)
            for (index, change) in changes.enumerated() { sum.changes[index] += share * change }
        }
        return sum
    }

    /// Scores beside what was measured; `nil` if nothing was.
    private func measurements(
        _ strongest: [(edge: ComputationGraph.Edge, score: Float)], _ changes: [Double],
        _ result: LabelledArray
    ) -> LabelledArray? {
        if changes.isEmpty { return nil }
        let rows = zip(strongest, changes).flatMap { [$0.score, Float($1)] }
        var measurements = LabelledArray(
            "attribute-edges-measured", quantity: result.quantity,
            axes: [
                Axis("edge", labels: strongest.prefix(changes.count).map(\.edge.description)),
                Axis("method", labels: ["estimate", "exact"]),
            ], values: Tensor([changes.count, 2], rows), provenance: result.provenance)
        measurements.settings = result.settings
        return measurements
    }
}

extension AttributeEdges {
    /// The circuit, level by level.
    private func figure(
        _ circuit: Circuit, _ found: EdgeExperiments.Attribution, _ result: LabelledArray
    ) -> GraphPlot {
        let nodes = circuit.nodes
        func names(_ isOfLevel: (ComputationGraph.Node) -> Bool) -> [String] {
            nodes.filter(isOfLevel).map(\.description)
        }
        var levels = [GraphPlot.Level("", nodes: names { $0 == .input })]
        for layer in 0..<found.graph.nLayers {
            let heads = names { if case .head(layer, _) = $0 { true } else { false } }
            levels.append(.init("\(layer)", nodes: heads, ports: ["q", "k", "v"]))
            levels.append(.init("\(layer)", nodes: names { $0 == .mlp(layer: layer) }))
        }
        levels.append(.init("", nodes: names { $0 == .logits }))
        let scores = Dictionary(
            uniqueKeysWithValues: found.graph.strongest(.max, by: found.totals)
                .map { ($0.edge, $0.score) })
        let edges = circuit.edges.map { edge in
            let kind = edge.destination.kind
            return GraphPlot.Edge(
                from: edge.source.description, to: edge.destination.node.description,
                port: kind == .mlp || kind == .logits ? nil : kind.rawValue,
                value: scores[edge] ?? .nan)
        }
        let style = GraphPlot.Style(
            title: page.title ?? "Circuit by \(method)", width: page.width, dpi: page.dpi,
            signs: ("lowers the metric if corrupted", "raises it"))
        return GraphPlot(
            result, levels: levels.filter { !$0.nodes.isEmpty }, edges: edges, style: style)
    }

    private func summary(
        _ circuit: Circuit, _ found: EdgeExperiments.Attribution, _ exact: Measurement
    ) -> String {
        let number = { (value: Double) in NumberText.fixed(value, decimals: 4, minus: "-") }
        let metric = found.settings["metric"] ?? "metric"
        return """
            \(method): \(found.graph.edges.count) edges; \(circuit.edges.count) of the \
            \(min(edges, found.graph.edges.count)) strongest lead from the input to the logits, \
            through \(max(circuit.nodes.count - 2, 0)) parts
            \(metric): circuit alone \(number(exact.circuit)), clean \(number(exact.clean)), \
            corrupted \(number(exact.corrupted))
            """
    }

    /// The strongest edges with their scores, and what was measured.
    private func list(
        _ strongest: [(edge: ComputationGraph.Edge, score: Float)], _ changes: [Double]
    ) -> String {
        let rows = strongest.prefix(listing.top).map { ($0.edge.description, $0.score) }
        let lines = probe.list(rows).split(separator: "\n").enumerated().map { index, line in
            index < changes.count
                ? line + "   exact " + NumberText.fixed(changes[index], decimals: 4, minus: "-")
                : line
        }
        let agreement = spearmanCorrelation(
            strongest.prefix(changes.count).map { Double($0.score) }, changes)
        let note = agreement.map {
            [
                "rank correlation of \(changes.count) scores and exact changes "
                    + NumberText.fixed($0, decimals: 3, minus: "-")
            ]
        }
        return (lines.map(String.init) + (note ?? [])).joined(separator: "\n")
    }
}
