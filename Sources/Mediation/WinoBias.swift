public import Tensors

/// The WinoBias sentences of Zhao et al. 2018 (https://arxiv.org/abs/1804.06876) as items.
///
/// Two consecutive lines are a pair with one context; the pronoun refers to the one occupation in
/// one line, to the other in the other.
public struct WinoBias: Sendable {
    /// The items.
    public private(set) var items: [HeadItem] = []
    /// Pairs left out, with the reason.
    public private(set) var skipped: [(line: Int, reason: String)] = []

    /// Reads a file such as `pro_stereotyped_type1.txt.dev`.
    ///
    /// - Parameters:
    ///   - file: Lines of a number and a sentence with an occupation and a pronoun in brackets.
    ///   - female: The occupations that are stereotypically female, a line each.
    ///   - male: The others.
    /// - Throws: ``MediationError/badFile(path:reason:)`` with the line.
    public init(_ file: Blob, female: Blob, male: Blob) throws {
        let lines = try file.lines().filter { !$0.text.isEmpty }
        let occupations = (female: Set(try female.words()), male: Set(try male.words()))
        guard lines.count.isMultiple(of: 2), !lines.isEmpty else {
            throw MediationError.badFile(
                path: file.name,
                reason: "\(lines.count) lines are no pairs; each sentence needs the one after it")
        }
        for first in stride(from: 0, to: lines.count, by: 2) {
            let pair = [lines[first], lines[first + 1]]
            do {
                let sentences = try pair.map { try Sentence($0.text) }
                items.append(try Self.item(sentences, occupations))
            } catch let error as Skip {
                skipped.append((pair[0].number, error.reason))
            }
        }
        guard !items.isEmpty else {
            throw MediationError.badFile(
                path: file.name,
                reason: "no pair can be used"
                    + (skipped.first.map { "; line \($0.line): \($0.reason)" } ?? ""))
        }
    }

    /// Why a pair is left out.
    private struct Skip: Error {
        let reason: String
    }

    /// A sentence taken apart.
    private struct Sentence {
        let occupation: String
        let context: String
        let pronoun: String
        let continuation: String

        init(_ line: String) throws(Skip) {
            let text = line.drop { $0 != " " }.dropFirst()
            guard text.count(where: { $0 == "[" }) == 2, text.count(where: { $0 == "]" }) == 2
            else { throw Skip(reason: "it has not two places in brackets") }
            let pieces = text.split(separator: "[", omittingEmptySubsequences: false).flatMap {
                $0.split(separator: "]", omittingEmptySubsequences: false)
            }.map(String.init)
            // before [a] between [b] after
            guard pieces.count == 5 else {
                throw Skip(reason: "its brackets are in disorder")
            }
            let isPronoun = WinoBias.classes[pieces[3]] != nil
            guard isPronoun, pieces[1].lowercased().hasPrefix("the ") else {
                throw Skip(
                    reason: pieces[3] == "him" || pieces[1] == "him"
                        ? "him is no pronoun of a pair" : "it names no occupation and pronoun")
            }
            occupation = String(pieces[1].dropFirst(4)).lowercased()
            context = (pieces[0] + pieces[1] + pieces[2]).trimmed
            (pronoun, continuation) = (pieces[3], pieces[4].trimmed)
        }
    }

    /// What becomes of the pronouns.
    private static let classes = ["she": "she", "he": "she", "her": "her", "his": "her"]

    private static func item(
        _ pair: [Sentence], _ occupations: (female: Set<String>, male: Set<String>)
    ) throws(Skip) -> HeadItem {
        guard pair[0].context == pair[1].context else { throw Skip(reason: "contexts differ") }
        guard let kind = classes[pair[0].pronoun], kind == classes[pair[1].pronoun] else {
            throw Skip(reason: "the pronouns are of different kinds")
        }
        let female = pair.first { occupations.female.contains($0.occupation) }
        let male = pair.first { occupations.male.contains($0.occupation) }
        guard let female, let male else {
            throw Skip(reason: "not one occupation of each list")
        }
        return HeadItem(
            context: Template(before: pair[0].context + " ", after: ""),
            fillers: kind == "she" ? ("she", "he") : ("her", "his"),
            candidates: (female.continuation, male.continuation))
    }
}

extension Blob {
    /// The lines of a text, without the space around them, with their numbers from 1.
    ///
    /// - Throws: ``MediationError/badFile(path:reason:)`` for what is not UTF-8.
    func lines() throws -> [(number: Int, text: String)] {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw MediationError.badFile(path: name, reason: "it is not UTF-8")
        }
        return text.split(omittingEmptySubsequences: false) { $0.isNewline }.enumerated().map {
            ($0 + 1, String($1).trimmed)
        }
    }

    /// The words of a list, lower-cased.
    func words() throws -> [String] {
        let words = try lines().map { $0.text.lowercased() }.filter { !$0.isEmpty }
        guard !words.isEmpty else {
            throw MediationError.badFile(path: name, reason: "it has no words; give a line each")
        }
        return words
    }
}

extension String {
    /// Without space at the ends.
    var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
