import Circuits
import Foundation
import Models
import Results
import Tensors
import TestSupport
import Testing

/// Decompositions of the residual stream against TransformerLens', and as sums.
@Suite struct ResidualStackTests {
    private static func run(_ steps: WeightProcessing) throws -> Run {
        try TinyModel.raw().processed(by: steps).run([TinyModel.clean], caching: .all)
    }

    private struct Labels: Decodable { let labels: [String: [String]] }

    private static func check(
        _ stack: ResidualStack, _ key: String, choosing isWanted: (String) -> Bool = { _ in true }
    ) throws {
        let labels = try JSONDecoder().decode(
            Labels.self, from: Data(Repository.bytes(Repository.golden("circuits/golden.json")))
        ).labels
        let chosen = stack.labels.indices.filter { isWanted(stack.labels[$0]) }
        #expect(chosen.map { stack.labels[$0] } == labels[key], "\(key)")
        expectClose(
            stack.values.selecting(chosen, axis: 0),
            try GoldenTensors("circuits/golden.safetensors")(key), rtol: 1e-5, atol: 2e-5, key)
    }

    @Test func stacksAreTransformerLens() throws {
        let run = try Self.run(.transformerLens)
        try Self.check(run.accumulatedResidual(includingMid: true), "accumulated_resid")
        try Self.check(
            run.accumulatedResidual(to: 1, includingMid: true).normalized(in: run),
            "accumulated_resid.layer1.ln")
        try Self.check(
            run.accumulatedResidual(includingMid: true).normalized(in: run, recomputing: true),
            "accumulated_resid.ln")
        try Self.check(run.decomposedResidual(at: 1), "decompose_resid.layer1")
        try Self.check(run.decomposedResidual(), "decompose_resid.attn") { !$0.contains("mlp") }
        try Self.check(run.headResults(before: 1), "stack_head_results.layer1")
        let heads = try run.headResults(includingRemainder: true)
        try Self.check(heads, "stack_head_results")
        try Self.check(heads.normalized(in: run), "stack_head_results.ln")
        try Self.check(
            run.neuronResults(neurons: 0..<16).normalized(in: run), "stack_neuron_results.ln")
        try Self.check(run.fullDecomposition(), "get_full_resid_decomposition")
    }

    /// The stacks of the golden model, whose heads are refactored as well.
    @Test func stacksOfAllStepsAreTransformerLens() throws {
        let golden = try GoldenTensors("transformer-lens/golden_f32.safetensors")
        let run = try Self.run(.all)
        expectClose(
            try run.accumulatedResidual(includingMid: true)
                .normalized(in: run, recomputing: true).values, try golden("dla.accum"), atol: 1e-5)
        expectClose(
            try run.decomposedResidual().normalized(in: run).values, try golden("dla.decomp"),
            atol: 1e-5)
        expectClose(
            try run.fullDecomposition(expandingNeurons: true).normalized(in: run).values,
            try golden("dla.full"), atol: 1e-5)
        let direction = try LogitDirection(
            run.model, right: TinyModel.answers.right, wrong: TinyModel.answers.wrong)
        let attribution = try run.attribution(to: direction, by: .component, at: Array(0..<6))
        expectClose(
            attribution.contributions.values, try golden("dla.attrs").reshaped([6, 6]), atol: 1e-5)
    }

    @Test(arguments: [WeightProcessing.none, .transformerLens, .all], [nil, 0, 1] as [Int?])
    func completeStacksSumToTheStream(_ steps: WeightProcessing, _ layer: Int?) throws {
        let run = try Self.run(steps)
        let stream = try #require(
            layer.map { run.cache[.residPre, $0] } ?? run.cache[.residPost, 1])
        var stacks = [
            try run.decomposedResidual(at: layer),
            try run.headResults(before: layer, includingRemainder: true),
            try run.fullDecomposition(at: layer),
            try run.fullDecomposition(at: layer, expandingNeurons: true),
        ]
        for stack in stacks { expectClose(stack.sum, stream, atol: 2e-5) }
        // Through the norm as well, gains included, but for its shift.
        stacks = try stacks.map { try $0.normalized(in: run) }
        let weights = run.model.weights
        let norm = layer.map { weights.blocks[$0].ln1 } ?? weights.lnFinal
        let normalized = try #require(
            layer.map { run.cache[.ln1Normalized, $0] }
                ?? run.cache[HookPoint(.lnFinalNormalized)])
        let gain = norm.w.count > 0 ? norm.w.values : [Float](repeating: 1, count: 32)
        let read = Tensor(
            normalized.shape, normalized.values.enumerated().map { $1 * gain[$0 % 32] })
        for stack in stacks { expectClose(stack.sum, read, atol: 2e-5) }
    }

    @Test func whatWasNotKeptIsNamed() throws {
        let run = try TinyModel.raw().run([TinyModel.clean])
        let error = #expect(throws: NotCached.self) { try run.decomposedResidual() }
        #expect(error?.description.contains("hook_embed") == true)
        #expect(error?.description.contains("caching: .all") == true)
    }
}
