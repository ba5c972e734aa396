import Circuits
import Foundation
import Models
import Results
import Tensors
import TestSupport
import Testing

/// Logits as sums over components, heads and neurons.
@Suite struct LogitAttributionTests {
    @Test(
        arguments: TestModel.allCases, [WeightProcessing.none, .transformerLens, .all])
    func partsSumToTheLogits(_ test: TestModel, _ steps: WeightProcessing) throws {
        let model = try test.load().processed(by: steps)
        let run = try model.run([test.prompts.clean], caching: .all)
        for direction in [
            try LogitDirection(model, right: 11, wrong: 42), try LogitDirection(model, right: 3),
        ] {
            for unit in LogitAttribution.Unit.allCases {
                let parts = try run.attribution(to: direction, by: unit, at: [0, 2, 5])
                #expect(parts.deviation < 5e-5, "\(unit)")
                #expect(parts.contributions.axes.map(\.name).last == "pos")
            }
        }
    }

    @Test func headsAreTransformerLens() throws {
        let golden = try GoldenTensors("circuits/golden.safetensors")
        let model = try TinyModel.raw().processed(by: .transformerLens)
        let run = try model.run([TinyModel.clean], caching: .all)
        for (key, wrong) in [("difference", 42), ("answer", nil)] {
            let direction = try LogitDirection(model, right: 11, wrong: wrong)
            let parts = try run.attribution(to: direction, by: .head, at: Array(0..<6))
            // Upstream's ninth part is all that is no head, biases of attention included.
            let all = Tensor(
                [9, 1, 6], parts.contributions.values.values + parts.rest.map { Float($0) })
            expectClose(all, try golden("logit_attrs.\(key)"), rtol: 1e-5, atol: 2e-5)
        }
    }

    @Test func neuronsAreTransformerLens() throws {
        let golden = try GoldenTensors("circuits/golden.safetensors")
        let model = try TinyModel.raw().processed(by: .transformerLens)
        let run = try model.run([TinyModel.clean], caching: .all)
        let direction = try LogitDirection(model, right: 11, wrong: 42)
        let parts = try run.attribution(to: direction, by: .neuron, at: Array(0..<6))
        let all = Tensor(
            [129, 1, 6], parts.contributions.values.values + parts.rest.map { Float($0) })
        expectClose(
            all, try golden("stack_neuron_results.ln.projected"), rtol: 1e-5, atol: 2e-5)
    }

    @Test func whatDoesNotExistIsRefused() throws {
        let model = try TinyModel.raw()
        #expect(throws: RunError.unknownToken(id: 97, dVocab: 97)) {
            try LogitDirection(model, right: 97)
        }
        let direction = try LogitDirection(model, right: 1)
        let run = try model.run([TinyModel.clean], caching: .all)
        #expect(throws: RunError.noSuchPosition(6, length: 6)) {
            try run.attribution(to: direction, by: .head, at: [6])
        }
        let short = try model.run([TinyModel.clean], caching: .all, logits: .last)
        #expect(throws: NotCached.self) { try short.attribution(to: direction, by: .head) }
    }

    @Test func theLogitLensEndsWithTheModel() throws {
        let golden = try GoldenTensors("circuits/golden.safetensors")("logit_lens")
        let model = try TinyModel.raw().processed(by: .transformerLens)
        let run = try model.run([TinyModel.clean], caching: .all)
        let lens = try LogitLens(run, answer: 11, includingMid: true)
        #expect(lens.top.axes[0].labels == ["0_pre", "0_mid", "1_pre", "1_mid", "final_post"])
        for layer in 0..<5 {
            let logits = golden[at: layer].values
            let all = logits.map { Double($0) }
            let total = all.reduce(0) { $0 + exp($1) }
            let probabilities = all.map { exp($0) / total }
            let top = probabilities.indices.max { probabilities[$0] < probabilities[$1] } ?? 0
            let place = layer * 6 + 5
            #expect(lens.top.texts?.values[place] == String(top))
            #expect(abs(Double(lens.top.values.values[place]) - probabilities[top]) < 1e-5)
            let entropy = -probabilities.reduce(0) { $0 + $1 * log($1) }
            #expect(abs(Double(lens.entropy.values.values[place]) - entropy) < 1e-4)
            #expect(lens.answer.texts?.values[place] == String(logits.count { $0 > logits[11] }))
            #expect(abs(Double(lens.answer.values.values[place]) - probabilities[11]) < 1e-5)
        }
        // Without an answer, the rank is of what the model ends up with.
        let final = try LogitLens(run)
        #expect(final.answer.texts?.values.suffix(6) == ["0", "0", "0", "0", "0", "0"])
    }
}
