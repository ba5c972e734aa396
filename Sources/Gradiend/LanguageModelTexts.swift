import Kernels
import Models
import Tensors
import Tokenization

/// Texts that tell how good a language model is: its LMS.
///
/// A causal model predicts each token from those before, and scores 1 / (1 + mean −log p). A masked
/// model predicts a share of the tokens again, and scores the share it gets right.
public struct LanguageModelTexts: Sendable {
    /// Which texts.
    public enum Origin: String, Sendable, Hashable, CaseIterable {
        /// Texts without the feature.
        case neutral
        /// The rows' texts with their words filled in; the classes' words are nowhere predicted.
        case rows
    }

    /// Which texts.
    public let origin: Origin
    /// What is predicted in each.
    let predictions: [Prediction]
    private let isMasked: Bool

    /// The share of tokens that a masked model predicts again.
    private static let maskedShare = 0.15

    /// Prepares texts.
    ///
    /// - Parameters:
    ///   - texts: The texts; those with nothing to predict are left out.
    ///   - origin: Which texts they are.
    ///   - ignored: The tokens of words that are not predicted.
    ///   - task: How texts become tokens.
    /// - Throws: ``GradiendError/badOption(_:)`` if nothing is left to predict.
    init(
        _ texts: [String], _ origin: Origin, ignoring ignored: Set<[Int]> = [],
        with task: PredictionTask
    ) throws {
        self.origin = origin
        isMasked = task.place == .mask
        var generator = SeededGenerator(seed: 42, stream: "masked tokens")
        let words = Dictionary(grouping: ignored) { $0[0] }
        predictions = texts.compactMap { text in
            let tokens = Array(task.tokenizer.encode(text).prefix(task.room))
            let allowed = tokens.places(outside: words)
            return task.place == .mask
                ? task.masking(Self.maskedShare, of: tokens, at: allowed, using: &generator)
                : task.predicting(tokens, at: allowed)
        }
        guard !predictions.isEmpty else {
            throw GradiendError.badOption(
                origin == .neutral
                    ? "none of the \(texts.count) neutral texts has a token to predict"
                    : "the rows' texts have no tokens but the classes' words, so that nothing "
                        + "tells a good language model from a ruined one; give neutral texts")
        }
    }

    /// The score of a model, in [0, 1].
    func score(of model: Transformer) throws -> Double {
        var (sum, count) = (0.0, 0)
        try model.readLogits(of: predictions.map(\.tokens)) { index, row in
            for label in predictions[index].labels {
                let row = row(label.position)
                if isMasked {
                    let best = row.indices.max { row[$0] < row[$1] }
                    sum += best.map { isSame($0, label.token, model) } == true ? 1 : 0
                } else {
                    sum += logSumExp(row) - Double(row[label.token])
                }
                count += 1
            }
        }
        return isMasked ? sum / Double(count) : 1 / (1 + sum / Double(count))
    }

    /// As the package compares: by text, whatever the case.
    private func isSame(_ guess: Int, _ token: Int, _ model: Transformer) -> Bool {
        guess == token
            || model.string(of: guess).lowercased() == model.string(of: token).lowercased()
    }
}

extension [Int] {
    /// The places of tokens that are part of none of some words, which are given by their first
    /// tokens.
    fileprivate func places(outside words: [Int: [[Int]]]) -> [Int] {
        var inside: Set<Int> = []
        for (place, token) in enumerated() {
            for word in words[token] ?? [] where self[place...].starts(with: word) {
                inside.formUnion(place..<place + word.count)
            }
        }
        return indices.filter { !inside.contains($0) }
    }
}

extension PredictionTask {
    /// The most tokens of a text itself.
    fileprivate var room: Int { maxLength - beginning.count - ending.count }

    /// Tokens of a text, each predicted from all before it.
    fileprivate func predicting(_ text: [Int], at places: [Int]) -> Prediction? {
        let tokens = beginning + text
        let labels = places.map { $0 + beginning.count }.filter { $0 > 0 }.map {
            Prediction.Label(position: $0 - 1, token: tokens[$0])
        }
        return labels.isEmpty ? nil : Prediction(tokens: tokens.dropLast(), labels: labels)
    }

    /// A text with a share of some of its tokens masked, at least one.
    fileprivate func masking(
        _ share: Double, of text: [Int], at places: [Int], using generator: inout SeededGenerator
    ) -> Prediction? {
        guard let mask = tokenizer.mask, !places.isEmpty else { return nil }
        let count = max(1, Int((share * Double(places.count)).rounded()))
        let chosen = places.shuffled(using: &generator).prefix(count).sorted()
        let labels = chosen.map {
            Prediction.Label(position: $0 + beginning.count, token: text[$0])
        }
        var masked = text
        for place in chosen { masked[place] = mask }
        return Prediction(tokens: beginning + masked + ending, labels: labels)
    }
}
