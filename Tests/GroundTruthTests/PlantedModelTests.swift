import GroundTruth
import Interventions
import Models
import Tensors
import TestSupport
import Testing

/// The planted circuits are found, with the effects of their closed forms.
@Suite struct PlantedModelTests {
    @Test(arguments: PlantedModel.all.map(\.name)) func sweepsFindTheCircuit(_ name: String) throws
    {
        for naively in [false, true] {
            for score in try planted(name).scores(naively: naively) {
                #expect(score.areaUnderCurve == (score.trueSites > 0 ? 1 : nil), "\(score)")
                #expect(score.deviation <= 1e-4, "\(score)")
                #expect(score.passes && score.sites > 2 * score.trueSites, "\(score)")
            }
        }
    }

    @Test(arguments: PlantedModel.all.map(\.name)) func engineMatchesNaiveRuns(_ name: String)
        throws
    {
        let planted = try planted(name)
        for sweep in planted.sweeps {
            let fast = try planted.effects(of: sweep)
            let slow = try planted.effects(of: sweep, naively: true)
            #expect(fast.map(\.site) == slow.map(\.site))
            for (fast, slow) in zip(fast, slow) {
                #expect(abs(fast.value - slow.value) <= 2e-5, "\(sweep.name) at \(fast.site)")
            }
        }
    }

    /// Sites named by a model are sites of its sweeps; edges lead from the input to the output.
    @Test(arguments: PlantedModel.all.map(\.name)) func theTruthIsWellFormed(_ name: String) throws
    {
        let planted = try planted(name)
        let clean = try planted.model.run([planted.clean], caching: .all)
        for sweep in planted.sweeps {
            let sites = try sweep.branches(from: clean, length: planted.clean.count)
                .map { $0.interventions[0].site }
            #expect(
                Set(sites).count == sites.count && Set(sites).isSuperset(of: sweep.effects.keys))
        }
        #expect(!planted.circuit.isEmpty)
        #expect(planted.expectedEffects.allSatisfy { $0.value.magnitude > 0.1 })
        for site in planted.circuit {
            let layer = try #require(site.point.layer)
            let node =
                site.head.map { "blocks.\(layer).attn.hook_result[\($0)]" }
                ?? "blocks.\(layer).hook_mlp_out"
            #expect(planted.edges.contains { $0.from == node })
            #expect(planted.edges.contains { $0.to == node })
        }
        let output = "blocks.\(planted.model.config.nLayers - 1).hook_resid_post"
        for edge in planted.edges {
            for end in [edge.from, edge.to] {
                #expect(HookPoint(String(end.prefix { $0 != "[" })) != nil, "\(end)")
            }
            #expect(
                edge.from.hasSuffix("embed") || planted.edges.contains { $0.to == edge.from })
            #expect(edge.to == output || planted.edges.contains { $0.from == edge.to })
        }
    }

    /// The norms' scale is constant, as the closed forms assume.
    @Test(arguments: PlantedModel.all.map(\.name)) func normsDoNothing(_ name: String) throws {
        let planted = try planted(name)
        let run = try planted.model.run([planted.clean, planted.corrupted], caching: .all)
        for point in run.cache.points
        where [.ln1Scale, .ln2Scale, .lnFinalScale].contains(point.kind) {
            let scales = try #require(run.cache[point]).values
            for scale in scales { #expect(abs(scale / scales[0] - 1) < 1e-6, "\(point)") }
        }
    }

    /// Where a circuit is linear, an edge's score is its effect: the head that copies has a fixed
    /// pattern, so that its closed form holds for the edges that lead in and out too.
    @Test func scoresOfLinearEdgesAreTheirEffects() throws {
        let planted = PlantedModel.plantedHead
        let attribution = try EdgeAttribution(
            planted.metric, clean: planted.model.run([planted.clean], caching: .all),
            corrupted: planted.model.run([planted.corrupted], caching: .all))
        let effect = try #require(planted.sweeps[0].effects.values.first)
        let strongest = attribution.graph.strongest(3, by: attribution.scores)
        #expect(
            Set(strongest.prefix(2).map(\.edge.description))
                == ["input->a1.h2<v>", "a1.h2->logits"])
        for edge in strongest.prefix(2) { #expect(abs(Double(edge.score) + effect) < 1e-4) }
        #expect(abs(strongest[2].score) < 1e-4)
        let exact = try attribution.patching.measure(strongest.map(\.edge), planted.metric)
        for (edge, value) in zip(strongest, exact) {
            #expect(abs(Double(edge.score) - value) < 1e-4)
        }
        // Those two edges do what the whole model does.
        let circuit = Circuit(strongest: 2, by: attribution.scores, of: attribution.graph)
        let (clean, corrupted) = (
            try planted.model.run([planted.clean], caching: .all),
            try planted.model.run([planted.corrupted], caching: .all)
        )
        let whole = try planted.metric.value(of: clean)
        let alone = try circuit.value(of: planted.metric, clean: clean, corrupted: corrupted)
        #expect(abs(alone - whole) < 1e-4)
    }

    /// Distractors do change with the token, so that finding the circuit is not trivial.
    @Test func distractorsAreAlive() throws {
        let planted = PlantedModel.plantedNeuron
        let clean = try planted.model.run([planted.clean], caching: .all)
        let base = try planted.model.run([planted.corrupted], caching: .all)
        let (a, b) = (
            try #require(clean.cache[.mlpPost, 2]).values,
            try #require(base.cache[.mlpPost, 2]).values
        )
        #expect(zip(a, b).count { abs($0 - $1) > 0.01 } > 20)
    }

    /// The metric of this model is the fraction, at every length.
    @Test func fractionIsTheFraction() throws {
        let planted = PlantedModel.fractionSoFar
        let tokens = [0, 1, 0, 0, 5, 6, 0, 7]
        for length in 1...tokens.count {
            let prompt = Array(tokens[..<length])
            let share = Double(prompt.count { $0 == 0 }) / Double(length)
            #expect(abs(try planted.metric.value(of: planted.model.run([prompt])) - share) < 1e-5)
        }
    }

    /// The induction head looks behind the earlier occurrence in other repetitions too.
    @Test(arguments: [[0, 3, 7, 1, 3], [1, 8, 9, 8], [5, 4, 2, 6, 1, 9, 4]])
    func inductionFindsRepetitions(_ tokens: [Int]) throws {
        let run = try PlantedModel.induction.model.run([tokens], caching: .all)
        let pattern = try #require(run.cache[.pattern, 1])
        let first = try #require(tokens.firstIndex(of: tokens[tokens.count - 1]))
        #expect(pattern[0, 2, tokens.count - 1, first + 1] > 0.85)
    }

    private func planted(_ name: String) throws -> PlantedModel {
        try #require(PlantedModel.all.first { $0.name == name })
    }
}
