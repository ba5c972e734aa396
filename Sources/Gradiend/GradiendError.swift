internal import Tensors

/// Why a feature cannot be learnt or used.
public enum GradiendError: Error, Hashable, CustomStringConvertible {
    /// A model whose weights are not those of its checkpoint.
    case processedWeights(model: String, _ steps: String)
    /// A pattern that no tensor of the model's core has.
    case noParameter(_ pattern: String, model: String, known: [String])
    /// A map of another model's weights.
    case mapDoesNotFit(model: String, _ reason: String)
    /// A word that the tokenizer cannot predict as it should.
    case targetNotInVocabulary(word: String, row: Int, reason: String)
    /// A text in which nothing is to be predicted once it is cut to length.
    case nothingToPredict(row: Int, reason: String)
    /// Too few rows of a direction for one batch.
    case tooFewRows(transition: String, count: Int, batch: Int)
    /// Rows of one class alone.
    case oneClass(String, split: String)
    /// No rows of a split.
    case emptySplit(String, present: [String])
    /// Options that contradict each other or are out of range.
    case badOption(String)
    /// All gradients of a class are the same vector.
    case identicalGradients(transition: String, count: Int)
    /// A number of the encoder-decoder stopped being finite.
    case notFinite(step: Int)
    /// Too few runs converged.
    case notConverged(Int, of: Int, needed: Int)
    /// A tokenizer is missing, or another one than the feature was learnt with.
    case tokenizer(_ reason: String)

    /// A sentence that says what to do next.
    public var description: String {
        switch self {
        case .processedWeights(let model, let steps):
            "\(model)'s weights were processed (\(steps)), so they are not the checkpoint's; load "
                + "it with --process none"
        case .noParameter(let pattern, let model, let known):
            "\(model) has no weight \(quoted(pattern)); its names are like "
                + "\(known.prefix(3).joined(separator: ", ")), and * stands for anything"
        case .mapDoesNotFit(let model, let reason):
            "the parameter map does not fit \(model): \(reason); give the base model that the "
                + "feature was learnt from"
        case .targetNotInVocabulary(let word, let row, let reason):
            "row \(row + 1): the word \(quoted(word)) cannot be a target: \(reason)"
        case .nothingToPredict(let row, let reason): "row \(row + 1): \(reason)"
        case .tooFewRows(let transition, let count, let batch):
            "\(transition) has \(count) rows to train on, fewer than a batch of \(batch); give "
                + "more rows or a batch size of \(count) or less"
        case .oneClass(let name, let split):
            "the rows to \(split) are all of class \(quoted(name)); a feature needs rows of two "
                + "classes"
        case .emptySplit(let name, let present):
            "there are no rows of the split \(quoted(name)); the data has "
                + (present.isEmpty ? "no rows" : present.map(quoted).joined(separator: ", "))
        case .badOption(let reason): reason
        case .identicalGradients(let transition, let count):
            "all \(count) gradients of \(transition) are the same vector; look whether the word "
                + "to predict stands behind the end of the text or on padding"
        case .notFinite(let step):
            "the encoder-decoder has numbers that are not finite after step \(step); lower the "
                + "learning rate"
        case .notConverged(let count, let runs, let needed):
            "\(count) of \(runs) runs converged, \(needed) should have; try another learning rate, "
                + "more steps or seeds, or fewer weights"
        case .tokenizer(let reason): reason
        }
    }
}

extension GradiendError {
    /// Rows none of which is between two classes.
    static func noRows(between pair: ClassPair, in rows: [FeatureRow]) -> GradiendError {
        let names = rows.classes.map(shown).joined(separator: ", ")
        return .badOption(
            "no row is between the classes \(shown(pair.positive)) and "
                + "\(shown(pair.negative)); the rows' classes are \(names): give rows of the "
                + "feature's classes")
    }
}
