public import Results
import Tensors

extension [FeatureRow] {
    /// Reads rows from a table, by the columns that it has.
    ///
    /// Either the unified table of the Python package: `masked`, `factual_class`,
    /// `alternative_class`, `factual`, `alternative`. Or a merged one: `masked`, `label_class`,
    /// `label`, optionally with `alternative` and `alternative_class`; without them the counterpart
    /// is drawn from the words of the other classes, as often as they occur. A column `split` says
    /// what a row is for; without one all rows are to train. What ``csv()`` writes beyond them is
    /// read as well.
    ///
    /// - Parameters:
    ///   - table: The rows.
    ///   - gap: What stands in the texts for the word; `[MASK]` in the package's tables.
    ///   - seed: Starts the choice of counterparts.
    /// - Throws: ``CSVError`` with the line of what is wrong.
    public init(_ table: TextTable, gap: String = FeatureRow.gap, seed: UInt64 = 0) throws {
        if table.columns.contains("label_class") {
            try self.init(merged: table, gap: gap, seed: seed)
            return
        }
        let names = ["masked", "factual_class", "alternative_class", "factual", "alternative"]
        try table.require(names)
        self = try table.rows.map { row in
            let fields = try names.map { try table.required($0, of: row) }
            var result = FeatureRow(
                masked: try table.masked(of: row, gap: gap), split: try table.split(of: row),
                classes: (fields[1], fields[2]), words: (fields[3], fields[4]))
            result.template = row.fields["template"].flatMap { $0.isEmpty ? nil : $0 }
            result.followsSentences = row.fields["follows_sentences"] == "true"
            return result
        }
    }

    /// Reads one table for each class, which has the class's word in a column of the class's name;
    /// columns of other classes hold the counterpart in the same text.
    ///
    /// This is the layout of the race and religion data on the hub.
    ///
    /// - Throws: ``CSVError`` with the line of what is wrong.
    public init(
        byClass tables: [(name: String, table: TextTable)], gap: String = FeatureRow.gap
    ) throws {
        self = try tables.flatMap { name, table in
            try table.require(["masked", name])
            let others = tables.map(\.name).filter { $0 != name && table.columns.contains($0) }
            guard !others.isEmpty else {
                throw CSVError(
                    source: table.source, line: 1,
                    reason: "there is no column of another class, of "
                        + tables.map(\.name).joined(separator: ", "))
            }
            return try table.rows.flatMap { row in
                let word = try table.required(name, of: row)
                let masked = try table.masked(of: row, gap: gap)
                let split = try table.split(of: row)
                return others.compactMap { other in
                    row.fields[other].flatMap { $0.isEmpty ? nil : $0 }.map {
                        FeatureRow(
                            masked: masked, split: split, classes: (name, other),
                            words: (word, $0))
                    }
                }
            }
        }
    }

    private init(merged table: TextTable, gap: String, seed: UInt64) throws {
        try table.require(["masked", "label_class", "label"])
        // Every occurrence counts, so that a draw has the words' frequencies.
        var words: [String: [String]] = [:]
        for row in table.rows {
            words[try table.required("label_class", of: row), default: []].append(
                try table.required("label", of: row).lowercasedFirst)
        }
        guard words.count > 1 else {
            throw CSVError(
                source: table.source, line: 1,
                reason: "all rows have one label_class; a feature needs two")
        }
        let names = words.keys.sorted()
        var generator = SeededGenerator(seed: seed, stream: "counterparts")
        self = try table.rows.flatMap { row in
            let (name, word) = (row.fields["label_class"] ?? "", row.fields["label"] ?? "")
            let masked = try table.masked(of: row, gap: gap)
            let split = try table.split(of: row)
            func made(_ other: String, _ counterpart: String) -> FeatureRow {
                FeatureRow(
                    masked: masked, split: split, classes: (name, other),
                    words: (word, counterpart))
            }
            if let other = row.fields["alternative_class"], let given = row.fields["alternative"],
                !other.isEmpty, !given.isEmpty
            {
                return [made(other, given)]
            }
            return names.filter { $0 != name }.compactMap { other in
                words[other]?.randomElement(using: &generator).map { counterpart in
                    let isUpper = word.first?.isUppercase == true
                    return made(other, isUpper ? counterpart.uppercasedFirst : counterpart)
                }
            }
        }
    }
}

extension TextTable {
    /// The text of a row with the gap as this module writes it.
    fileprivate func masked(
        of row: (line: Int, fields: [String: String]), gap: String
    ) throws(CSVError) -> String {
        let text = try required("masked", of: row)
        guard text.contains(gap) else {
            throw CSVError(
                source: source, line: row.line,
                reason: "the text has no \(gap) where the word was: \(quoted(text))")
        }
        return text.replacing(gap, with: FeatureRow.gap)
    }

    /// What a row is for; to train without a column `split`.
    func split(of row: (line: Int, fields: [String: String])) throws(CSVError) -> Split {
        guard columns.contains("split") else { return .train }
        let name = try required("split", of: row)
        guard let split = Split(named: name) else {
            throw CSVError(
                source: source, line: row.line,
                reason: "split is \(quoted(name)); known are train, validation and test")
        }
        return split
    }
}

extension String {
    /// The text with its first letter in upper case.
    var uppercasedFirst: String { prefix(1).uppercased() + dropFirst() }
    /// The text with its first letter in lower case.
    var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
