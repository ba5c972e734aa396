import Differentiation
import Gradiend
import Models
import Tensors
import TestSupport
import Testing

/// Gradients, steps and rewritings against the Python package's.
@Suite struct GoldenStepTests {
    /// Where the label is, and so in which model.
    static let places = ["last", "next", "mask"]

    private func golden(_ place: String) throws -> (GradiendGolden, ParameterMap) {
        let golden = try GradiendGolden(place == "mask" ? "bert" : "gpt2")
        return (golden, try ParameterMap(of: golden.model))
    }

    @Test(arguments: [("next", 2176), ("mask", 1648)])
    func theMapIsThePackages(_ place: String, _ count: Int) throws {
        let (golden, map) = try golden(place)
        #expect(map.parts.map(\.name) == golden.file.param_map.map(\.name))
        #expect(map.parts.map(\.shape) == golden.file.param_map.map(\.shape))
        #expect(map.count == count)
    }

    @Test(arguments: places) func gradients(_ name: String) throws {
        let (golden, map) = try golden(name)
        let contrasts = golden.contrasts(at: try #require(golden.file.places[name]))
        for (signal, key) in [
            (Signal.factual, "factual"), (.alternative, "counterfactual"), (.diff, "diff"),
        ] {
            let ours = try map.gradient(signal, of: contrasts, in: golden.model)
            expectClose(
                ours, try golden.tensors("\(name).\(key)"), rtol: 1e-4, atol: 1e-6, key)
        }
    }

    /// h, loss and the numbers after one and three steps.
    @Test(arguments: places) func steps(_ name: String) throws {
        let (golden, map) = try golden(name)
        let place = try #require(golden.file.places[name])
        let source = try golden.tensors("\(name).factual")
        let target = try golden.tensors("\(name).diff")
        var neuron = try golden.encoderDecoder("init.")
        expectClose(
            neuron.decode(neuron.encode(source)), try golden.tensors("\(name).out"), atol: 1e-6)
        var optimizer = EncoderDecoderOptimizer(
            count: map.count, AdamW(learningRate: 1e-2, weightDecay: 1e-2))
        for (number, expected) in [place.step1, place.step2, place.step3].enumerated() {
            let values = neuron.step(source: source, target: target, by: &optimizer)
            #expect(abs(values.h - expected.h[0]) < 1e-6, "h of step \(number + 1)")
            #expect(abs(values.loss - expected.loss) < 1e-6, "loss of step \(number + 1)")
            guard number != 1 else { continue }
            try expectNumbers(
                golden, neuron, "\(name).after\(number + 1).", tolerance: number == 0 ? 1e-6 : 1e-5,
                unlessSmall: "\(name).grad.")
        }
        for (factor, rate, text) in [
            (1.0, 1e-2, "1.0.01"), (-1, 1e-1, "-1.0.1"), (0, 1, "0.1"),
        ] {
            let moved = try map.moving(golden.model, along: neuron.decode(factor), by: rate)
            expectClose(
                try map.weights(of: moved), try golden.tensors("\(name).rewrite.\(text)"),
                atol: rate == 1 ? 1e-5 : 2e-6, text)
            let loss = try loss(of: golden.contrasts(at: place).map(\.factual), in: moved)
            let expected = try #require(place.values["rewrite.\(text).factual_loss"])
            #expect(abs(loss - expected) < 1e-5, "loss of rewriting \(text)")
        }
    }

    /// The mean of −log p over all labels.
    private func loss(of predictions: [Prediction], in model: Transformer) throws -> Double {
        let run = try model.run(.tokens(TokenBatch(predictions.map(\.tokens))))
        let logs = try #require(run.logProbabilities)
        let all = predictions.enumerated().flatMap { sequence, prediction in
            prediction.labels.map { -Double(logs[sequence, $0.position, $0.token]) }
        }
        return all.reduce(0, +) / Double(all.count)
    }

    /// Adam divides by the gradient's size, so the smallest gradients' signs may differ.
    private func expectNumbers(
        _ golden: GradiendGolden, _ neuron: EncoderDecoder, _ prefix: String, tolerance: Float,
        unlessSmall gradients: String
    ) throws {
        let expected = try golden.encoderDecoder(prefix)
        let gradient = try golden.encoderDecoder(gradients)
        for (ours, theirs, gradient) in [
            (neuron.encoderWeight, expected.encoderWeight, gradient.encoderWeight),
            (neuron.encoderBias, expected.encoderBias, gradient.encoderBias),
            (neuron.decoderWeight, expected.decoderWeight, gradient.decoderWeight),
            (neuron.decoderBias, expected.decoderBias, gradient.decoderBias),
        ] {
            let kept = zip(ours.values, zip(theirs.values, gradient.values)).map {
                abs($1.1) < 1e-7 ? $1.0 : $0
            }
            expectClose(Tensor(theirs.shape, kept), theirs, atol: tolerance, prefix)
        }
    }
}
