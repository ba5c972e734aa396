import Interventions
import Models
import Tensors
import TestSupport
import Testing

/// Circuits: which edges they keep, and what the model does with them alone.
@Suite struct CircuitTests {
    private static let metric = Metric.logitDifference(11, 42)

    private static func runs() throws -> (clean: Run, corrupted: Run) {
        let model = try TinyModel.raw()
        return (
            try model.run([TinyModel.clean], caching: .all),
            try model.run([TinyModel.corrupted], caching: .all)
        )
    }

    /// Without edges the model is corrupted, with all of them clean.
    @Test func theEndsAreTheRuns() throws {
        let (clean, corrupted) = try Self.runs()
        let graph = ComputationGraph(of: clean.model)
        for metric in [Self.metric, .logProbability(11), .loss] {
            // The loss reads the clean run's tokens.
            let end = metric.kind == .loss ? nil : try metric.value(of: corrupted)
            let none = try Circuit([], of: graph).value(
                of: metric, clean: clean, corrupted: corrupted)
            if let end { #expect(abs(none - end) < 1e-5) }
            let all = try Circuit(graph.edges, of: graph).value(
                of: metric, clean: clean, corrupted: corrupted)
            #expect(abs(all - (try metric.value(of: clean))) < 1e-5)
        }
    }

    @Test func aCircuitMatchesTransformerLensHooks() throws {
        let (clean, corrupted) = try Self.runs()
        let graph = ComputationGraph(of: clean.model)
        let kept = graph.edges.enumerated().filter { $0.offset.isMultiple(of: 3) }.map(\.element)
        let value = try Circuit(kept.reversed(), of: graph).value(
            of: Self.metric, clean: clean, corrupted: corrupted)
        let golden = try GoldenTensors("edge-attribution/golden.safetensors")
        #expect(abs(Float(value) - (try golden("circuit")[0])) < 1e-5)
    }

    /// With one edge missing a circuit is that edge's patch.
    @Test func oneMissingEdgeIsItsPatch() throws {
        let (clean, corrupted) = try Self.runs()
        let attribution = try EdgeAttribution(Self.metric, clean: clean, corrupted: corrupted)
        let edges = attribution.graph.edges
        let start = try Self.metric.value(of: clean)
        for edge in stride(from: 0, to: edges.count, by: 7).map({ edges[$0] }) {
            let circuit = Circuit(edges.filter { $0 != edge }, of: attribution.graph)
            let value = try circuit.value(of: Self.metric, clean: clean, corrupted: corrupted)
            let change = try attribution.patching.measure([edge], Self.metric)[0]
            #expect(abs(value - start - change) < 1e-5, "\(edge)")
        }
    }

    @Test func edgesThatLeadNowhereAreLeftOut() throws {
        let graph = ComputationGraph(of: try TinyModel.raw())
        func circuit(_ names: [String]) -> Circuit {
            let edges = graph.edges.filter { names.contains("\($0)") }
            #expect(edges.count == names.count)
            return Circuit(edges, of: graph).pruned
        }
        let path = ["input->a0.h1<v>", "a0.h1->a1.h2<k>", "a1.h2->logits"]
        let pruned = circuit(
            path + ["input->m0", "a0.h3->m1", "m1->logits", "a0.h1->a1.h0<q>"])
        #expect(pruned.edges.map(\.description) == path)
        #expect(pruned.nodes.map(\.description) == ["input", "a0.h1", "a1.h2", "logits"])
        #expect(circuit(["input->m0", "a0.h3->logits"]).edges.isEmpty)
        #expect(circuit(["input->logits"]).edges.count == 1)
    }

    @Test func theStrongestEdgesAreTaken() throws {
        let graph = ComputationGraph(of: try TinyModel.raw())
        var scores = Tensor([11, 27])
        let names = ["input->m0", "input->logits", "a0.h0->m1", "m0->logits"]
        let rows = scores.mutableRows
        let (sources, destinations) = (
            graph.sources.map(\.description), graph.destinations.map(\.description)
        )
        for (edge, value) in zip(graph.edges.filter { names.contains("\($0)") }, [-5, 3, 4, 2]) {
            let row = try #require(sources.firstIndex(of: "\(edge.source)"))
            let column = try #require(destinations.firstIndex(of: "\(edge.destination)"))
            rows[row][column] = Float(value)
        }
        let strongest = graph.strongest(3, by: scores)
        #expect(strongest.map(\.edge.description) == ["input->m0", "a0.h0->m1", "input->logits"])
        #expect(strongest.map(\.score) == [-5, 4, 3])
        #expect(
            Circuit(strongest: 4, by: scores, of: graph).edges.map(\.description)
                == ["input->m0", "input->logits", "m0->logits"])
        #expect(Circuit(strongest: 1000, by: scores, of: graph).edges.count == 110)
    }
}
