internal import Glibc
public import Tensors

/// The Winogender templates of Rudinger et al. 2018 (https://arxiv.org/abs/1804.09301) as items.
///
/// Two consecutive rows are a pair with one context; the pronoun refers to the participant in one,
/// to the occupation in the other.
public struct Winogender: Sendable {
    /// Which share of women in an occupation decides its stereotype.
    public enum Statistic: String, Sendable, CaseIterable {
        /// In the texts of Bergsma and Lin 2006.
        case bergsma
        /// By the Bureau of Labor Statistics.
        case bls
    }

    /// The items.
    public private(set) var items: [HeadItem] = []

    /// Reads templates and statistics.
    ///
    /// - Parameters:
    ///   - file: Tab-separated: occupation, participant, answer, sentence.
    ///   - statistics: Tab-separated, with a column for each statistic in percent.
    ///   - statistic: Which; the occupation's continuation is the female one above 50 %.
    /// - Throws: ``MediationError/badFile(path:reason:)`` with the line.
    public init(_ file: Blob, statistics: Blob, by statistic: Statistic) throws {
        let shares = try Self.shares(statistics, "\(statistic.rawValue)_pct_female")
        // The published regression takes this share, whichever decides.
        let scores = try Self.shares(statistics, "bergsma_pct_female")
        let rows = try file.lines().dropFirst().filter { !$0.text.isEmpty }.map { line in
            try Row(line.text, line.number, file.name)
        }
        guard rows.count.isMultiple(of: 2), !rows.isEmpty else {
            throw MediationError.badFile(
                path: file.name, reason: "\(rows.count) rows are no pairs")
        }
        for first in stride(from: 0, to: rows.count, by: 2) {
            let pair = [rows[first], rows[first + 1]]
            guard pair[0].context == pair[1].context, pair[0].kind == pair[1].kind,
                let occupation = pair.first(where: { !$0.isParticipant }),
                let participant = pair.first(where: { $0.isParticipant })
            else {
                throw MediationError.badFile(
                    path: file.name,
                    reason: "line \(pair[0].line): it and the next are no pair of one context")
            }
            guard let share = shares[occupation.occupation] else {
                throw MediationError.badFile(
                    path: statistics.name,
                    reason: "there is no occupation \(occupation.occupation)")
            }
            let isFemale = share > 50
            let (female, male) = isFemale ? (occupation, participant) : (participant, occupation)
            // Against the participant, of whom half are women.
            let score = scores[occupation.occupation].map { share in
                log(max(share, 50) / max(min(share, 50), 1e-3))
            }
            items.append(
                HeadItem(
                    context: Template(before: occupation.context + " ", after: ""),
                    fillers: occupation.kind == "$NOM_PRONOUN" ? ("she", "he") : ("her", "his"),
                    candidates: (female.continuation, male.continuation), score: score))
        }
    }

    /// A row taken apart.
    private struct Row {
        let line: Int
        let occupation: String
        let isParticipant: Bool
        let kind: String
        let context: String
        let continuation: String

        init(_ text: String, _ line: Int, _ file: String) throws {
            let fields = text.split(separator: "\t", omittingEmptySubsequences: false)
                .map(String.init)
            let bad = { (reason: String) in
                MediationError.badFile(path: file, reason: "line \(line): \(reason)")
            }
            guard fields.count == 4 else {
                throw bad(
                    "\(fields.count) fields instead of occupation, participant, answer, "
                        + "sentence")
            }
            guard fields[2] == "0" || fields[2] == "1" else {
                throw bad("the answer is \(quoted(fields[2])), not 0 or 1")
            }
            (self.line, occupation) = (line, fields[0])
            isParticipant = fields[2] == "1"
            let words = fields[3].split(separator: " ").map { word in
                String(word).replacing("$OCCUPATION", with: fields[0])
                    .replacing("$PARTICIPANT", with: fields[1])
            }
            let kinds = ["$NOM_PRONOUN", "$POSS_PRONOUN"]
            guard let place = words.firstIndex(where: kinds.contains), place > 0,
                words[(place + 1)...].allSatisfy({ !$0.contains("$") })
            else {
                throw bad(
                    "the sentence has not one $NOM_PRONOUN or $POSS_PRONOUN behind which it goes "
                        + "on; give the rows that have, as in "
                        + "winogender_templates_structurefilter.tsv")
            }
            kind = words[place]
            context = words[..<place].joined(separator: " ")
            continuation = words[(place + 1)...].joined(separator: " ")
        }
    }

    /// A column of the statistics by occupation.
    private static func shares(_ file: Blob, _ column: String) throws -> [String: Double] {
        let lines = try file.lines().filter { !$0.text.isEmpty }
        let rows = lines.map {
            $0.text.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
        guard let index = rows.first?.firstIndex(of: column) else {
            throw MediationError.badFile(path: file.name, reason: "there is no column \(column)")
        }
        var shares: [String: Double] = [:]
        for (row, line) in zip(rows, lines).dropFirst() {
            guard row.count > index, let share = Double(row[index]), (0...100).contains(share)
            else {
                throw MediationError.badFile(
                    path: file.name, reason: "line \(line.number): \(column) is no percentage")
            }
            shares[row[0]] = share
        }
        return shares
    }
}

extension String {
    /// The text with a part replaced, wherever it is.
    fileprivate func replacing(_ part: String, with other: String) -> String {
        guard !part.isEmpty else { return self }
        var (result, rest) = ("", self[...])
        while !rest.isEmpty {
            if rest.hasPrefix(part) {
                result += other
                rest = rest.dropFirst(part.count)
            } else if let first = rest.popFirst() {
                result.append(first)
            }
        }
        return result
    }
}
