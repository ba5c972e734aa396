import Differentiation
import Foundation
import Gradiend
import Kernels
import Tensors
import TestSupport
import Testing

/// The 3n + 1 numbers: how they begin, what a step does, and what a change of sign keeps.
@Suite struct EncoderDecoderTests {
    private let source = Tensor.random([3001], stream: "source")
    private let target = Tensor.random([3001], stream: "target")

    /// W_e and b_e within 1/√n, the decoder within the encoder's largest number.
    @Test(arguments: [1000, 70_001]) func initialNumbers(_ count: Int) {
        let neuron = EncoderDecoder(randomly: count, seed: 1)
        let bound = Float(1 / Double(count).squareRoot())
        let largest = neuron.encoderWeight.values.max() ?? 0
        #expect(neuron.encoderWeight.values.allSatisfy { abs($0) <= bound })
        #expect(largest > 0.99 * bound && abs(neuron.encoderBias[0]) <= bound)
        for vector in [neuron.decoderWeight, neuron.decoderBias] {
            #expect(vector.values.allSatisfy { abs($0) <= largest })
            #expect(vector.values.contains { abs($0) > 0.9 * largest })
            let mean = vector.values.reduce(0, +) / Float(count)
            #expect(abs(mean) < 5 * largest / Float(count).squareRoot())
        }
        #expect(neuron.decoderWeight.values != neuron.decoderBias.values)
        let other = EncoderDecoder(randomly: count, seed: 2)
        #expect(other.encoderWeight.values != neuron.encoderWeight.values)
    }

    /// Steps against the equations in double precision, with gradients far below ε too: n ≥ 1e6
    /// would make them so, here a small scale does.
    @Test(arguments: [1, 1e-4]) func stepsAreThoseOfTheEquations(_ scale: Double) {
        func scaled(_ tensor: Tensor) -> Tensor {
            Tensor(tensor.shape, tensor.values.map { $0 * Float(scale) })
        }
        let (s, t) = (scaled(source), scaled(target))
        let start = EncoderDecoder(randomly: s.count, seed: 0)
        var neuron = EncoderDecoder(
            encoderWeight: start.encoderWeight, encoderBias: start.encoderBias[0],
            decoderWeight: scaled(start.decoderWeight), decoderBias: scaled(start.decoderBias))
        var optimizer = EncoderDecoderOptimizer(count: s.count, AdamW(learningRate: 1e-3))
        var naive = NaiveNeuron(neuron, rate: 1e-3)
        for step in 1...4 {
            let values = neuron.step(source: s, target: t, by: &optimizer)
            let expected = naive.step(s, t)
            #expect(abs(values.h - expected.h) < 2e-6, "step \(step)")
            #expect(abs(values.loss - expected.loss) < 1e-5 * expected.loss)
        }
        for (ours, theirs) in [
            (neuron.encoderWeight, naive.numbers[0]), (neuron.encoderBias, naive.numbers[1]),
            (neuron.decoderWeight, naive.numbers[2]), (neuron.decoderBias, naive.numbers[3]),
        ] {
            expectClose(
                ours, Tensor(ours.shape, theirs.map { Float($0) }), rtol: 2e-5, atol: 2e-6)
        }
    }

    @Test func threadsDoNotMatter() {
        func numbers(_ threads: Int) -> [Float] {
            let before = Threads.count
            defer { Threads.count = before }
            Threads.count = threads
            let count = 200_001
            var neuron = EncoderDecoder(randomly: count, seed: 5)
            var optimizer = EncoderDecoderOptimizer(count: count, AdamW())
            let s = Tensor.random([count], stream: "s")
            for _ in 0..<2 { _ = neuron.step(source: s, target: s, by: &optimizer) }
            return neuron.encoderWeight.values + neuron.decoderWeight.values
        }
        #expect(numbers(1) == numbers(3))
    }

    /// dec(enc(s)) stays; as the package flips, it changes by −2 b_d.
    @Test func changesOfSign() {
        let neuron = EncoderDecoder(randomly: source.count, seed: 4)
        let before = neuron.decode(neuron.encode(source))
        var flipped = neuron
        flipped.flipSign()
        #expect(flipped.encode(source) == -neuron.encode(source))
        expectClose(flipped.decode(flipped.encode(source)), before, atol: 1e-7)
        var negated = neuron
        negated.flipSign(negatingDecoderBias: true)
        var expected = before
        add(neuron.decoderBias, times: -2, to: &expected)
        expectClose(negated.decode(negated.encode(source)), expected, atol: 1e-7)
    }
}

/// The same steps in double precision, written out.
private struct NaiveNeuron {
    var numbers: [[Double]]
    private var first: [[Double]]
    private var second: [[Double]]
    private var count = 0
    private let rate: Double

    init(_ neuron: EncoderDecoder, rate: Double) {
        numbers = [
            neuron.encoderWeight, neuron.encoderBias, neuron.decoderWeight, neuron.decoderBias,
        ].map { $0.values.map(Double.init) }
        first = numbers.map { $0.map { _ in 0 } }
        second = first
        self.rate = rate
    }

    mutating func step(_ s: Tensor, _ t: Tensor) -> (h: Double, loss: Double) {
        count += 1
        let (s, t) = (s.values.map(Double.init), t.values.map(Double.init))
        let n = Double(s.count)
        let h = tanh(zip(numbers[0], s).reduce(numbers[1][0]) { $0 + $1.0 * $1.1 })
        let r = t.indices.map { numbers[2][$0] * h + numbers[3][$0] - t[$0] }
        let projection = zip(r, numbers[2]).reduce(0) { $0 + $1.0 * $1.1 }
        let delta = (1 - h * h) * 2 / n * projection
        let gradients = [
            s.map { delta * $0 }, [delta], r.map { 2 * h / n * $0 }, r.map { 2 / n * $0 },
        ]
        let (one, two) = (1 - power(0.9, count), 1 - power(0.999, count))
        for vector in gradients.indices {
            for (i, g) in gradients[vector].enumerated() {
                first[vector][i] = 0.9 * first[vector][i] + 0.1 * g
                second[vector][i] = 0.999 * second[vector][i] + 0.001 * g * g
                let denominator = (second[vector][i] / two).squareRoot() + 1e-8
                numbers[vector][i] *= 1 - rate * 0.01
                numbers[vector][i] -= rate * first[vector][i] / one / denominator
            }
        }
        return (h, r.reduce(0) { $0 + $1 * $1 } / n)
    }

    private func power(_ base: Double, _ count: Int) -> Double {
        (0..<count).reduce(1) { product, _ in product * base }
    }
}
