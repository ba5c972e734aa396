import Models
public import Tensors
import Tokenization

extension PredictionTask {
    /// A token of a text to predict that tells nothing of a feature, with the tokens around it.
    ///
    /// A causal model predicts one of the second half, after at least five others; a masked model
    /// any one, which is masked.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - excluded: Tokens that are not chosen, such as those of the feature's words.
    ///   - generator: Chooses.
    /// - Returns: `nil` if the text has no such token.
    public func neutralPrediction(
        in text: String, excluding excluded: Set<Int>, using generator: inout SeededGenerator
    ) -> Prediction? {
        let room = maxLength - beginning.count - ending.count
        let tokens = Array(tokenizer.encode(text).prefix(room))
        let first = place == .mask ? 0 : max(5 - beginning.count, tokens.count / 2)
        let allowed = (min(first, tokens.count)..<tokens.count).filter {
            !excluded.contains(tokens[$0])
        }
        guard let chosen = allowed.randomElement(using: &generator) else { return nil }
        guard place == .mask else {
            let before = beginning + tokens[..<chosen]
            return before.isEmpty ? nil : Prediction(of: tokens[chosen], after: before)
        }
        guard let mask = tokenizer.mask else { return nil }
        var masked = tokens
        masked[chosen] = mask
        return Prediction(
            tokens: beginning + masked + ending,
            labels: [.init(position: beginning.count + chosen, token: tokens[chosen])])
    }

    /// The tokens of the words of some rows.
    func targetTokens(of contrasts: [Contrast]) -> Set<Int> {
        Set(contrasts.flatMap { $0.factual.labels + $0.alternative.labels }.map(\.token))
    }
}
