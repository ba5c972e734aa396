/// A part of a text: an added token, or a range of bytes that the algorithm splits further.
enum TextPart: Equatable {
    case token(Int)
    case text(Range<Int>)
}

/// Finds the added tokens in a text: the leftmost first, of those the longest.
///
/// The order and the treatment of white space and words are those of `added_vocabulary.rs` in
/// https://github.com/huggingface/tokenizers.
struct AddedTokenFinder: Sendable {
    /// Tokens looked for in the text as given, and in what is left between them.
    private let (first, second): (Round?, Round?)

    /// Takes the tokens to look for.
    ///
    /// - Parameter normalize: What is done to the text before the second half of them is looked
    ///   for, and to these.
    init(_ tokens: [AddedToken], normalizing normalize: (String) -> String = { $0 }) {
        func round(_ tokens: [AddedToken]) -> Round? { tokens.isEmpty ? nil : Round(tokens) }
        first = round(tokens.filter { !$0.isNormalized })
        second = round(
            tokens.filter(\.isNormalized).map { token in
                var token = token
                token.content = normalize(token.content)
                return token
            })
    }

    /// Splits a UTF-8 text that is not changed into added tokens and what lies between.
    func split(_ bytes: [UInt8]) -> [TextPart] {
        splitAsGiven(bytes).flatMap { part in
            if case .text(let range) = part { split(normalized: bytes, in: range) } else { [part] }
        }
    }

    /// Splits a text at the tokens that are looked for in it as given.
    func splitAsGiven(_ bytes: [UInt8]) -> [TextPart] {
        guard !bytes.isEmpty else { return [] }
        return first?.split(bytes, in: bytes.indices) ?? [.text(bytes.indices)]
    }

    /// Splits a normalised text at the tokens that are looked for in it then.
    func split(normalized bytes: [UInt8], in range: Range<Int>) -> [TextPart] {
        guard !range.isEmpty else { return [] }
        return second?.split(bytes, in: range) ?? [.text(range)]
    }
}

/// Tokens that are looked for together.
private struct Round: Sendable {
    private let tokens: [AddedToken]
    private let contents: [[UInt8]]
    /// The tokens that start with each byte, longest first.
    private let candidates: [[Int]]

    init(_ tokens: [AddedToken]) {
        self.tokens = tokens
        let contents = tokens.map { Array($0.content.utf8) }
        var candidates = [[Int]](repeating: [], count: 256)
        for (index, content) in contents.enumerated() {
            if let first = content.first { candidates[Int(first)].append(index) }
        }
        self.contents = contents
        self.candidates = candidates.map { list in
            list.sorted { contents[$0].count > contents[$1].count }
        }
    }

    func split(_ bytes: [UInt8], in range: Range<Int>) -> [TextPart] {
        var parts: [TextPart] = []
        var (position, done, spacesEnd) = (range.lowerBound, range.lowerBound, range.lowerBound)
        while let (index, match) = firstMatch(bytes, in: position..<range.upperBound) {
            position = match.upperBound
            let token = tokens[index]
            if token.isSingleWord, touchesWord(match, of: bytes, in: range) { continue }
            var (start, stop) = (match.lowerBound, match.upperBound)
            if token.stripsLeft { start = startOfSpaces(before: start, bytes, downTo: done) }
            if token.stripsRight {
                // Spaces already walked over are not walked over again for the next token.
                spacesEnd = endOfSpaces(
                    after: max(stop, spacesEnd), bytes, upTo: range.upperBound)
                stop = spacesEnd
            }
            if done < start { parts.append(.text(done..<start)) }
            parts.append(.token(token.id))
            done = stop
        }
        if done < range.upperBound { parts.append(.text(done..<range.upperBound)) }
        return parts
    }

    private func firstMatch(
        _ bytes: [UInt8], in range: Range<Int>
    ) -> (index: Int, match: Range<Int>)? {
        for start in range where !candidates[Int(bytes[start])].isEmpty {
            let rest = bytes[start..<range.upperBound]
            if let index = candidates[Int(bytes[start])].first(where: {
                rest.starts(with: contents[$0])
            }) {
                return (index, start..<start + contents[index].count)
            }
        }
        return nil
    }

    private func touchesWord(_ match: Range<Int>, of bytes: [UInt8], in range: Range<Int>) -> Bool {
        let (start, end) = (match.lowerBound, match.upperBound)
        return start > range.lowerBound && bytes.scalar(before: start).scalar.isInWords
            || end < range.upperBound && bytes.scalar(at: end).scalar.isInWords
    }

    private func startOfSpaces(before end: Int, _ bytes: [UInt8], downTo limit: Int) -> Int {
        var start = end
        while start > limit {
            let (scalar, length) = bytes.scalar(before: start)
            if !scalar.properties.isWhitespace { break }
            start -= length
        }
        return start
    }

    private func endOfSpaces(after start: Int, _ bytes: [UInt8], upTo limit: Int) -> Int {
        var end = start
        while end < limit {
            let (scalar, length) = bytes.scalar(at: end)
            if !scalar.properties.isWhitespace { break }
            end += length
        }
        return end
    }
}

extension Unicode.Scalar {
    /// Whether it is matched by `\w`: Unicode Technical Standard 18, annex C.
    fileprivate var isInWords: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation:
            true
        default:
            properties.isAlphabetic || properties.isJoinControl
        }
    }
}
