/// The words of a text as GPT-2 splits it before byte-pair encoding; tokens never cross words.
///
/// ```
/// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
/// ```
/// The pattern of https://github.com/openai/gpt-2/blob/master/src/encoder.py, followed by hand:
/// every character is of one of four kinds, so a word is a contraction or a run of one kind.
struct WordSplitter: Sequence, IteratorProtocol {
    private let bytes: [UInt8]
    private let end: Int
    private var position: Int
    /// The kinds of the ASCII characters.
    private let kinds = CharacterKind.ascii

    /// Splits the UTF-8 text in a range of bytes.
    init(_ bytes: [UInt8], in range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// The next word.
    mutating func next() -> Range<Int>? {
        guard position < end else { return nil }
        let start = position
        position = endOfWord(from: start)
        return start..<position
    }

    private func endOfWord(from start: Int) -> Int {
        if let end = endOfContraction(from: start) { return end }
        var (kind, length) = character(at: start)
        if bytes[start] == UInt8(ascii: " "), start + 1 < end {
            // A single space belongs to the word after it.
            (kind, length) = character(at: start + 1)
            length += kind == .space ? 0 : 1
        }
        return kind == .space ? endOfSpaces(from: start) : endOfRun(of: kind, from: start + length)
    }

    /// The end of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d`; lower case only.
    private func endOfContraction(from start: Int) -> Int? {
        guard bytes[start] == UInt8(ascii: "'"), start + 1 < end else { return nil }
        switch bytes[start + 1] {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return letter(at: start + 2, is: UInt8(ascii: "e")) ? start + 3 : nil
        case UInt8(ascii: "l"):
            return letter(at: start + 2, is: UInt8(ascii: "l")) ? start + 3 : nil
        default:
            return nil
        }
    }

    private func letter(at index: Int, is letter: UInt8) -> Bool {
        index < end && bytes[index] == letter
    }

    /// The end of a word of white space: the last character before a word is left to what follows.
    private func endOfSpaces(from start: Int) -> Int {
        var (last, index) = (start, start)
        while index < end {
            let (kind, length) = character(at: index)
            if kind != .space { return last > start ? last : index }
            last = index
            index += length
        }
        return end
    }

    private func endOfRun(of kind: CharacterKind, from start: Int) -> Int {
        var index = start
        while index < end {
            let (other, length) = character(at: index)
            if other != kind { break }
            index += length
        }
        return index
    }

    /// The kind of a character and its length in bytes.
    @inline(__always)
    private func character(at index: Int) -> (kind: CharacterKind, length: Int) {
        if bytes[index] < 0x80 { return (kinds[Int(bytes[index])], 1) }
        let (scalar, length) = bytes.scalar(at: index)
        return (CharacterKind(scalar), length)
    }
}

/// What GPT-2's pattern tells apart.
///
/// By the Unicode tables of Swift's runtime: a character too new for the tables of the `tokenizers`
/// library, which takes it for a sign, may be a letter here.
enum CharacterKind: UInt8, Sendable {
    case letter, number, space, other

    /// The kinds of the ASCII characters.
    static let ascii = (0..<128 as Range<UInt8>).map { CharacterKind(Unicode.Scalar($0)) }

    /// The kind of a character: `\p{L}`, `\p{N}`, `\s` or none of these.
    init(_ scalar: Unicode.Scalar) {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            self = .letter
        case .decimalNumber, .letterNumber, .otherNumber:
            self = .number
        default:
            self = scalar.properties.isWhitespace ? .space : .other
        }
    }
}
