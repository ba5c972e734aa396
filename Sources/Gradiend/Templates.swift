public import Results
import Tensors

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

    /// Reads names: columns `name` and `gender` (F or M), or `prob_F`; optionally `split`.
    ///
    /// An ambiguous name that stands there once for each gender is taken once.
    public static func read(_ table: TextTable) throws -> [GivenName] {
        try table.require(["name"])
        let hasShare = table.columns.contains("prob_F")
        if !hasShare { try table.require(["name", "gender"]) }
        var seen: Set<String> = []
        return try table.rows.compactMap { row in
            let name = try table.required("name", of: row)
            guard seen.insert(name).inserted else { return nil }
            let text = try table.required(hasShare ? "prob_F" : "gender", of: row)
            let share =
                hasShare
                ? Double(text) : ["F": 1, "FEMALE": 1, "M": 0, "MALE": 0][text.uppercased()]
            guard let share, (0...1).contains(share) else {
                throw CSVError(
                    source: table.source, line: row.line,
                    reason: hasShare
                        ? "prob_F is \(quoted(text)); give a share from 0 to 1"
                        : "gender is \(quoted(text)); give F or M")
            }
            return GivenName(name, pFemale: share, split: try table.split(of: row))
        }
    }
}

extension [FeatureRow] {
    /// Rows from templates: each filled with a name of either gender in turn.
    ///
    /// Templates meet names of their own split alone, so that rows to test have unseen texts and
    /// unseen names. The classes are the pronouns `she` and `he`.
    ///
    /// - Parameters:
    ///   - namesPerTemplate: How many names of each gender fill a template.
    ///   - seed: Starts the choice of names.
    /// - Throws: ``GradiendError/badOption(_:)`` for a split with templates but without names.
    public init(
        filling templates: [NameTemplate], with names: [GivenName], namesPerTemplate: Int = 1,
        seed: UInt64 = 0
    ) throws {
        var rows: [FeatureRow] = []
        for split in Split.allCases {
            let chosen = templates.filter { $0.split == split }
            if chosen.isEmpty { continue }
            for isFemale in [true, false] {
                // Names of both genders say nothing about the pronoun.
                let fitting = names.filter {
                    $0.split == split && (isFemale ? $0.pFemale >= 0.9 : $0.pFemale <= 0.1)
                }
                guard !fitting.isEmpty else {
                    throw GradiendError.badOption(
                        "there are templates of the split \(split.rawValue), but no "
                            + "\(isFemale ? "women's" : "men's") names of it")
                }
                var generator = SeededGenerator(
                    seed: seed, stream: "names \(split.rawValue) \(isFemale)")
                for template in chosen {
                    for _ in 0..<namesPerTemplate {
                        guard let name = fitting.randomElement(using: &generator) else { continue }
                        rows.append(template.row(name.name, isFemale: isFemale))
                    }
                }
            }
        }
        self = rows
    }
}

extension NameTemplate {
    /// The template with a name, and gaps for the pronoun.
    func row(_ name: String, isFemale: Bool) -> FeatureRow {
        let (right, other) = isFemale ? ("she", "he") : ("he", "she")
        var text = masked.replacing(Self.name, with: name)
        // A gap at the start of a sentence takes a pronoun in upper case.
        let head = text.firstRange(of: Self.pronoun).map { text[..<$0.lowerBound] } ?? ""
        let before = head.last { !$0.isWhitespace }
        let startsSentence = before.map { ".!?".contains($0) } ?? true
        text = text.replacing(Self.pronoun, with: FeatureRow.gap)
        var row = FeatureRow(
            masked: text, split: split, classes: (right, other),
            words: startsSentence
                ? (right.uppercasedFirst, other.uppercasedFirst) : (right, other))
        row.template = masked
        return row
    }
}
