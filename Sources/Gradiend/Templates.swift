public import Results
import Tensors
public import Tokenization

/// A text about someone, with gaps for the name and for each pronoun: a row of GENTER.
public struct NameTemplate: Sendable, Hashable {
    /// Where the name stands.
    public static let name = "[NAME]"
    /// Where a pronoun of the named stands.
    public static let pronoun = "[PRONOUN]"

    /// The text, with both.
    public let masked: String
    /// What it is used for.
    public let split: Split

    /// Takes a text with both gaps.
    public init(masked: String, split: Split) {
        self.masked = masked
        self.split = split
    }

    /// Reads templates: a column `masked` with both gaps, optionally `split`.
    ///
    /// The labels of published tables are not read: some have F and M exchanged. What counts is
    /// the gender of the name that is filled in.
    public static func read(_ table: TextTable) throws -> [NameTemplate] {
        try table.require(["masked"])
        return try table.rows.map { row in
            let text = try table.required("masked", of: row)
            for gap in [name, pronoun] where !text.contains(gap) {
                throw CSVError(
                    source: table.source, line: row.line,
                    reason: "the text has no \(gap): \(quoted(text))")
            }
            return NameTemplate(masked: text, split: try table.split(of: row))
        }
    }
}

/// A name and whose it is: a row of NAMEXACT or NAMEXTEND.
public struct GivenName: Sendable, Hashable {
    /// The name.
    public let name: String
    /// The share of women among those who have it.
    public let pFemale: Double
    /// What it is used for.
    public let split: Split

    /// Takes a name.
    public init(_ name: String, pFemale: Double, split: Split) {
        self.name = name
        self.pFemale = pFemale
        self.split = split
    }

    /// Reads names: columns `name` and `prob_F`, or `name` and `gender` (F or M); optionally
    /// `count` or `probability`, and `split`.
    ///
    /// An ambiguous name, which stands there once for each gender as in NAMEXTEND, is taken once.
    /// Without `prob_F` its share of women is that of their `count`, else of their `probability`,
    /// else of their rows.
    public static func read(_ table: TextTable) throws -> [GivenName] {
        try table.require(["name"])
        let hasShare = table.columns.contains("prob_F")
        if !hasShare { try table.require(["name", "gender"]) }
        let weight = ["count", "probability"].first(where: table.columns.contains)
        var order: [(name: String, split: Split)] = []
        var counts: [String: (female: Double, all: Double)] = [:]
        for row in table.rows {
            let name = try table.required("name", of: row)
            let column = hasShare ? "prob_F" : "gender"
            let text = try table.required(column, of: row)
            let share =
                hasShare
                ? Double(text) : ["F": 1, "FEMALE": 1, "M": 0, "MALE": 0][text.uppercased()]
            guard let share, (0...1).contains(share) else {
                throw table.wrong(
                    column, text, hasShare ? "give a share from 0 to 1" : "give F or M", in: row)
            }
            var times = 1.0
            if !hasShare, let weight {
                let text = try table.required(weight, of: row)
                guard let number = Double(text), number > 0, number.isFinite else {
                    throw table.wrong(weight, text, "give a number above 0", in: row)
                }
                times = number
            }
            if counts[name] == nil { order.append((name, try table.split(of: row))) }
            let known = counts[name] ?? (0, 0)
            counts[name] = (known.female + share * times, known.all + times)
        }
        return order.map { name, split in
            let count = counts[name] ?? (0, 1)
            return GivenName(name, pFemale: count.female / count.all, split: split)
        }
    }
}

extension TextTable {
    fileprivate func wrong(
        _ column: String, _ text: String, _ advice: String,
        in row: (line: Int, fields: [String: String])
    ) -> CSVError {
        CSVError(
            source: source, line: row.line, reason: "\(column) is \(quoted(text)); \(advice)")
    }
}

extension GivenName {
    /// Whether it is a name of one gender; names of both say nothing about the pronoun.
    func isOf(_ isFemale: Bool) -> Bool { isFemale ? pFemale >= 0.9 : pFemale <= 0.1 }
}

extension [FeatureRow] {
    /// Rows from templates: each filled with a name of either gender in turn.
    ///
    /// Templates meet names of their own split alone, so that rows to test have unseen texts and
    /// unseen names. The two names of a template have equally many tokens, so that its texts differ
    /// in nothing but the name; only if no two names of both genders have, any two are taken. The
    /// classes are the pronouns `she` and `he`, with a capital where a sentence begins.
    ///
    /// - Parameters:
    ///   - namesPerTemplate: How many names of each gender fill a template.
    ///   - tokenizer: By which names are equally long; without one all are.
    ///   - seed: Starts the choice of names.
    /// - Throws: ``GradiendError/badOption(_:)`` for a split with templates but without names.
    public init(
        filling templates: [NameTemplate], with names: [GivenName], namesPerTemplate: Int = 1,
        countingBy tokenizer: Tokenizer? = nil, seed: UInt64 = 0
    ) throws {
        self = []
        for split in Split.allCases {
            let chosen = templates.filter { $0.split == split }
            if chosen.isEmpty { continue }
            let pairs = try pairs(
                of: names, split, chosen.count * namesPerTemplate, tokenizer, seed: seed)
            for isFemale in [true, false] {
                self += pairs.enumerated().map { place, pair in
                    chosen[place / namesPerTemplate].row(
                        isFemale ? pair.female : pair.male, isFemale: isFemale)
                }
            }
        }
    }
}

/// Pairs of a woman's and a man's name that have equally many tokens, inside a text and at its
/// start.
private func pairs(
    of names: [GivenName], _ split: Split, _ count: Int, _ tokenizer: Tokenizer?, seed: UInt64
) throws -> [(female: String, male: String)] {
    func length(_ name: String) -> [Int] {
        tokenizer.map { [$0.encode(" " + name).count, $0.encode(name).count] } ?? []
    }
    func fitting(_ isFemale: Bool) throws -> [(name: String, length: [Int])] {
        let fitting = names.filter { $0.split == split && $0.isOf(isFemale) }
        guard !fitting.isEmpty else {
            throw GradiendError.badOption(
                "there are templates of the split \(split.rawValue), but no "
                    + "\(isFemale ? "women's" : "men's") names of it")
        }
        return fitting.map { ($0.name, length($0.name)) }
    }
    var (women, men) = (try fitting(true), try fitting(false))
    let common = Set(women.map(\.length)).intersection(men.map(\.length))
    if common.isEmpty {
        (women, men) = (women.map { ($0.name, []) }, men.map { ($0.name, []) })
    } else {
        women.removeAll { !common.contains($0.length) }
    }
    let menByLength = Dictionary(grouping: men, by: \.length)
    var first = SeededGenerator(seed: seed, stream: "names \(split.rawValue) true")
    var second = SeededGenerator(seed: seed, stream: "names \(split.rawValue) false")
    return (0..<count).compactMap { _ in
        guard let woman = women.randomElement(using: &first),
            let man = menByLength[woman.length]?.randomElement(using: &second)
        else { return nil }
        return (woman.name, man.name)
    }
}

extension NameTemplate {
    /// The template with a name, and gaps for the pronoun.
    func row(_ name: String, isFemale: Bool) -> FeatureRow {
        let (right, other) = isFemale ? ("she", "he") : ("he", "she")
        let text = masked.replacing(Self.name, with: name)
        let startsSentence =
            text.firstRange(of: Self.pronoun).map { text[..<$0.lowerBound].endsSentence } ?? false
        var row = FeatureRow(
            masked: text.replacing(Self.pronoun, with: FeatureRow.gap), split: split,
            classes: (right, other),
            words: startsSentence
                ? (right.uppercasedFirst, other.uppercasedFirst) : (right, other))
        row.followsSentences = true
        row.template = masked
        return row
    }
}
