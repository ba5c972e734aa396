public import Models
import Tensors
public import Tokenization

/// How rows become what a model predicts.
public struct PredictionTask: Sendable {
    /// Where the word is predicted.
    public enum Place: String, Sendable, Hashable, CaseIterable {
        /// By a causal model, after the text before the first gap: the logits of the last token
        /// before it, and the first token of the word with its space.
        case next
        /// As the Python package and the paper's code do for causal models: the word takes the
        /// place of the last token before the gap, which in byte-level vocabularies is the space,
        /// and is looked up without a space.
        case last
        /// By a masked model, in the gaps: one mask for each token of the word.
        case mask
    }

    /// Where the word is predicted.
    public let place: Place
    /// Splits texts.
    public let tokenizer: Tokenizer
    /// What a text begins with, before its own tokens.
    public let beginning: [Int]
    /// What a text ends with, in masked models.
    public let ending: [Int]
    /// The most tokens of a text; what is too far from the gap is cut off.
    public let maxLength: Int

    /// The task of a model.
    ///
    /// - Parameters:
    ///   - place: `nil` for masks where the model sees both sides, else the next token.
    ///   - prependBOS: Whether a text begins with the beginning-of-text token, if there is one.
    ///   - maxLength: The most tokens of a text; the model's context if it is shorter.
    /// - Throws: ``GradiendError/tokenizer(_:)`` for a model without one.
    public init(
        for model: Transformer, place: Place? = nil, prependBOS: Bool = true, maxLength: Int? = nil
    ) throws {
        guard let tokenizer = model.tokenizer else {
            throw GradiendError.tokenizer(
                "\(model.name) has no tokenizer files, so it cannot read texts")
        }
        guard tokenizer.vocabularySize <= model.config.dVocab else {
            throw GradiendError.tokenizer(
                "\(model.name)'s tokenizer has \(tokenizer.vocabularySize) tokens, its embedding "
                    + "\(model.config.dVocab): they are not of one model")
        }
        self.tokenizer = tokenizer
        let isMasked = model.config.attention == .bidirectional
        self.place = place ?? (isMasked ? .mask : .next)
        guard isMasked == (self.place == .mask) else {
            throw GradiendError.badOption(
                "\(model.name) is a \(isMasked ? "masked" : "causal") model, which predicts no "
                    + "word at \(self.place.rawValue)")
        }
        func special(_ names: [String]) -> [Int] {
            names.lazy.compactMap { tokenizer.id(of: $0) }.prefix(1).map(\.self)
        }
        beginning =
            isMasked
            ? special(["[CLS]", "<s>"])
            : prependBOS && self.place == .next
                ? tokenizer.beginningOfText.map { [$0] } ?? [] : []
        ending = isMasked ? special(["[SEP]", "</s>"]) : []
        self.maxLength = min(maxLength ?? .max, model.config.nCtx)
        guard self.maxLength > max(beginning.count + ending.count, self.place == .last ? 1 : 0)
        else {
            throw GradiendError.badOption(
                "the longest text is \(self.maxLength) tokens; give more")
        }
    }

    /// A row's two words as predictions.
    ///
    /// - Parameter number: The row's place, for messages.
    /// - Throws: ``GradiendError`` for words that cannot be targets and for texts that leave
    ///   nothing to predict.
    public func contrast(_ row: FeatureRow, number: Int) throws -> Contrast {
        let factual = try prediction(of: row.factual, in: row, number: number)
        guard row.factual != row.alternative else {
            return Contrast(factual: factual, alternative: factual)
        }
        let alternative = try prediction(of: row.alternative, in: row, number: number)
        guard factual != alternative else {
            throw GradiendError.targetNotInVocabulary(
                word: row.alternative, row: number,
                reason: "it begins with the same token as \(quoted(row.factual))")
        }
        return Contrast(factual: factual, alternative: alternative)
    }

    /// The contrasts of rows, in order.
    public func contrasts(_ rows: [FeatureRow]) throws -> [Contrast] {
        try rows.enumerated().map { try contrast($1, number: $0) }
    }

    /// A word to predict in the gaps of a row's text, in the case that each gap asks for.
    public func prediction(
        of word: String, in row: FeatureRow, number: Int
    ) throws -> Prediction {
        try prediction(of: row.words(word), in: row.masked, number: number)
    }

    /// A word to predict in the gaps of a text, in all as it is given.
    public func prediction(
        of word: String, in masked: String, number: Int
    ) throws -> Prediction {
        let gaps = masked.ranges(of: FeatureRow.gap).count
        return try prediction(
            of: [String](repeating: word, count: gaps), in: masked, number: number)
    }

    /// The words of the gaps of a text; a causal model predicts the first.
    private func prediction(
        of words: [String], in masked: String, number: Int
    ) throws -> Prediction {
        guard let word = words.first, let gap = masked.firstRange(of: FeatureRow.gap) else {
            throw GradiendError.nothingToPredict(
                row: number, reason: "the text has no \(FeatureRow.gap): \(quoted(masked))")
        }
        let before = masked[..<gap.lowerBound]
        switch place {
        case .next:
            let end = before.lastIndex { !$0.isWhitespace }.map(before.index(after:))
            let tokens = try context(
                tokenizer.encode(String(before[..<(end ?? before.startIndex)])), number)
            let target = try targetTokens(of: word, after: before, number)[0]
            return Prediction(of: target, after: tokens)
        case .last:
            let tokens = tokenizer.encode(String(before))
            guard tokens.count > 1 else {
                throw GradiendError.nothingToPredict(
                    row: number,
                    reason: "the text before the gap has \(tokens.count) tokens; at the last one "
                        + "there is nothing to predict from")
            }
            let target = try targetTokens(of: word, after: before, number)[0]
            return Prediction(of: target, after: tokens.dropLast().suffix(maxLength - 1))
        case .mask:
            return try maskedPrediction(of: words, in: masked, number)
        }
    }

    /// The tokens before a gap, with the text's beginning and cut to length.
    private func context(_ tokens: [Int], _ number: Int) throws -> [Int] {
        let kept = beginning + tokens.suffix(maxLength - beginning.count)
        guard !kept.isEmpty else {
            throw GradiendError.nothingToPredict(
                row: number,
                reason: "there is no text before the gap, so a causal model has nothing to "
                    + "predict from")
        }
        return kept
    }
}

extension PredictionTask {
    /// The tokens of a word where it stands in a text.
    ///
    /// In byte-level vocabularies a word after a space begins with it: `Ġshe`. At ``Place/last``
    /// the space is a token of its own, so that the word is looked up without one.
    ///
    /// - Parameter before: The text before it.
    func tokens(of word: String, after before: Substring) -> [Int] {
        if place == .last { return tokenizer.id(of: word).map { [$0] } ?? tokenizer.encode(word) }
        let hasSpace = before.last?.isWhitespace == true && !before.allSatisfy(\.isWhitespace)
        return tokenizer.encode((hasSpace && takesSpace ? " " : "") + word)
    }

    /// The tokens of a word where it stands, all of them known.
    func targetTokens(of word: String, after before: Substring, _ number: Int) throws -> [Int] {
        let pieces = tokens(of: word, after: before)
        let unknown = ["[UNK]", "<unk>"].compactMap { tokenizer.id(of: $0) }
        guard !pieces.isEmpty, !pieces.contains(where: unknown.contains) else {
            throw GradiendError.targetNotInVocabulary(
                word: word, row: number, reason: "the vocabulary has no tokens for it")
        }
        return pieces
    }

    /// Whether the space before a gap belongs to the word: always where the text is cut there, and
    /// in masked models if the mask token takes it, as RoBERTa's does.
    private var takesSpace: Bool {
        guard place == .mask, let mask = tokenizer.mask else { return true }
        return tokenizer.encode(" " + tokenizer.entry(of: mask)).count == 1
    }
}
