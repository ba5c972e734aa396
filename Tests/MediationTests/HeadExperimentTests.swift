import Foundation
import Interventions
import Mediation
import Models
import Results
import Tensors
import TestSupport
import Testing

/// Heads against values from an independent implementation, and what must hold of them.
@Suite struct HeadExperimentTests {
    private let golden: Golden
    private let model = MediationModel.make()

    init() throws { golden = try Golden.read() }

    @Test func effectsMatchTheGoldenValues() throws {
        for item in golden.items {
            let experiment = try HeadExperiment(item.tokens, in: model)
            for (runs, expected) in zip([experiment.base, experiment.alternative], item.scores) {
                let scores = runs.scores
                #expect(isClose(scores.first, expected[0], 1e-6))
                #expect(isClose(scores.second, expected[1], 1e-6))
            }
            #expect(isClose(try experiment.totalEffect(), item.total))
            for (effect, expected) in [
                (HeadEffect.indirect, item.indirect), (.direct, item.direct),
            ] {
                let effects = try experiment.effects(effect)
                for (row, other) in zip(effects.head, expected.head) {
                    for (value, other) in zip(row, other) { #expect(isClose(value, other)) }
                }
                for (value, other) in zip(effects.layer, expected.layer) {
                    #expect(isClose(value, other))
                }
                #expect(isClose(effects.model, expected.model))
            }
        }
    }

    @Test func equalInputsHaveNoEffects() throws {
        let x = golden.items[0].inputs[0]
        let item = HeadTokens(base: x, alternative: x, candidates: golden.items[0].candidates)
        let experiment = try HeadExperiment(item, in: model)
        #expect(abs(try experiment.totalEffect()) < 1e-6)
        for effect in HeadEffect.allCases {
            let effects = try experiment.effects(effect)
            let all = effects.head.joined() + effects.layer + [effects.model]
            for value in all { #expect(abs(value) < 1e-5) }
        }
    }

    @Test func noHeadsLeaveTheRun() throws {
        let experiment = try HeadExperiment(golden.items[1].tokens, in: model)
        #expect(abs(try experiment.effects(.indirect, of: [[]])[0]) < 1e-6)
        let direct = try experiment.effects(.direct, of: [[]])[0]
        #expect(isClose(direct, try experiment.totalEffect(), 1e-5))
    }

    /// All of a layer's heads together are the layer, and not the sum of them.
    @Test func layersAreTheirHeadsTogether() throws {
        let experiment = try HeadExperiment(golden.items[2].tokens, in: model)
        let effects = try experiment.effects(.indirect)
        for layer in 0..<3 {
            let heads = [Head(layer: layer, head: 0), Head(layer: layer, head: 1)]
            let together = try experiment.effects(.indirect, of: [heads])[0]
            #expect(isClose(together, effects.layer[layer], 1e-5))
            #expect(abs(together - effects.head[layer].reduce(0, +)) > 1e-3)
        }
        #expect(abs(effects.model - (try experiment.effects(.direct)).model) > 1e-3)
    }

    /// A head whose pattern is zero writes nothing.
    @Test func zeroPatternsPruneHeads() throws {
        let tokens = golden.items[0].inputs[0]
        let base = try model.run([tokens], caching: .all)
        let metric = Metric.logitDifference(.id(12), .id(10))
        for layer in 0..<3 {
            let patterns = Branch([
                Intervention(Site(HookPoint(.pattern, layer: layer), head: 1), .zero)
            ])
            let outputs = Branch([
                Intervention(Site(HookPoint(.z, layer: layer), head: 1), .zero)
            ])
            let values = try metric.measure([patterns, outputs], departingFrom: base)
            #expect(isClose(values[0], values[1], 1e-5))
        }
    }

    /// What a prefix of the text attends to is what the whole text attends to there.
    @Test func patternsOfAPrefixChangeNothing() throws {
        let tokens = golden.items[0].inputs[0]
        let base = try model.run([tokens], caching: .all)
        let metric = Metric.logitDifference(.id(12), .id(10))
        let plain = try metric.value(of: base)
        let (heads, length) = (model.config.nHeads, tokens.count)
        for count in 1...length {
            let prefix = try model.run([Array(tokens[..<count])], caching: .only(.pattern))
            let edits = try (0..<model.config.nLayers).map { layer in
                let pattern = try #require(prefix.cache[.pattern, layer])
                var values = [Float](repeating: 0, count: heads * length * length)
                for head in 0..<heads {
                    for query in 0..<count {
                        for key in 0..<count {
                            values[(head * length + query) * length + key] =
                                pattern[0, head, query, key]
                        }
                    }
                }
                let edit = Edit.replace(Tensor([1, heads, length, length], values))
                return { (head: Int?) in
                    Intervention(
                        Site(
                            HookPoint(.pattern, layer: layer), positions: Array(0..<count),
                            head: head), edit)
                }
            }
            let branches =
                edits.flatMap { edit in (0..<heads).map { Branch([edit($0)]) } }
                + [Branch(edits.map { $0(nil) })]
            for value in try metric.measure(branches, departingFrom: base) {
                #expect(isClose(value, plain), "\(count) tokens")
            }
        }
    }

    /// Of several tokens the score is the geometric mean of what each has after those before.
    @Test func scoresAreGeometricMeans() throws {
        let (context, candidate) = ([3, 7, 11], [10, 1, 13])
        let runs = try CandidateRun(context: context, candidates: [candidate, [2]], in: model)
        let steps = try candidate.indices.map { step in
            try Metric.probability(.id(candidate[step])).value(
                of: model.run([context + candidate[..<step]]))
        }
        let product = steps.reduce(1, *)
        let scores = runs.scores
        #expect(isClose(scores.first * scores.first * scores.first / product, 1, 1e-4))
        #expect(isClose(try exp(runs.logOdds()), scores.second / scores.first, 1e-5))
    }

    /// Attention from the context's last token, over the context alone.
    @Test func attentionOfExamples() throws {
        let item = golden.items[0]
        let attention = try item.tokens.attention(
            of: [Head(layer: 0, head: 1), Head(layer: 2, head: 0)], in: model)
        #expect(attention.values.shape == [2, 2, 6])
        for row in 0..<4 {
            let sum = attention.values.rows[row].reduce(0) { $0 + Double($1) }
            #expect(isClose(sum, 1, 1e-6))
        }
        // The golden values of the published implementation for block 0, head 1.
        let base: [Double] = [
            0.05255659, 0.69390406, 0.0000271, 0.02343803, 0.02120405, 0.20887017,
        ]
        let other = [0.00018361, 0.00015195, 0.03447931, 0.00038893, 0.00005784, 0.96473837]
        for pos in 0..<6 {
            #expect(abs(Double(attention.values[0, 0, pos]) - base[pos]) < 1e-6)
            #expect(abs(Double(attention.values[1, 0, pos]) - other[pos]) < 1e-6)
        }
    }

    @Test func whatCannotBeCompared() throws {
        #expect(throws: MediationError.self) {
            try HeadExperiment(
                HeadTokens(base: [1, 2], alternative: [1, 2, 3], candidates: [[1], [2]]), in: model)
        }
        for candidates in [[[1], [1]], [[], [2]], [[1]]] {
            #expect(throws: MediationError.self) {
                try CandidateRun(context: [1, 2], candidates: candidates, in: model)
            }
        }
        #expect(throws: RunError.self) {
            try CandidateRun(context: [1, 2], candidates: [[1], [99]], in: model).logOdds()
        }
    }
}
