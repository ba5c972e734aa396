public import Models
import Statistics
import Tensors

/// What each feature says of each feature's rows: the Python package's trainer-pair encoding.
public struct CrossEncoding: Sendable {
    /// What is told of a pair's rows.
    public enum Value: String, Sendable, Hashable, CaseIterable {
        /// The mean h of rows whose gradient is of the pair's positive class.
        case positive
        /// The mean h of those of its negative class.
        case negative
        /// The first less the second: near 2 where a feature tells the pair apart, and near 0 where
        /// the pair is nothing to it.
        case difference
    }

    /// Mean h of positive and of negative rows, [feature, pair].
    public let means: [[(positive: Double, negative: Double)]]

    /// Encodes the rows of all features' pairs with every feature.
    ///
    /// A row belongs to a pair if it goes from one of its classes to the other; which of them it
    /// counts for is the class whose gradient the feature reads.
    ///
    /// - Parameters:
    ///   - features: Features of one base model, each with its classes.
    ///   - rows: Rows with contrasts of all their pairs.
    ///   - task: How rows become predictions.
    ///   - model: The base model.
    ///   - limit: The most rows of each direction of a pair; `nil` for all.
    ///   - progress: Is told how many of the features are done.
    /// - Throws: ``GradiendError/badOption(_:)`` for a feature without classes, and for a pair
    ///   without rows in both directions.
    public init(
        of features: [Feature], on rows: [FeatureRow], with task: PredictionTask,
        in model: Transformer, atMost limit: Int? = nil, progress: (Int, Int) -> Void = { _, _ in }
    ) throws {
        let pairs = try features.map { feature in
            guard let pair = feature.classes else {
                throw GradiendError.badOption(
                    "a feature's folder does not say which classes it tells apart")
            }
            for signal in [Signal.factual, .alternative] {
                let found = Set(rows.map { pair.label(of: $0, reading: signal) })
                guard found.isSuperset(of: [1, -1]) else {
                    throw GradiendError.badOption(
                        "there are no rows between \(quoted(pair.positive)) and "
                            + "\(quoted(pair.negative)) in both directions, which one of the "
                            + "features tells apart; give data of all features' classes")
                }
            }
            return pair
        }
        var counts: [String: Int] = [:]
        let used = rows.filter { row in
            guard pairs.contains(where: { $0.isContrast(row) }) else { return false }
            counts[row.transition, default: 0] += 1
            return counts[row.transition, default: 0] <= limit ?? .max
        }
        let contrasts = try task.contrasts(used)
        means = try features.enumerated().map { index, feature in
            let h = try feature.encode(contrasts, in: model)
            progress(index + 1, features.count)
            return pairs.map { pair in
                func mean(_ label: Double) -> Double {
                    Statistics.mean(
                        zip(used, h).filter {
                            pair.label(of: $0.0, reading: feature.source) == label
                        }.map(\.1))
                }
                return (mean(1), mean(-1))
            }
        }
    }

    /// The matrix [feature, pair].
    ///
    /// - Parameter dividing: Whether each row is divided by its value on the diagonal; a row whose
    ///   own value is 0 then has no numbers.
    public func matrix(_ value: Value, dividingByDiagonal dividing: Bool = false) -> [[Double]] {
        means.enumerated().map { index, row in
            let values = row.map { mean in
                switch value {
                case .positive: mean.positive
                case .negative: mean.negative
                case .difference: mean.positive - mean.negative
                }
            }
            guard dividing else { return values }
            return values.map { values[index] == 0 ? .nan : $0 / values[index] }
        }
    }
}
