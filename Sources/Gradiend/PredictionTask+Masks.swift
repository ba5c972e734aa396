import Tensors
import Tokenization

extension PredictionTask {
    /// A word to predict at masks.
    ///
    /// A word of k tokens takes k masks in each gap; all gaps hold the whole word. A text that is
    /// too long is cut around its masks.
    func maskedPrediction(
        of word: String, in masked: String, _ number: Int
    ) throws -> Prediction {
        guard let mask = tokenizer.mask else {
            throw GradiendError.tokenizer(
                "the tokenizer has no mask token ([MASK] or <mask>), so no word can be predicted "
                    + "in a gap")
        }
        let targets = try targetTokens(of: word, number)
        let name = tokenizer.entry(of: mask)
        let masks = [String](repeating: name, count: targets.count).joined(separator: " ")
        let all = tokenizer.encode(masked.replacing(FeatureRow.gap, with: masks))
        var places = all.indices.filter { all[$0] == mask }
        guard !places.isEmpty, places.count % targets.count == 0 else {
            throw GradiendError.nothingToPredict(
                row: number,
                reason: "the text has \(places.count) masks for a word of "
                    + "\(targets.count) tokens")
        }
        var tokens = all
        let room = maxLength - beginning.count - ending.count
        if tokens.count > room {
            let (first, last) = (places[0], places[places.count - 1])
            guard last - first < room else {
                throw GradiendError.nothingToPredict(
                    row: number,
                    reason: "its masks are \(last - first + 1) tokens apart, which do not fit the "
                        + "\(room) that a text may have; allow longer texts")
            }
            let start = min(max(0, (first + last + 1 - room) / 2), tokens.count - room)
            tokens = Array(tokens[start..<start + room])
            places = places.map { $0 - start }
        }
        let labels = places.enumerated().map { place, position in
            Prediction.Label(
                position: position + beginning.count, token: targets[place % targets.count])
        }
        return Prediction(tokens: beginning + tokens + ending, labels: labels)
    }

    /// The tokens of a word inside a text.
    private func targetTokens(of word: String, _ number: Int) throws -> [Int] {
        if let whole = tokenizer.id(of: word) { return [whole] }
        let pieces = tokenizer.encode(" " + word)
        let unknown = ["[UNK]", "<unk>"].compactMap { tokenizer.id(of: $0) }
        guard !pieces.isEmpty, !pieces.contains(where: unknown.contains) else {
            throw GradiendError.targetNotInVocabulary(
                word: word, row: number, reason: "the vocabulary has no tokens for it")
        }
        return pieces
    }
}
