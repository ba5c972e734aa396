import Tensors
import Tokenization

extension PredictionTask {
    /// Words to predict at masks, one for each gap.
    ///
    /// A word of k tokens takes k masks in its gap. A text that is too long is cut around its
    /// masks.
    func maskedPrediction(
        of words: [String], in masked: String, _ number: Int
    ) throws -> Prediction {
        guard let mask = tokenizer.mask else {
            throw GradiendError.tokenizer(
                "the tokenizer has no mask token ([MASK] or <mask>), so no word can be predicted "
                    + "in a gap")
        }
        let name = tokenizer.entry(of: mask)
        var (text, targets): (String, [Int]) = ("", [])
        var rest = masked[...]
        for word in words {
            guard let gap = rest.firstRange(of: FeatureRow.gap) else { break }
            text += rest[..<gap.lowerBound]
            let pieces = try targetTokens(of: word, after: text[...], number)
            text += [String](repeating: name, count: pieces.count).joined(separator: " ")
            targets += pieces
            rest = rest[gap.upperBound...]
        }
        let tokens = tokenizer.encode(text + rest)
        let places = tokens.indices.filter { tokens[$0] == mask }
        guard places.count == targets.count else {
            throw GradiendError.nothingToPredict(
                row: number,
                reason: "the text has \(places.count) masks for \(targets.count) tokens to predict")
        }
        let kept = try window(of: tokens, around: places, number)
        return Prediction(
            tokens: beginning + tokens[kept] + ending,
            labels: zip(places, targets).map { place, token in
                Prediction.Label(position: place - kept.lowerBound + beginning.count, token: token)
            })
    }

    /// The part of a text that fits, with its masks in the middle.
    private func window(
        of tokens: [Int], around places: [Int], _ number: Int
    ) throws -> Range<Int> {
        let room = maxLength - beginning.count - ending.count
        guard tokens.count > room, let first = places.first, let last = places.last else {
            return tokens.indices
        }
        guard last - first < room else {
            throw GradiendError.nothingToPredict(
                row: number,
                reason: "its masks are \(last - first + 1) tokens apart, which do not fit the "
                    + "\(room) that a text may have; allow longer texts")
        }
        let start = min(max(0, (first + last + 1 - room) / 2), tokens.count - room)
        return start..<start + room
    }
}
