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
    /// What the model reads, as text.
    public let text: String
    /// 1, −1, or 0 for what is neutral.
    public let label: Double
    /// The neuron.
    public let h: Double

    /// Puts a row together.
    public init(kind: Kind, row: FeatureRow?, text: String, label: Double, h: Double) {
        (self.kind, self.row, self.text) = (kind, row, text)
        (self.label, self.h) = (label, h)
    }

    /// Whose gradient was read: a class, or the kind of neutral text.
    ///
    /// - Parameter source: The feature's source.
    public func group(reading source: Signal) -> String {
        guard kind == .training, let row else { return kind.rawValue }
        return source == .alternative ? row.alternativeClass : row.factualClass
    }
}

extension Feature {
    /// What the encoder says of rows, of the same texts without the feature, and of neutral texts.
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
        guard let classes else {
            throw GradiendError.badOption(
                "the feature's folder does not say which classes it tells apart; give --classes")
        }
        let chosen = EvaluationRows.balanced(rows, atMost: limit).map { rows[$0] }
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
        return zip(chosen, values).map { row, h in
            EncodedRow(
                kind: .training, row: row, text: row.text,
                label: classes.label(of: row, reading: source), h: h)
        }
            + zip(masked + plain, others).enumerated().map { index, item in
                EncodedRow(
                    kind: index < masked.count ? .neutralTrainingMasked : .neutralDataset,
                    row: item.0.2, text: item.0.1, label: 0, h: item.1)
            }
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

extension [EncodedRow] {
    /// The rows as CSV, with the Python package's columns.
    public func csv(reading source: Signal) -> String {
        func field(_ text: String) -> String {
            let needsQuotes = text.contains { ",\"\n\r".contains($0) }
            return needsQuotes ? "\"" + text.replacing("\"", with: "\"\"") + "\"" : text
        }
        let header = [
            "text", "encoded", "label", "source_id", "target_id", "type", "factual_token",
            "alternative_token", "template", "data_split", "transition_id", "eval_group",
        ]
        let lines = map { item in
            [
                item.text, "\(item.h)", "\(item.label)", item.row?.factualClass ?? "",
                item.row?.alternativeClass ?? "", item.kind.rawValue, item.row?.factual ?? "",
                item.row?.alternative ?? "", item.row?.masked ?? "",
                item.row?.split.rawValue ?? "", item.row?.transition ?? "",
                item.group(reading: source),
            ].map(field).joined(separator: ",")
        }
        return ([header.joined(separator: ",")] + lines).joined(separator: "\n") + "\n"
    }
}
