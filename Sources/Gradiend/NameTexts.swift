import Glibc
import Kernels
import Models
import Tensors
import Tokenization

/// Texts about someone whose name is to be predicted, and the names.
///
/// ```
/// P(F) = Σ p(name) prob_F,    P(M) = Σ p(name) (1 − prob_F)
/// ```
/// over the tokens that are a name, in any case and with or without a space before it. The
/// vocabulary is looked through once; of each text there is one row of logits to read, however many
/// names there are. Drechsel and Herbold 2025, https://arxiv.org/abs/2502.01406.
struct NameTexts {
    /// The tokens that are names.
    let tokens: [Int]
    /// The share of women of each.
    let shares: [Double]
    /// What is read; the labels say where, and their tokens nothing.
    let texts: [Prediction]

    /// - Parameters:
    ///   - names: The names; those that are no single token have no say.
    ///   - texts: Texts with `[NAME]`.
    init(
        _ names: [GivenName], in texts: [String], with task: PredictionTask
    ) throws {
        let byName = Dictionary(
            names.map { ($0.name.lowercased(), $0.pFemale) },
            uniquingKeysWith: { first, _ in first }
        )
        var tokens: [Int] = []
        var shares: [Double] = []
        var example: String?
        for token in 0..<task.tokenizer.vocabularySize {
            let string = task.tokenizer.string(of: token)
            let word = string.hasPrefix(" ") ? String(string.dropFirst()) : string
            guard let share = byName[word.lowercased()] else { continue }
            tokens.append(token)
            shares.append(share)
            if example == nil, task.isOneToken(word) { example = word }
        }
        guard let example, !texts.isEmpty else {
            throw GradiendError.badOption(
                "none of the \(names.count) names is one token of the model, or there are no texts")
        }
        (self.tokens, self.shares) = (tokens, shares)
        self.texts = try texts.enumerated().map { number, text in
            guard text.contains(NameTemplate.name) else {
                throw GradiendError.nothingToPredict(
                    row: number, reason: "the text has no \(NameTemplate.name): \(quoted(text))")
            }
            return try task.prediction(
                of: example, in: text.replacing(NameTemplate.name, with: FeatureRow.gap),
                number: number)
        }
    }

    /// P(F) and P(M) in each text.
    func probabilities(in model: Transformer) throws -> [(first: Double, second: Double)] {
        var result = [(first: Double, second: Double)](repeating: (0, 0), count: texts.count)
        try model.readLogits(
            of: texts.map(\.tokens), atLast: texts.allSatisfy(\.readsLast)
        ) { index, row in
            let gaps = texts[index].labels.map { row($0.position) }
            let totals = gaps.map(logSumExp)
            for (token, share) in zip(tokens, shares) {
                let p = zip(gaps, totals).reduce(1) { $0 * exp(Double($1.0[token]) - $1.1) }
                result[index].first += share * p
                result[index].second += (1 - share) * p
            }
        }
        return result
    }
}

extension PredictionTask {
    /// Whether a word is one token wherever it is to be predicted.
    fileprivate func isOneToken(_ word: String) -> Bool {
        tokenizer.id(of: word) != nil || tokenizer.encode(" " + word).count == 1
    }
}
