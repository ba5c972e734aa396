import Tensors

/// How rows are divided into those to train, to validate and to test.
public enum Splitting: Sendable, Hashable {
    /// As the rows say.
    case given
    /// At random, 80, 10 and 10 percent of the rows of each transition.
    case random
    /// By word: one that stands in rows to test stands in no row to train; 60, 20 and 20 percent
    /// of each class's words.
    case heldOutWords
}

extension [FeatureRow] {
    /// The rows divided anew.
    ///
    /// - Parameter seed: Starts the choice; another gives another division.
    /// - Throws: ``GradiendError/badOption(_:)`` for a class with too few words to hold any out.
    public func divided(by splitting: Splitting, seed: UInt64) throws -> [FeatureRow] {
        switch splitting {
        case .given: return self
        case .random: return dividedAtRandom(seed: seed)
        case .heldOutWords: return try dividedByWord(seed: seed)
        }
    }

    private func dividedAtRandom(seed: UInt64) -> [FeatureRow] {
        var rows = self
        let groups = Dictionary(grouping: indices) { self[$0].transition }
        for (transition, places) in groups {
            var generator = SeededGenerator(seed: seed, stream: "split \(transition)")
            let order = places.shuffled(using: &generator)
            for (place, index) in order.enumerated() {
                rows[index].split = .at(
                    Double(place) / Double(order.count), validation: 0.8, test: 0.9)
            }
        }
        return rows
    }

    private func dividedByWord(seed: UInt64) throws -> [FeatureRow] {
        // By class and word.
        var splits: [[String]: Split] = [:]
        let words = Dictionary(grouping: self, by: \.factualClass).mapValues { rows in
            Set(rows.map { $0.factual.lowercased() }).sorted()
        }
        for (name, words) in words.sorted(by: { $0.key < $1.key }) {
            guard words.count >= 3 else {
                throw GradiendError.badOption(
                    "the class \(quoted(name)) has \(words.count) words; to hold words out it "
                        + "needs at least 3")
            }
            var generator = SeededGenerator(seed: seed, stream: "held-out words \(name)")
            let order = words.shuffled(using: &generator)
            let held = Swift.max(1, order.count / 5)
            for (place, word) in order.enumerated() {
                splits[[name, word]] =
                    place < held ? .test : place < 2 * held ? .validation : .train
            }
        }
        return compactMap { row in
            var row = row
            row.split = splits[[row.factualClass, row.factual.lowercased()]] ?? .train
            // A row whose other word is held out for another split would tell of it.
            let other = splits[[row.alternativeClass, row.alternative.lowercased()]] ?? row.split
            return other == row.split ? row : nil
        }
    }
}

extension Split {
    /// The split at a place from 0 to 1.
    static func at(_ place: Double, validation: Double, test: Double) -> Split {
        place < validation ? .train : place < test ? .validation : .test
    }
}
