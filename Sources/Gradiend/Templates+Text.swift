import Tensors

/// Makes templates from plain sentences, by the rules that GENTER was made by.
///
/// Drechsel and Herbold 2025, https://arxiv.org/abs/2502.01406, appendix on data. A sentence is
/// kept if it has exactly one known name, once; if the pronoun of the name's gender stands in it,
/// after the name only; and if it has neither the other pronoun, nor another form of either, nor
/// any of the words to leave out, nor quotation marks.
public struct TemplateMaker: Sendable {
    private let names: [String: GivenName]
    private let excluded: Set<String>
    private let minimum: Int

    /// Sets the rules.
    ///
    /// - Parameters:
    ///   - names: The names to look for; ambiguous ones rule a sentence out.
    ///   - excluded: Further words that rule a sentence out, such as gendered nouns; lower case.
    ///   - minimum: The fewest characters of a sentence; 50 in GENTER.
    public init(names: [GivenName], excluding excluded: Set<String> = [], minimum: Int = 50) {
        self.names = Dictionary(
            names.map { ($0.name.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
        self.excluded = excluded.union(["him", "his", "himself", "her", "hers", "herself"])
        self.minimum = minimum
    }

    /// A sentence as a template; `nil` if the rules leave it out.
    public func template(of sentence: String, split: Split) -> NameTemplate? {
        guard sentence.count >= minimum, !sentence.contains("\""), !sentence.contains("``") else {
            return nil
        }
        let words = sentence.wordRanges
        var (name, pronouns): (Range<String.Index>?, [Range<String.Index>]) = (nil, [])
        var isFemale: Bool?
        for range in words {
            let word = sentence[range].lowercased()
            if excluded.contains(word) { return nil }
            if let known = names[word] {
                guard name == nil, known.isOf(true) || known.isOf(false) else { return nil }
                (name, isFemale) = (range, known.isOf(true))
            } else if word == "she" || word == "he" {
                guard let isFemale, isFemale == (word == "she") else { return nil }
                pronouns.append(range)
            }
        }
        guard let name, !pronouns.isEmpty else { return nil }
        var text = sentence
        // From the back, so that the places before stay right.
        for range in pronouns.reversed() {
            text.replaceSubrange(range, with: NameTemplate.pronoun)
        }
        text.replaceSubrange(name, with: NameTemplate.name)
        return NameTemplate(masked: text, split: split)
    }

    /// Templates from many sentences, each text once; 2.5 % to validate and 10 % to test.
    ///
    /// - Parameter seed: Starts the choice of splits.
    public func templates(of sentences: [String], seed: UInt64) -> [NameTemplate] {
        var seen: Set<String> = []
        var generator = SeededGenerator(seed: seed, stream: "template splits")
        return sentences.compactMap { sentence in
            guard let made = template(of: sentence, split: .train),
                seen.insert(made.masked).inserted
            else { return nil }
            return NameTemplate(
                masked: made.masked,
                split: .at(generator.uniform(), validation: 0.875, test: 0.9))
        }
    }

    /// Whether a sentence tells nothing of gender: no name, no pronoun and no excluded word.
    public func isNeutral(_ sentence: String) -> Bool {
        sentence.count >= minimum
            && !sentence.wordRanges.contains { range in
                let word = sentence[range].lowercased()
                return names[word] != nil || excluded.contains(word) || word == "she"
                    || word == "he"
            }
    }
}

extension String {
    /// The sentences of a running text: cut behind `.`, `!` or `?`, with the quotation marks or
    /// brackets that close there, before a space and anything but a small letter.
    public var sentences: [String] {
        var sentences: [String] = []
        var start = startIndex
        for place in indices where place >= start && self[place].isWhitespace {
            let before = self[start..<place].last { !"\"'”’)".contains($0) }
            guard before.map({ ".!?".contains($0) }) ?? false,
                let next = self[place...].firstIndex(where: { !$0.isWhitespace }),
                !self[next].isLowercase
            else { continue }
            sentences.append(String(self[start..<place]))
            start = next
        }
        return start < endIndex ? sentences + [String(self[start...])] : sentences
    }

    /// The runs of letters.
    fileprivate var wordRanges: [Range<String.Index>] {
        var ranges: [Range<String.Index>] = []
        var start: String.Index?
        for index in indices {
            if self[index].isLetter {
                start = start ?? index
            } else if let first = start {
                ranges.append(first..<index)
                start = nil
            }
        }
        if let start { ranges.append(start..<endIndex) }
        return ranges
    }
}
