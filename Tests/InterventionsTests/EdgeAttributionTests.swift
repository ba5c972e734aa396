import Interventions
import Models
import Tensors
import TestSupport
import Testing

/// Edge scores against an independent implementation, against their definition, and against sums
/// that they must have.
@Suite struct EdgeAttributionTests {
    private static let metric = Metric.logitDifference(11, 42)

    private func golden() throws -> GoldenTensors {
        try GoldenTensors("edge-attribution/golden.safetensors")
    }

    /// The two prompts of the golden values.
    private static func runs() throws -> (clean: Run, corrupted: Run) {
        let model = try TinyModel.raw()
        return (
            try model.run([TinyModel.clean], caching: .all),
            try model.run([TinyModel.corrupted], caching: .all)
        )
    }

    private static func attribution(
        _ gradients: EdgeAttribution.Gradients = .clean, of metric: Metric = metric,
        isByPosition: Bool = false
    ) throws -> EdgeAttribution {
        let (clean, corrupted) = try runs()
        return try EdgeAttribution(
            metric, clean: clean, corrupted: corrupted, gradients: gradients,
            isByPosition: isByPosition)
    }

    /// GPT-2 small has 32,491 edges; names and order are the EAP-IG package's.
    @Test func theGraphIsTheFields() throws {
        func graph(_ layers: Int, _ heads: Int) -> ComputationGraph {
            ComputationGraph(
                of: Transformer(
                    config: TransformerConfig(
                        nLayers: layers, dModel: heads, nHeads: heads, dVocab: 2, nCtx: 2),
                    weights: Weights(nLayers: layers)))
        }
        let gpt2 = graph(12, 12)
        #expect(gpt2.edges.count == 32_491)
        #expect(gpt2.sources.count == 157 && gpt2.destinations.count == 445)
        let names = gpt2.edges.map(\.description)
        #expect(Set(names).count == names.count)
        #expect(names.first == "input->a0.h0<q>" && names.last == "m11->logits")
        for name in ["m0->a3.h5<k>", "a0.h11->m0", "a10.h7->logits", "input->m0"] {
            #expect(names.contains(name))
        }
        for name in ["m3->a3.h5<k>", "a3.h1->a3.h5<q>", "m1->m0", "m1->m1", "logits->m0"] {
            #expect(!names.contains(name))
        }
        let tiny = ComputationGraph(of: try TinyModel.raw())
        let heads = ["h0", "h1", "h2", "h3"]
        func reads(_ layer: Int) -> [String] {
            ["q", "k", "v"].flatMap { kind in heads.map { "a\(layer).\($0)<\(kind)>" } }
        }
        #expect(
            tiny.sources.map(\.description)
                == ["input"] + heads.map { "a0.\($0)" } + ["m0"] + heads.map { "a1.\($0)" }
                + ["m1"])
        #expect(
            tiny.destinations.map(\.description)
                == reads(0) + ["m0"] + reads(1) + ["m1", "logits"])
    }

    @Test func scoresMatchTransformerLensHooks() throws {
        let golden = try golden()
        expectClose(try Self.attribution().scores, try golden("eap"), atol: 2e-6)
        let steps = try Self.attribution(.integrated(steps: 5))
        expectClose(steps.scores, try golden("ig5"), atol: 2e-6)
        let byPosition = try Self.attribution(isByPosition: true)
        expectClose(byPosition.scores, try golden("eap_by_pos"), atol: 2e-6)
        expectClose(byPosition.totals, try golden("eap"), atol: 2e-6)
        // Before the first token that differs nothing does.
        #expect(byPosition.scores[at: 0..<2].values.allSatisfy { $0 == 0 })
    }

    /// Corrupting one edge alone, exactly, by the engine.
    @Test func measuredEdgesMatchTransformerLensHooks() throws {
        let attribution = try Self.attribution()
        let edges = attribution.graph.edges
        let measured = try attribution.patching.measure(edges, Self.metric)
        let (clean, _) = try Self.runs()
        let start = try Self.metric.value(of: clean)
        let naive = try Self.metric.measureNaively(
            edges.map(attribution.patching.branch(corrupting:)), departingFrom: clean)
        for (fast, slow) in zip(measured, naive) { #expect(abs(fast - (slow - start)) < 2e-5) }
        let exact = try golden()("exact")
        let columns = attribution.graph.destinations.map(\.description)
        let rows = attribution.graph.sources.map(\.description)
        for (edge, value) in zip(edges, measured) {
            let row = try #require(rows.firstIndex(of: "\(edge.source)"))
            let column = try #require(columns.firstIndex(of: "\(edge.destination)"))
            #expect(abs(Float(value) - exact[row, column]) < 2e-5, "\(edge)")
        }
    }

    /// A small part of the way, a corrupted edge does what its score says, whatever the metric.
    @Test(
        arguments: [
            .logitDifference(11, 42), .logProbability(11), .probability(11),
            .probabilityDifference(11, 42), .oddsRatio(11, 42), .loss,
        ] as [Metric])
    func scoresAreDerivatives(_ metric: Metric) throws {
        let attribution = try Self.attribution(of: metric)
        let (clean, _) = try Self.runs()
        let step: Float = 0.02
        func measured(_ fraction: Float) throws -> [Double] {
            let branches = attribution.graph.edges.map { edge in
                Branch(
                    attribution.patching.branch(corrupting: edge).interventions.map { patch in
                        guard case .add(let change) = patch.edit else { return patch }
                        return Intervention(
                            patch.site,
                            .add(Tensor(change.shape, change.values.map { fraction * $0 })))
                    })
            }
            return try metric.measureNaively(branches, departingFrom: clean)
        }
        let slopes = zip(try measured(step), try measured(-step)).map {
            ($0 - $1) / Double(2 * step)
        }
        let scores = attribution.graph.strongest(1000, by: attribution.scores)
        let byName = Dictionary(
            uniqueKeysWithValues: scores.map { ($0.edge, Double($0.score)) })
        let largest = slopes.map(abs).max() ?? 0
        #expect(largest > 1e-4)
        for (edge, slope) in zip(attribution.graph.edges, slopes) {
            let score = try #require(byName[edge])
            #expect(abs(slope - score) < 1e-2 * largest + 1e-5, "\(edge)")
        }
    }

    /// What all parts write into the stream that a reader reads, together, is the whole change of
    /// that stream: of the edges into the logits, the node's own attribution.
    @Test func edgesIntoTheLogitsSumToTheResidualsAttribution() throws {
        let (clean, corrupted) = try Self.runs()
        let scores = try Self.attribution().scores
        let last = scores.shape[1] - 1
        let sum = scores.rows.sum(ofColumn: last)
        // From the corrupted run to the clean one is the other way round.
        let sweep = Sweep(.residPost, by: [.layer], from: corrupted, layers: [1])
        let estimate = try AttributionPatching([sweep], Self.metric, departingFrom: clean)
            .estimates(of: sweep)[0]
        #expect(abs(sum - (estimate - (try Self.metric.value(of: clean)))) < 1e-5)
    }

    /// The gradient at what a part writes is the sum of those at what reads it, so that the edges
    /// out of a part sum to its own score; out of the input, with integrated gradients, to the
    /// whole difference between the runs.
    @Test func edgesOutOfAPartSumToItsAttribution() throws {
        let (clean, corrupted) = try Self.runs()
        let scores = try Self.attribution().scores
        let heads = Sweep(.z, by: [.layer, .head], from: corrupted)
        let mlps = Sweep(.mlpOut, by: [.layer], from: corrupted)
        let input = Sweep(.embed, by: [], from: corrupted)
        let nodes = try AttributionPatching(
            [heads, mlps, input], Self.metric, departingFrom: clean)
        let start = try Self.metric.value(of: clean)
        let (byHead, byMLP) = (try nodes.estimates(of: heads), try nodes.estimates(of: mlps))
        let parts =
            try nodes.estimates(of: input) + byHead[0..<4] + [byMLP[0]] + byHead[4..<8] + [byMLP[1]]
        for (source, estimate) in parts.enumerated() {
            let sum = scores[at: source].values.reduce(0) { $0 + Double($1) }
            #expect(abs(sum - (estimate - start)) < 1e-5, "source \(source)")
        }
        let whole = try Self.metric.value(of: corrupted) - start
        func gap(_ steps: Int) throws -> Double {
            let scores = try Self.attribution(.integrated(steps: steps)).scores
            return abs(scores[at: 0].values.reduce(0) { $0 + Double($1) } - whole)
        }
        let (few, many) = (try gap(4), try gap(64))
        #expect(many < 0.05 * abs(whole) && many < few / 4)
    }

    /// A batch's scores are those of its sequences, as its metric is their mean.
    @Test func batchesAreMeans() throws {
        let model = try TinyModel.raw()
        let pairs = [
            (TinyModel.clean, TinyModel.corrupted), ([3, 8, 9, 2, 1, 7], [3, 8, 9, 4, 1, 7]),
        ]
        func scores(_ pairs: [([Int], [Int])]) throws -> Tensor {
            try EdgeAttribution(
                Self.metric, clean: model.run(pairs.map(\.0), caching: .all),
                corrupted: model.run(pairs.map(\.1), caching: .all),
                gradients: .integrated(steps: 3),
                isByPosition: true
            ).scores
        }
        let (both, one, two) = (try scores(pairs), try scores([pairs[0]]), try scores([pairs[1]]))
        let mean = Tensor(one.shape, zip(one.values, two.values).map { ($0 + $1) / 2 })
        expectClose(both, mean, atol: 2e-6)
    }

    /// One layer, one head, heads that are not as wide as the stream together, one position.
    @Test(arguments: [(1, 1, 5, 4), (1, 2, 3, 3), (3, 1, 8, 1)])
    func otherShapes(_ layers: Int, _ heads: Int, _ width: Int, _ length: Int) throws {
        var config = TransformerConfig(
            nLayers: layers, dModel: 6, nHeads: heads, dHead: width, dMLP: 7, dVocab: 50, nCtx: 8)
        config.initializerRange = 0.3
        let model = Transformer(randomly: config, seed: 2)
        let tokens = (0..<length).map { 3 * $0 + 1 }
        let clean = try model.run([tokens], caching: .all)
        let corrupted = try model.run([[9] + tokens.dropFirst()], caching: .all)
        let attribution = try EdgeAttribution(Self.metric, clean: clean, corrupted: corrupted)
        let edges = attribution.graph.edges
        let exact = try attribution.patching.measure(edges, Self.metric)
        let start = try Self.metric.value(of: clean)
        let naive = try Self.metric.measureNaively(
            edges.map(attribution.patching.branch(corrupting:)), departingFrom: clean)
        for (fast, slow) in zip(exact, naive) { #expect(abs(fast - (slow - start)) < 2e-5) }
        let input = Sweep(.embed, by: [], from: corrupted)
        let whole = try AttributionPatching([input], Self.metric, departingFrom: clean)
            .estimates(of: input)[0]
        let sum = attribution.scores[at: 0].values.reduce(0) { $0 + Double($1) }
        #expect(abs(sum - (whole - start)) < 1e-5)
    }

    /// A metric between the runs has scores on its scale.
    @Test func normalizedScoresAreOnTheScale() throws {
        let (clean, corrupted) = try Self.runs()
        let metric = try Self.metric.normalized(from: corrupted, to: clean)
        let width = Float(
            try Self.metric.value(of: clean) - (try Self.metric.value(of: corrupted)))
        let scaled = try Self.attribution(of: metric).scores
        let raw = try Self.attribution().scores
        expectClose(scaled, Tensor(raw.shape, raw.values.map { $0 / width }), atol: 1e-5)
    }

    @Test func whatCannotBeAttributedIsTold() throws {
        let model = try TinyModel.raw()
        let (clean, corrupted) = try Self.runs()
        let bare = try model.run([TinyModel.corrupted])
        let short = try model.run([[1, 2, 3]], caching: .all)
        #expect(throws: InterventionError.notCached("hook_embed")) {
            try EdgeAttribution(Self.metric, clean: clean, corrupted: bare)
        }
        #expect(throws: InterventionError.differentShapes(clean: [1, 6], base: [1, 3])) {
            try EdgeAttribution(Self.metric, clean: clean, corrupted: short)
        }
        #expect(throws: InterventionError.noGradient(metric: "first")) {
            try EdgeAttribution(
                .function("first") { Double($0[0]) }, clean: clean, corrupted: corrupted)
        }
        var weights = model.weights
        weights.blocks[1].mlp.W_out[3, 3] = .nan
        let broken = Transformer(config: model.config, weights: weights)
        #expect(throws: GradientError.self) {
            try EdgeAttribution(
                Self.metric, clean: broken.run([TinyModel.clean], caching: .all),
                corrupted: broken.run([TinyModel.corrupted], caching: .all))
        }
    }
}

extension Rows {
    fileprivate func sum(ofColumn column: Int) -> Double {
        (0..<count).reduce(0) { $0 + Double(self[$1][column]) }
    }
}
