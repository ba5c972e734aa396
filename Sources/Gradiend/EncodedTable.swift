import Results
import Tokenization

extension [EncodedRow] {
    /// The columns of the Python package's table of encoded values.
    private static let columns = [
        "text", "encoded", "label", "source_id", "target_id", "feature_class_id", "eval_group",
        "type", "source_token", "factual_token", "alternative_token", "template", "data_split",
        "factual_id", "counterfactual_id", "transition_id", "input_type", "input_text", "masked",
        "neutral_variant",
    ]

    /// The rows as CSV, with the Python package's columns.
    ///
    /// `source_id` is the class whose gradient is read. Directions are numbered, that from the
    /// positive to the negative class being 0 and that back 1.
    ///
    /// - Parameters:
    ///   - source: The feature's source.
    ///   - classes: Its classes.
    public func csv(reading source: Signal, classes: ClassPair?) -> String {
        var numbers =
            classes.map {
                [[$0.positive, $0.negative]: 0, [$0.negative, $0.positive]: 1]
            } ?? [:]
        let rows = map { item in
            let direction = [item.row?.factualClass ?? "", item.row?.alternativeClass ?? ""]
            let number = numbers[direction] ?? numbers.count
            if item.kind == .training { numbers[direction] = number }
            return item.fields(reading: source, direction: number)
        }
        return csvText(header: Self.columns, rows: rows)
    }
}

extension EncodedRow {
    /// The fields of ``csv(reading:classes:)``; empty where the package has none.
    fileprivate func fields(reading source: Signal, direction: Int) -> [String] {
        guard kind == .training, let row else {
            return [
                text, "\(h)", "\(label)", "neutral", "neutral", "", "", kind.rawValue,
                neutralWord ?? "", neutralWord ?? "", "", template, row?.split.rawValue ?? "test",
                "", "", "", Signal.factual.rawValue, input, template, kind.rawValue,
            ]
        }
        let group = group(reading: source)
        return [
            text, "\(h)", "\(label)", group, row.alternativeClass, "\(direction)",
            source == .factual ? group : "\(direction)", kind.rawValue,
            source == .diff ? "" : word(reading: source), row.factual, row.alternative, template,
            row.split.rawValue, row.factualClass, row.alternativeClass, "\(direction)",
            source.rawValue, input, template, "",
        ]
    }
}

extension PredictionTask {
    /// What the model reads of a row, as text.
    func input(of row: FeatureRow) -> String {
        guard place == .mask else {
            return row.masked.firstRange(of: FeatureRow.gap).map {
                String(row.masked[..<$0.lowerBound])
            } ?? row.masked
        }
        let mask = tokenizer.mask.map { tokenizer.decode([$0]) } ?? FeatureRow.gap
        return row.masked.replacing(FeatureRow.gap, with: mask)
    }

    /// What the model reads of a neutral text: with a gap, as text, and the word it predicts there.
    func input(of prediction: Prediction) -> (template: String, text: String, word: String) {
        let tokens = prediction.tokens.dropFirst(beginning.count)
        let word = tokenizer.decode(prediction.labels.map(\.token))
        guard place == .mask else {
            let text = tokenizer.decode(Array(tokens))
            return (text + FeatureRow.gap, text, word)
        }
        let text = tokenizer.decode(Array(tokens.dropLast(ending.count)))
        let mask = tokenizer.mask.map { tokenizer.decode([$0]) } ?? FeatureRow.gap
        return (text.replacing(mask, with: FeatureRow.gap), text, word)
    }
}
