public import Models
import Tensors

/// What the encoder says of one text.
public struct EncodedRow: Sendable, Hashable {
    /// Which kind of text.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// A row with its contrast.
        case training
        /// A row's text with its word written out and another token to predict: GENTER⁰.
        case neutralTrainingMasked = "neutral_training_masked"
        /// A text without the feature.
        case neutralDataset = "neutral_dataset"
    }

    /// What kind.
    public let kind: Kind
    /// The row; `nil` for texts without the feature.
    public let row: FeatureRow?
    /// The whole text.
    public let text: String
    /// The text with ``FeatureRow/gap`` for the word to predict.
    public let template: String
    /// What the model reads, as text.
    public let input: String
    /// The word to predict of a neutral text; rows have their own.
    public let neutralWord: String?
    /// 1, −1, or 0 for what is neutral.
    public let label: Double
    /// The neuron.
    public let h: Double

    /// A row with its contrast.
    ///
    /// - Parameter input: What the model reads; the row's text unless given.
    public init(_ row: FeatureRow, input: String? = nil, label: Double, h: Double) {
        (kind, self.row, text, template) = (.training, row, row.text, row.masked)
        (self.input, neutralWord) = (input ?? row.masked, nil)
        (self.label, self.h) = (label, h)
    }

    /// A neutral text.
    ///
    /// - Parameters:
    ///   - kind: Which.
    ///   - row: The row whose text it is, if it is one's.
    ///   - text: The text.
    ///   - input: What the model reads, and the word that it predicts there.
    ///   - h: The neuron.
    public init(
        neutral kind: Kind, of row: FeatureRow? = nil, text: String,
        input: (template: String, text: String, word: String), h: Double
    ) {
        (self.kind, self.row, self.text) = (kind, row, text)
        (template, self.input, neutralWord) = (input.template, input.text, input.word)
        (label, self.h) = (0, h)
    }

    /// Whose gradient was read: a class, or the kind of neutral text.
    ///
    /// - Parameter source: The feature's source.
    public func group(reading source: Signal) -> String {
        guard kind == .training, let row else { return kind.rawValue }
        return source == .alternative ? row.alternativeClass : row.factualClass
    }

    /// The word whose gradient was read; of a difference the one that stands there.
    func word(reading source: Signal) -> String {
        if let neutralWord { return neutralWord }
        return (source == .alternative ? row?.alternative : row?.factual) ?? ""
    }

    /// What rows are balanced by: with the factual gradient the class, otherwise the direction.
    func evaluationGroup(reading source: Signal) -> String {
        guard source != .factual, let row else { return group(reading: source) }
        return row.factualClass == row.alternativeClass
            ? "\(row.factualClass) (identity)" : "\(row.factualClass)->\(row.alternativeClass)"
    }
}

extension [FeatureRow] {
    /// Some of the rows that say something of a feature.
    fileprivate func judged(by classes: ClassPair, atMost limit: Int?) throws -> [FeatureRow] {
        let judged = try concerning(classes)
        return EvaluationRows.balanced(judged, atMost: limit).map { judged[$0] }
    }
}

extension Feature {
    /// What the encoder says of rows, of the same texts without the feature, and of neutral texts.
    ///
    /// Rows to or from a third class are left out.
    ///
    /// Neutral texts have one word and so no contrast: their gradient is that of the loss for it,
    /// whatever the source.
    ///
    /// - Parameters:
    ///   - rows: Rows, mostly of one split.
    ///   - neutral: Texts without the feature.
    ///   - task: How rows become predictions.
    ///   - model: The base model.
    ///   - limit: The most of each kind; `nil` for all.
    ///   - seed: Starts the choice of neutral tokens.
    ///   - progress: Is told how many are done.
    public func encodedRows(
        of rows: [FeatureRow], neutral: [String] = [], with task: PredictionTask,
        in model: Transformer, atMost limit: Int? = nil, seed: UInt64 = 42,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> [EncodedRow] {
        let classes = try knownClasses()
        let chosen = try rows.judged(by: classes, atMost: limit)
        let contrasts = try task.contrasts(chosen)
        let excluded = task.targetTokens(of: contrasts)
        var generator = SeededGenerator(seed: seed, stream: "neutral tokens")
        func neutralItems(_ texts: [(String, FeatureRow?)]) -> [(Prediction, String, FeatureRow?)] {
            texts.compactMap { text, row in
                task.neutralPrediction(in: text, excluding: excluded, using: &generator).map {
                    ($0, text, row)
                }
            }
        }
        let masked = neutralItems(chosen.map { ($0.text, $0) })
        let plain = neutralItems(neutral.prefix(limit ?? .max).map { ($0, nil) })
        let total = contrasts.count + masked.count + plain.count
        let values = try encode(contrasts, in: model)
        progress(contrasts.count, total)
        let others = try (masked + plain).inPieces(of: 64) { piece, done in
            defer { progress(contrasts.count + done, total) }
            return try encode(
                piece.map { Contrast(factual: $0.0, alternative: $0.0) }, in: model,
                reading: .factual)
        }
        return labelled(chosen, values, classes, with: task)
            + zip(masked + plain, others).enumerated().map { index, item in
                EncodedRow(
                    neutral: index < masked.count ? .neutralTrainingMasked : .neutralDataset,
                    of: item.0.2, text: item.0.1, input: task.input(of: item.0.0), h: item.1)
            }
    }

    /// What the encoder says of rows alone.
    ///
    /// - Parameters:
    ///   - rows: Rows.
    ///   - task: How rows become predictions.
    ///   - model: The base model.
    ///   - limit: The most; `nil` for all.
    public func encodedContrasts(
        of rows: [FeatureRow], with task: PredictionTask, in model: Transformer,
        atMost limit: Int? = nil
    ) throws -> [EncodedRow] {
        let classes = try knownClasses()
        if rows.isEmpty { return [] }
        let chosen = try rows.judged(by: classes, atMost: limit)
        return labelled(
            chosen, try encode(try task.contrasts(chosen), in: model), classes, with: task)
    }

    private func labelled(
        _ rows: [FeatureRow], _ values: [Double], _ classes: ClassPair, with task: PredictionTask
    ) -> [EncodedRow] {
        zip(rows, values).map { row, h in
            EncodedRow(
                row, input: task.input(of: row), label: classes.label(of: row, reading: source),
                h: h)
        }
    }

    private func knownClasses() throws -> ClassPair {
        guard let classes else {
            throw GradiendError.badOption(
                "the feature's folder does not say which classes it tells apart; give --classes")
        }
        return classes
    }
}

extension Array {
    /// Works on some elements at a time; `done` counts those of the pieces so far.
    func inPieces<Result>(
        of size: Int, _ body: (ArraySlice<Element>, _ done: Int) throws -> [Result]
    ) rethrows -> [Result] {
        try stride(from: 0, to: count, by: size).flatMap { start in
            let end = Swift.min(start + size, count)
            return try body(self[start..<end], end)
        }
    }
}
