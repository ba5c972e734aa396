import Tensors

/// A text with a gap, the word that stands there, and the word of another class.
///
/// One row of the Python package's unified table.
public struct FeatureRow: Sendable, Hashable {
    /// Where the word was taken out of ``masked``; several gaps hold the same word.
    public static let gap = "[MASK]"

    /// The text, with ``gap`` at least once.
    public var masked: String
    /// What the row is used for.
    public var split: Split
    /// The class of the word that stands there.
    public var factualClass: String
    /// The class of the other word; the same for rows without contrast.
    public var alternativeClass: String
    /// The word that stands there, as the first gap has it.
    public var factual: String
    /// The other word.
    public var alternative: String
    /// The template that the text was made from, which it may share with other rows.
    public var template: String?
    /// Whether gaps after the first have the word with a capital where a sentence begins and in
    /// lower case elsewhere, as a pronoun has; if not, all have it as it is given.
    public var followsSentences = false

    /// Puts a row together.
    public init(
        masked: String, split: Split, classes: (factual: String, alternative: String),
        words: (factual: String, alternative: String)
    ) {
        self.masked = masked
        self.split = split
        (factualClass, alternativeClass) = classes
        (factual, alternative) = words
    }

    /// From which class to which, such as `she→he`.
    public var transition: String { "\(factualClass)→\(alternativeClass)" }

    /// The text with the word that stands there.
    public var text: String { filled(with: factual).text }

    /// A word as each of the gaps has it.
    func words(_ word: String) -> [String] { filled(with: word).words }

    private func filled(with word: String) -> (text: String, words: [String]) {
        var (text, words): (String, [String]) = ("", [])
        var rest = masked[...]
        while let gap = rest.firstRange(of: Self.gap) {
            text += rest[..<gap.lowerBound]
            let isGiven = words.isEmpty || !followsSentences
            words.append(
                isGiven ? word : text.endsSentence ? word.uppercasedFirst : word.lowercasedFirst)
            text += words[words.count - 1]
            rest = rest[gap.upperBound...]
        }
        return (text + rest, words)
    }

    /// Whether the row has no contrast: one class and one word.
    public var isIdentity: Bool { factualClass == alternativeClass && factual == alternative }
}

extension StringProtocol {
    /// Whether a sentence begins after the text: it is empty, opens a quotation, or ends with a
    /// full stop, a question or an exclamation mark, perhaps with marks or brackets that close.
    var endsSentence: Bool {
        if let last, "\"“«".contains(last) { return true }
        let last = last { !$0.isWhitespace && !"\"'”’»)]".contains($0) }
        return last.map { ".!?".contains($0) } ?? true
    }
}

/// What rows are used for.
public enum Split: String, Sendable, Hashable, CaseIterable, Codable {
    /// Learning.
    case train
    /// Choosing the best checkpoint.
    case validation
    /// Telling how good it is.
    case test

    /// Reads a name that data sets give it, in any case: `val`, `valid`, `dev`, `eval`, `testing`…
    public init?(named name: String) {
        switch name.lowercased() {
        case "train", "training": self = .train
        case "validation", "val", "valid", "dev", "eval", "evaluation": self = .validation
        case "test", "testing": self = .test
        default: return nil
        }
    }
}

/// The two classes that a feature tells apart.
public struct ClassPair: Sendable, Hashable {
    /// The class of words whose gradients get h near 1.
    public let positive: String
    /// The class of words whose gradients get h near −1.
    public let negative: String

    /// Names the classes.
    public init(positive: String, negative: String) {
        self.positive = positive
        self.negative = negative
    }

    /// 1 for the positive class, −1 for the negative, 0 for any other.
    public func label(of name: String) -> Double {
        name == positive ? 1 : name == negative ? -1 : 0
    }

    /// The label of a row: that of the class whose gradient is read.
    ///
    /// Rows without contrast have 0, and so have rows to or from a third class.
    public func label(of row: FeatureRow, reading signal: Signal) -> Double {
        guard row.factualClass != row.alternativeClass, isContrast(row) else { return 0 }
        return label(of: signal == .alternative ? row.alternativeClass : row.factualClass)
    }

    /// Whether a row goes from one of the two classes to the other.
    public func isContrast(_ row: FeatureRow) -> Bool {
        label(of: row.factualClass) * label(of: row.alternativeClass) == -1
    }
}

extension [FeatureRow] {
    /// The rows of a split.
    ///
    /// - Throws: ``GradiendError/emptySplit(_:present:)``.
    public func of(_ split: Split) throws -> [FeatureRow] {
        let rows = filter { $0.split == split }
        guard !rows.isEmpty else {
            throw GradiendError.emptySplit(
                split.rawValue, present: Set(map(\.split.rawValue)).sorted())
        }
        return rows
    }

    /// The rows that say something of a feature that tells two classes apart: those between them,
    /// and those without contrast of other classes.
    ///
    /// - Throws: ``GradiendError/badOption(_:)`` if there are none.
    func concerning(_ pair: ClassPair) throws -> [FeatureRow] {
        let rows = filter { row in
            pair.isContrast(row) || row.isIdentity && pair.label(of: row.factualClass) == 0
        }
        guard !rows.isEmpty else { throw GradiendError.noRows(between: pair, in: self) }
        return rows
    }

    /// The classes of the rows, those that come first first.
    public var classes: [String] {
        var seen: [String] = []
        for row in self {
            for name in [row.factualClass, row.alternativeClass] where !seen.contains(name) {
                seen.append(name)
            }
        }
        return seen
    }

    /// The words of each class.
    public var wordsByClass: [String: Set<String>] {
        reduce(into: [:]) { words, row in
            words[row.factualClass, default: []].insert(row.factual)
            words[row.alternativeClass, default: []].insert(row.alternative)
        }
    }

    /// The same rows with some classes taken together.
    ///
    /// Rows between two classes that become one are left out, as the Python package does: their
    /// words differ within a class, which is neither a contrast nor the lack of one.
    ///
    /// - Parameter names: The new class of each class that gets one.
    public func merging(_ names: [String: String]) -> [FeatureRow] {
        compactMap { row in
            var merged = row
            merged.factualClass = names[row.factualClass] ?? row.factualClass
            merged.alternativeClass = names[row.alternativeClass] ?? row.alternativeClass
            let isContrast = merged.factualClass != merged.alternativeClass
            return isContrast || row.factualClass == row.alternativeClass ? merged : nil
        }
    }

    /// The rows, and for each text of a class outside the pair one without contrast: its gradient
    /// should leave the neuron at 0.
    public func addingIdentities(outside pair: ClassPair) -> [FeatureRow] {
        var seen = Set(self)
        return self
            + filter { pair.label(of: $0.factualClass) == 0 }.compactMap { row in
                var identity = row
                identity.alternativeClass = row.factualClass
                identity.alternative = row.factual
                // A text has a row for each class that it is contrasted with.
                return seen.insert(identity).inserted ? identity : nil
            }
    }
}
