import Interventions
import Models
import Tensors
import TestSupport
import Testing

/// Ablations by the engine against a full run per part.
@Suite struct AblationTests {
    @Test(arguments: Ablation.Part.allCases, 0..<3)
    func partsMatchFullRuns(_ part: Ablation.Part, _ which: Int) throws {
        let model = try TinyModel.raw()
        let base = try model.run([TinyModel.clean])
        let other = try model.run([TinyModel.corrupted], caching: .all).cache
        let texts = [TinyModel.corrupted, [1, 2, 3], [9, 8, 7, 6]]
        let baseline: Ablation.Baseline = [
            .zero, .resample(other),
            .mean(try model.meanActivations(of: part.kinds, over: texts, from: 1)),
        ][which]
        let branches = try Ablation(part, baseline: baseline).branches(in: model)
        #expect(branches.count == 2 * Ablation(part, baseline: .zero).width(in: model))
        let metric = Metric.logitDifference(11, 42)
        let fast = try metric.measure(branches, departingFrom: base)
        let slow = try metric.measureNaively(branches, departingFrom: base)
        for (fast, slow) in zip(fast, slow) { #expect(abs(fast - slow) < 2e-5) }
    }

    @Test func meansAreOverPositionsAndTexts() throws {
        let model = try TinyModel.raw()
        let texts = [[0, 5, 17], [0, 64, 90, 3]]
        let mean = try model.meanActivations(of: [.z], over: texts, from: 1)
        let runs = try texts.map { try model.run([$0], caching: .only(.z)).cache }
        let expected = Tensor(computing: [1, 1, 4, 8]) { i in
            let values = zip(texts, runs).flatMap { tokens, cache in
                (1..<tokens.count).map { Double(cache[.z, 1]![0, $0, i[2], i[3]]) }
            }
            return values.reduce(0, +) / Double(values.count)
        }
        expectClose(try #require(mean[.z, 1]), expected, atol: 1e-6)
    }

    @Test func layersMustExist() {
        #expect(throws: RunError.noSuchLayer(2, nLayers: 2)) {
            try Ablation(.heads, baseline: .zero, layers: [2]).branches(in: TinyModel.raw())
        }
    }
}
