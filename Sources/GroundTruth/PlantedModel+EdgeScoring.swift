import Interventions
import Models
import Statistics

/// Edges of the whole graph against those that were planted.
extension PlantedModel {
    /// Corrupts each edge of the graph alone and compares with the truth.
    ///
    /// Every planted circuit is a chain, so that each of its edges takes the whole effect away, and
    /// no other edge changes anything. Edges lead to heads as a whole: of the three inputs the one
    /// that matters most counts, as InterpBench's circuits are known by head only.
    ///
    /// - Parameter naively: Whether each edge is one full forward pass, instead of the engine.
    func edgeScore(naively: Bool) throws -> SweepScore {
        let clean = try model.run([clean], caching: EdgePatching.caching)
        let corrupted = try model.run([corrupted], caching: EdgePatching.caching)
        let patching = try EdgePatching(clean: clean, corrupted: corrupted)
        let edges = patching.graph.edges
        let start = try metric.value(of: clean)
        let changes =
            naively
            ? try metric.measureNaively(
                edges.map(patching.branch(corrupting:)), departingFrom: clean
            ).map { $0 - start }
            : try patching.measure(edges, metric)
        let measured = strongest(zip(edges, changes))
        let planted = Set(self.edges.filter(\.carriesChange))
        let isTrue = measured.map { planted.contains($0.edge) }
        let deviations = zip(measured, isTrue).map { measured, isTrue in
            (measured.change + (isTrue ? chainEffect : 0)).magnitude
        }
        let area = areaUnderCurve(scores: measured.map(\.change.magnitude), isPositive: isTrue)
        return SweepScore(
            model: name, sweep: "edges", sites: measured.count, trueSites: planted.count,
            areaUnderCurve: area ?? 0,
            areaOfEstimates: try areaOfEdgeEstimates(clean, corrupted, isTrue),
            // A comparison would pass over what is not a number.
            deviation: deviations.contains(where: \.isNaN) ? .nan : deviations.max() ?? 0)
    }

    private func areaOfEdgeEstimates(
        _ clean: Run, _ corrupted: Run, _ isTrue: [Bool]
    ) throws -> Double? {
        do {
            let attribution = try EdgeAttribution(metric, clean: clean, corrupted: corrupted)
            let all = attribution.graph.strongest(.max, by: attribution.scores)
            let scores = Dictionary(
                uniqueKeysWithValues: all.map { ($0.edge, Double($0.score)) })
            let edges = attribution.graph.edges
            let estimates = strongest(zip(edges, edges.map { scores[$0] ?? .nan }))
            return areaUnderCurve(
                scores: estimates.map(\.change.magnitude), isPositive: isTrue)
        } catch is GradientError {
            // Numbers that are none find nothing.
            return 0
        }
    }

    /// What the whole circuit does, and so each edge of the chain.
    private var chainEffect: Double {
        sweeps.lazy.filter { [.z, .mlpPost].contains($0.kind) }
            .compactMap { $0.effects.values.first }.first ?? 0
    }

    /// The edges between parts, with the change that is largest of a head's three inputs.
    private func strongest(
        _ changes: some Sequence<(ComputationGraph.Edge, Double)>
    ) -> [(edge: CircuitEdge, change: Double)] {
        var order: [CircuitEdge] = []
        var strongest: [CircuitEdge: Double] = [:]
        for (edge, change) in changes {
            let between = CircuitEdge(name(of: edge.source), name(of: edge.destination.node))
            guard let known = strongest[between] else {
                order.append(between)
                strongest[between] = change
                continue
            }
            // What is not a number stays.
            if change.isNaN || change.magnitude > known.magnitude { strongest[between] = change }
        }
        return order.map { ($0, strongest[$0] ?? .nan) }
    }

    /// A part's name as InterpBench writes it.
    private func name(of node: ComputationGraph.Node) -> String {
        switch node {
        case .input: "hook_embed"
        case .head(let layer, let head): HeadPlace(layer, head).node
        case .mlp(let layer): "blocks.\(layer).hook_mlp_out"
        case .logits: "blocks.\(model.config.nLayers - 1).hook_resid_post"
        }
    }
}
