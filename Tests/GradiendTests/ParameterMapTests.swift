import Gradiend
import Kernels
import Models
import Tensors
import TestSupport
import Testing

/// Which weights vectors stand for, and what moving along a vector changes.
@Suite struct ParameterMapTests {
    @Test func untiedUnembeddingsAreNoCore() throws {
        let tied = try ParameterMap(of: SmallTask.model())
        let untied = try ParameterMap(of: SmallTask.model(tied: false))
        #expect(tied.count == untied.count && tied.parts.count == 2 + 2 * 12 + 2)
        #expect(!untied.parts.contains { $0.name == "lm_head.weight" })
    }

    /// Every position of a map with empty parts at its ends and in its middle.
    @Test func locations() {
        let map = ParameterMap(parts: [
            .init(name: "a", shape: [3], indices: []), .init(name: "b", shape: [2, 2]),
            .init(name: "c", shape: [5], indices: []), .init(name: "d", shape: [1], indices: []),
            .init(name: "e", shape: [9], indices: [2, 8]),
            .init(name: "f", shape: [1], indices: []),
        ])
        #expect(map.count == 6)
        #expect((0..<6).map { map.location(of: $0).part } == [1, 1, 1, 1, 4, 4])
        #expect((0..<6).map { map.location(of: $0).element } == [0, 1, 2, 3, 2, 8])
    }

    @Test func patterns() throws {
        let model = try SmallTask.model()
        let all = try ParameterMap(of: model)
        func names(_ patterns: [String]) throws -> [String] {
            try ParameterMap(of: model, matching: patterns).parts.filter { $0.count > 0 }
                .map(\.name)
        }
        #expect(try names(["*"]) == all.parts.map(\.name))
        #expect(try names(["transformer.h.1.*"]).count == 12)
        #expect(try names(["*.mlp.*.weight", "transformer.ln_f.bias"]).count == 5)
        #expect(try names(["transformer.ln_f.bias"]) == ["transformer.ln_f.bias"])
        #expect(throws: GradiendError.self) { try names(["transformer.h.7.*"]) }
    }

    /// A part of a map gathers and moves those positions alone.
    @Test func somePositions() throws {
        let model = try SmallTask.model()
        let map = try ParameterMap(of: model)
        let chosen = stride(from: 3, to: map.count, by: 7).map { $0 }
        let part = map.selecting(chosen)
        let weights = try map.weights(of: model)
        #expect(part.count == chosen.count)
        #expect(try part.weights(of: model).values == chosen.map { weights[$0] })
        for place in [0, 5, part.count - 1] {
            let (small, whole) = (part.location(of: place), map.location(of: chosen[place]))
            #expect(small.part == whole.part && small.element == whole.element)
        }
        let direction = Tensor.random([part.count], stream: "direction")
        let moved = try map.weights(of: part.moving(model, along: direction, by: 0.5))
        var expected = weights
        for (place, position) in chosen.enumerated() {
            expected[position] += 0.5 * direction[place]
        }
        #expect(moved.values == expected.values)
        // Of a part of a part.
        let again = part.selecting([1, 4, 9])
        #expect(try again.weights(of: model).values == [1, 4, 9].map { weights[chosen[$0]] })
    }

    /// Tied embeddings move together, and the model itself stays as it was.
    @Test func movingLeavesTheModel() throws {
        let model = try SmallTask.model()
        let map = try ParameterMap(of: model)
        let before = try map.weights(of: model).values
        let moved = try map.moving(
            model, along: Tensor([map.count], repeating: 1), by: 0.25)
        #expect(moved.weights.W_U_transposed.values == moved.weights.W_E.values)
        #expect(moved.weights.W_E.values != model.weights.W_E.values)
        #expect(try map.weights(of: model).values == before)
    }

    /// A map of another model is refused, as are processed weights.
    @Test func otherModels() throws {
        let map = try ParameterMap(of: SmallTask.model())
        let other = Transformer.small()
        #expect(throws: GradiendError.self) { try map.weights(of: other) }
        let processed = Transformer(
            config: other.config, weights: other.weights, processing: .transformerLens)
        #expect(throws: GradiendError.self) { try ParameterMap(of: processed) }
    }

    /// A batch of texts of two lengths has the mean of their gradients, and the difference of two
    /// words is that of their gradients.
    @Test func batchesAreMeans() throws {
        let model = try SmallTask.model()
        let map = try ParameterMap(of: model)
        let task = try PredictionTask(for: model)
        let rows = SmallTask.rows(8).filter { $0.factualClass == "she" }
        let contrasts = try task.contrasts(Array(rows[0..<3]))
        #expect(Set(contrasts.map(\.factual.tokens.count)).count > 1)
        var mean = Tensor([map.count])
        for contrast in contrasts {
            add(try map.gradient(.factual, of: [contrast], in: model), times: 1 / 3, to: &mean)
        }
        expectClose(
            try map.gradient(.factual, of: contrasts, in: model), mean, rtol: 1e-4, atol: 1e-6)
        var difference = mean
        add(try map.gradient(.alternative, of: contrasts, in: model), times: -1, to: &difference)
        expectClose(
            try map.gradient(.diff, of: contrasts, in: model), difference, rtol: 1e-3, atol: 2e-6)
    }

    /// Rows without contrast do not choose the weights that are kept.
    @Test func identitiesDoNotPrune() throws {
        let model = try SmallTask.model()
        let rows = SmallTask.rows(8)
        let identities = (0..<8).map { index in
            FeatureRow(
                masked: "the cat ran \(index) [MASK]", split: .train, classes: ("cat", "cat"),
                words: ("cat", "cat"))
        }
        var options = TrainingOptions()
        (options.batchSize, options.maxSteps, options.maxSeeds) = (4, 1, 1)
        options.prePruning = PrePruning(.share(0.1))
        let kept = try [rows, rows + identities].map { rows in
            let training = try FeatureTraining(
                of: rows, with: PredictionTask(for: model), in: model,
                classes: ClassPair(positive: "she", negative: "he"), options)
            return try training.run().feature.map
        }
        let count = try ParameterMap(of: model).count
        #expect(kept[0] == kept[1] && kept[0].count == (count + 9) / 10)
    }

    @Test(arguments: [0, 1, 7, 500, 1001]) func theLargestElements(_ count: Int) {
        var vector = Tensor.random([1001], stream: "vector")
        for place in stride(from: 0, to: 1001, by: 5) { vector[place] = -0.5 }
        let values = vector.values
        let sorted = values.indices.sorted { (abs(values[$0]), $1) > (abs(values[$1]), $0) }
        #expect(largestElements(of: vector, count: count) == sorted.prefix(count).sorted())
        #expect(rankedElements(of: vector, count: count) == Array(sorted.prefix(count)))
    }
}
