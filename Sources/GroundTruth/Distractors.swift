internal import Glibc
import Models
import Tensors

/// Everything that is not the circuit: it reads all features at random and writes only those that
/// nothing of the circuit reads.
extension FeatureSpace {
    /// Fills what the circuit leaves free with random numbers.
    ///
    /// - Parameters:
    ///   - features: What distractors may write: no part of the circuit reads them.
    ///   - heads: The circuit's heads, left as they are.
    ///   - neurons: The circuit's neurons, left as they are; `nil` for no distractors in the MLPs.
    ///   - answer: The answer, which reads these features exactly as `wrong` does.
    ///   - wrong: The wrong answer.
    mutating func addDistractors(
        writing features: Range<Int>, around heads: Set<HeadPlace>, _ neurons: Set<NeuronPlace>?,
        answer: Int, wrong: Int
    ) {
        var normal = NormalNumbers(stream: "distractors")
        for feature in features {
            for token in 0..<config.dVocab {
                embed(token: token, feature, normal(0.5))
                unembed(token: token, feature, normal(0.5))
            }
            let common = normal(0.5)
            unembed(token: answer, feature, common)
            unembed(token: wrong, feature, common)
            for position in 0..<config.nCtx { embed(position: position, feature, normal(0.3)) }
        }
        for layer in 0..<config.nLayers {
            for head in (0..<config.nHeads).map({ HeadPlace(layer, $0) })
            where !heads.contains(head) {
                addDistractor(head, writing: features, &normal)
            }
            guard let neurons else { continue }
            for place in (0..<config.dMLP).map({ NeuronPlace(layer, $0) })
            where !neurons.contains(place) {
                neuron(
                    place, reads: (0..<featureCount).map { Entry($0, normal(0.3)) },
                    bias: normal(0.3), writes: features.map { Entry($0, normal(0.1)) })
            }
        }
    }

    private mutating func addDistractor(
        _ head: HeadPlace, writing features: Range<Int>, _ normal: inout NormalNumbers
    ) {
        for dimension in 0..<config.dHead {
            for feature in 0..<featureCount {
                read(.query, head, dimension, feature, normal(0.15))
                read(.key, head, dimension, feature, normal(0.3))
                read(.value, head, dimension, feature, normal(0.3))
            }
            for feature in features { write(head, dimension, feature, normal(0.1)) }
        }
    }
}

/// Normal numbers of mean 0: Box and Muller 1958.
private struct NormalNumbers {
    private var generator: SeededGenerator

    init(stream: String) { generator = SeededGenerator(seed: 0, stream: stream) }

    mutating func callAsFunction(_ standardDeviation: Double) -> Double {
        let radius = (-2 * log(1 - generator.uniform())).squareRoot()
        return standardDeviation * radius * cos(2 * .pi * generator.uniform())
    }
}
