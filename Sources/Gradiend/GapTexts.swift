import Glibc
import Kernels
import Models
import Tensors

/// Texts with gaps, and the words of two classes that are read there.
///
/// Words of as many tokens share one input, so that a text is run once for all of them.
struct GapTexts {
    /// A word, as the places and tokens of an input.
    struct Word {
        let text: Int
        let input: Int
        let labels: [Prediction.Label]
        let isPositive: Bool
    }

    /// What the model reads.
    private(set) var inputs: [[Int]] = []
    /// What is looked up there.
    private(set) var words: [Word] = []
    /// How many texts there are.
    let count: Int
    private let readsLast: Bool

    /// Prepares the words of each text.
    ///
    /// Two words of a class with one first token are one prediction of a causal model.
    init(_ texts: [(positive: [Prediction], negative: [Prediction])]) {
        count = texts.count
        var known: [[Int]: Int] = [:]
        for (text, predictions) in texts.enumerated() {
            for (all, isPositive) in [(predictions.positive, true), (predictions.negative, false)] {
                var seen: Set<Prediction> = []
                for prediction in all where seen.insert(prediction).inserted {
                    let input = known[prediction.tokens] ?? inputs.count
                    if input == inputs.count {
                        known[prediction.tokens] = input
                        inputs.append(prediction.tokens)
                    }
                    words.append(
                        Word(
                            text: text, input: input, labels: prediction.labels,
                            isPositive: isPositive))
                }
            }
        }
        readsLast = texts.allSatisfy { ($0.positive + $0.negative).allSatisfy(\.readsLast) }
    }

    /// The probability of each class's words in each text: the sum over words of the product over
    /// their tokens.
    func probabilities(in model: Transformer) throws -> [(first: Double, second: Double)] {
        var result = [(first: Double, second: Double)](repeating: (0, 0), count: count)
        let byInput = Dictionary(grouping: words, by: \.input)
        try model.readLogits(of: inputs, atLast: readsLast) { input, row in
            // Words of one class and of the other share places.
            var totals: [Int: Double] = [:]
            for word in byInput[input] ?? [] {
                let p = word.labels.reduce(1.0) { product, label in
                    let row = row(label.position)
                    let total = totals[label.position] ?? logSumExp(row)
                    totals[label.position] = total
                    return product * exp(Double(row[label.token]) - total)
                }
                if word.isPositive {
                    result[word.text].first += p
                } else {
                    result[word.text].second += p
                }
            }
        }
        return result
    }
}

extension Transformer {
    /// Runs texts, as many together as leaves logits small beside memory, and hands out their rows.
    ///
    /// - Parameters:
    ///   - inputs: The tokens of each text.
    ///   - atLast: Whether only the last position of each is read.
    ///   - body: Is given each text's number and its logits by position.
    func readLogits(
        of inputs: [[Int]], atLast: Bool = false,
        _ body: (Int, _ row: (Int) -> UnsafeBufferPointer<Float>) -> Void
    ) throws {
        let longest = atLast ? 1 : inputs.map(\.count).max() ?? 1
        let size = min(32, max(1, (64 << 20) / (longest * config.dVocab)))
        for start in stride(from: 0, to: inputs.count, by: size) {
            let batch = Array(inputs[start..<min(start + size, inputs.count)])
            let run = try self.run(.tokens(TokenBatch(batch)), logits: atLast ? .last : .all)
            guard let logits = run.logits else { continue }
            withExtendedLifetime(logits) {
                let (rows, width) = (logits.rows, logits.shape[1])
                for place in batch.indices {
                    body(start + place) { rows[place * width + (atLast ? 0 : $0)] }
                }
            }
        }
    }
}
