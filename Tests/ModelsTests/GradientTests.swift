import Differentiation
import Kernels
import Models
import Tensors
import TestSupport
import Testing

/// What gradients of a whole model are and are not.
@Suite struct GradientTests {
    private let model = Transformer.small()
    private let tokens = [3, 8, 1, 20, 5]

    private func gradients(
        _ model: Transformer, _ sequences: [[Int]], hooks: Hooks = Hooks(),
        _ targets: GradientTargets = .parameters
    ) throws -> Gradients {
        try model.gradients(
            of: .loss, on: TokenBatch(sequences), withRespectTo: targets, hooks: hooks)
    }

    /// Every element of every weight, by central differences in double precision.
    @Test func allWeightsByDifferences() throws {
        let model = Transformer.small(tied: false)
        let gradients = try gradients(model, [tokens])
        var naive = NaiveTransformer(model)
        #expect(abs(gradients.value - naive.loss(tokens)) < 1e-5)
        let step = 1e-5
        for entry in gradients.parameters.entries {
            let gradient = try #require(gradients.parameters[entry.path])
            let differences = (0..<gradient.count).map { index -> Float in
                let old = naive.weights[entry.name]?[index] ?? .nan
                func loss(_ value: Double) -> Double {
                    naive.weights[entry.name]?[index] = value
                    return naive.loss(tokens)
                }
                let slope = (loss(old + step) - loss(old - step)) / (2 * step)
                naive.weights[entry.name]?[index] = old
                return Float(slope)
            }
            expectClose(
                gradient, Tensor(gradient.shape, differences), rtol: 1e-4, atol: 2e-6, entry.name)
        }
    }

    @Test func recordingChangesNoActivation() throws {
        let run = try model.run([tokens, tokens.reversed()], caching: .all)
        let recorded = try model.gradients(
            of: .loss, on: TokenBatch([tokens, tokens.reversed()]),
            withRespectTo: .parameters.and(activations: .all), caching: .all)
        #expect(recorded.cache.points == run.cache.points)
        for point in run.cache.points {
            #expect(recorded.cache[point]?.values == run.cache[point]?.values, "\(point)")
        }
        #expect(abs(recorded.value - (run.loss ?? .nan)) < 1e-6)
    }

    /// The tied matrix has the sum of what it has as embedding and as unembedding.
    @Test func tiedEmbeddings() throws {
        var untied = model.weights
        untied.W_U_transposed = Tensor(untied.W_E.shape, untied.W_E.values)
        let apart = try gradients(Transformer(config: model.config, weights: untied), [tokens])
        let both = try #require(apart.parameters[\.W_E])
        let sum = zip(both.values, try #require(apart.parameters[\.W_U_transposed]).values).map(+)
        let tied = try gradients(model, [tokens])
        expectClose(
            try #require(tied.parameters[\.W_E]), Tensor(both.shape, sum), rtol: 1e-5, atol: 1e-6)
    }

    /// The mean is over tokens: longer sequences count more.
    @Test func paddingHasNoPart() throws {
        let other = [7, 2, 30]
        let alone = try [tokens, other].map { try gradients(model, [$0]) }
        let together = try gradients(model, [tokens, other])
        for entry in together.parameters.entries {
            let parts = try alone.map { try #require($0.parameters[entry.path]).values }
            let mean = zip(parts[0], parts[1]).map { ($0 * 4 + $1 * 2) / 6 }
            let gradient = try #require(together.parameters[entry.path])
            expectClose(gradient, Tensor(gradient.shape, mean), rtol: 1e-4, atol: 1e-6, entry.name)
        }
    }

    /// Along its gradient the loss rises by the gradient's square: with norms folded away, a bias
    /// at the end, and embeddings that are no longer tied.
    @Test func processedWeights() throws {
        let model = try TinyModel.raw().processed(by: .transformerLens)
        let gradients = try gradients(model, [TinyModel.clean])
        let entries = gradients.parameters.entries
        #expect(!entries.contains { $0.name.contains("ln") })
        #expect(entries.contains { $0.name == "unembed.b_U" })
        var square = 0.0
        let step: Float = 1e-3
        var (above, below) = (model.weights, model.weights)
        for entry in entries {
            let gradient = try #require(gradients.parameters[entry.path])
            let (w, g) = (model.weights[keyPath: entry.path].values, gradient.values)
            square += g.reduce(0) { $0 + Double($1) * Double($1) }
            func moved(_ step: Float) -> Tensor {
                Tensor(gradient.shape, zip(w, g).map { $0 + step * $1 })
            }
            above[keyPath: entry.path] = moved(step)
            below[keyPath: entry.path] = moved(-step)
        }
        let losses = try [above, below].map { weights in
            try #require(
                try Transformer(config: model.config, weights: weights).run([TinyModel.clean]).loss)
        }
        let slope = (losses[0] - losses[1]) / Double(2 * step)
        #expect(abs(slope - square) < 2e-3 * square, "\(slope) ≠ \(square)")
    }

    /// Batches that are cut into chunks have the gradients of their parts, on any threads.
    @Test func largeBatches() throws {
        let sequences = (0..<60).map { first in
            (0..<(first % 3 == 0 ? 9 : 16)).map { (7 * first + 5 * $0 * $0 + 3) % 31 }
        }
        let all = try gradients(model, sequences)
        let (half, rest) = (Array(sequences[..<27]), Array(sequences[27...]))
        let parts = try [half, rest].map { try gradients(model, $0) }
        let counts = [half, rest].map { $0.reduce(0) { $0 + Float($1.count - 1) } }
        let total = counts[0] + counts[1]
        for entry in all.parameters.entries {
            let values = try parts.map { try #require($0.parameters[entry.path]).values }
            let mean = zip(values[0], values[1]).map {
                ($0 * counts[0] + $1 * counts[1]) / total
            }
            let gradient = try #require(all.parameters[entry.path])
            expectClose(gradient, Tensor(gradient.shape, mean), rtol: 1e-4, atol: 1e-6, entry.name)
        }
        let before = Threads.count
        defer { Threads.count = before }
        for count in [1, 3] {
            Threads.count = count
            let again = try gradients(model, sequences)
            #expect(again.value == all.value)
            for entry in all.parameters.entries {
                #expect(again.parameters[entry.path]?.values == all.parameters[entry.path]?.values)
            }
        }
    }

    @Test func onlyWhatWasAskedFor() throws {
        let all = try gradients(model, [tokens])
        let some = try gradients(model, [tokens], .parameters { $0.hasSuffix("W_O") })
        #expect(some.parameters.entries.map(\.name) == ["blocks.0.attn.W_O", "blocks.1.attn.W_O"])
        for entry in some.parameters.entries {
            #expect(some.parameters[entry.path]?.values == all.parameters[entry.path]?.values)
        }
        #expect(some.parameters[\.W_E]?.values == nil && some.activations.points.isEmpty)
        let last = try gradients(
            model, [tokens], .activations(.only(.residPost).at(positions: [-1])))
        #expect(last.activations[.residPost, 0]?.shape == [1, 1, 12])
    }

    /// Without a pullback, what a hook left as it was lets the gradient through, and nothing else.
    @Test func hooksAreJudgedByWhatTheyDid() throws {
        let (point, start) = (HookPoint(.z, layer: 0), HookPoint(.v, layer: 0))
        func gradient(_ action: @escaping Hooks.Action, pullback: Hooks.Action? = nil) throws
            -> Tensor
        {
            var hooks = Hooks()
            hooks.add(at: point, pullback: pullback, action)
            let all = try gradients(model, [tokens], hooks: hooks, .activations(.points([start])))
            return try #require(all.activations[start])
        }
        let plain = try gradient { _, _ in }
        #expect(plain.values.contains { $0 != 0 })
        let rewritten = try gradient { value, _ in value = Tensor(value.shape, value.values) }
        #expect(rewritten.values == plain.values)
        let zeroed = try gradient { value, _ in value = Tensor(value.shape) }
        #expect(zeroed.values.allSatisfy { $0 == 0 })
        // One head zeroed: the others' values keep their gradient's way.
        let partly = try gradient { value, _ in
            let rows = value.mutableRows(of: 12)
            for row in 0..<rows.count { for i in 0..<4 { rows[row][i] = 0 } }
        }
        // At the last position nothing follows that the loss could count.
        for row in 0..<4 {
            #expect(partly.rows(of: 12)[row][..<4].allSatisfy { $0 == 0 })
            #expect(partly.rows(of: 12)[row][4...].contains { $0 != 0 })
        }
        func negate(_ value: inout Tensor, _: HookPoint) {
            value = Tensor(value.shape, value.values.map { -$0 })
        }
        let negated = try gradient(negate, pullback: negate)
        #expect(negated.values.contains { $0 != 0 } && negated.values != plain.values)
        #expect(try gradient(negate).values.allSatisfy { $0 == 0 })
    }

    @Test func whatIsNotFiniteIsNamed() throws {
        var weights = model.weights
        weights.blocks[1].mlp.b_out[0] = .infinity
        let broken = Transformer(config: model.config, weights: weights)
        #expect(throws: GradientError.self) { try gradients(broken, [tokens]) }
        let objective = Objective.function { logits in
            (0, Tensor(logits.shape, repeating: .nan))
        }
        #expect(throws: GradientError.gradientNotFinite(of: "blocks.1.mlp.W_in")) {
            try model.gradients(
                of: objective, on: TokenBatch([tokens]),
                withRespectTo: .parameters { $0.hasSuffix("W_in") && $0.contains("1") })
        }
        #expect(throws: GradientError.gradientNotFinite(of: "blocks.0.attn.hook_z")) {
            try model.gradients(
                of: objective, on: TokenBatch([tokens]),
                withRespectTo: .activations(.points([HookPoint(.z, layer: 0)])))
        }
        #expect(throws: GradientError.noNextToken) { try gradients(model, [[3]]) }
        #expect(throws: RunError.self) { try gradients(model, [[99]]) }
    }

    @Test func trainingLowersTheLossAndKeepsTheTie() throws {
        var (model, optimizer) = (model, AdamW(learningRate: 0.01))
        var losses: [Double] = []
        for _ in 0..<20 {
            let step = try gradients(model, [tokens, [1, 2, 3, 4]])
            losses.append(step.value)
            model.update(with: step.parameters, by: &optimizer)
        }
        #expect(losses[19] < 0.5 * losses[0])
        #expect(model.weights.W_E.rows.base == model.weights.W_U_transposed.rows.base)
        #expect(self.model.weights.W_E.values != model.weights.W_E.values)
    }
}
