@_spi(_Unicode) import Swift

/// What BERT does to a text before it is split.
///
/// `BertNormalizer` of https://github.com/huggingface/tokenizers. Uncased models write letters
/// small and take their accents away.
struct BERTNormalizer: Sendable {
    /// Whether control characters go and white space becomes spaces.
    var cleansText = true
    /// Whether Chinese characters are words of their own.
    var isolatesChinese = true
    /// Whether accents go.
    var stripsAccents: Bool
    /// Whether letters become small.
    var lowercases: Bool

    /// The changed text.
    func callAsFunction(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if cleansText, scalar.isRubbish { continue }
            if cleansText, scalar.properties.isWhitespace {
                scalars.append(" ")
            } else if isolatesChinese, scalar.isChinese {
                scalars.append(contentsOf: [" ", scalar, " "])
            } else {
                scalars.append(scalar)
            }
        }
        if stripsAccents {
            var bare = String.UnicodeScalarView()
            for scalar in String(scalars)._nfd
            where scalar.properties.generalCategory != .nonspacingMark {
                bare.append(scalar)
            }
            scalars = bare
        }
        guard lowercases else { return String(scalars) }
        var small = ""
        for scalar in scalars { small += scalar.properties.lowercaseMapping }
        return small
    }
}

extension Unicode.Scalar {
    /// Control, format and private characters, and U+FFFD; not tab and newlines.
    fileprivate var isRubbish: Bool {
        if self == "\t" || self == "\n" || self == "\r" { return false }
        switch properties.generalCategory {
        case .control, .format, .privateUse, .surrogate: return true
        default: return value == 0xfffd
        }
    }

    /// The blocks of ideographs that BERT names.
    fileprivate var isChinese: Bool {
        switch value {
        case 0x4e00...0x9fff, 0x3400...0x4dbf, 0x20000...0x2a6df, 0x2a700...0x2b73f,
            0x2b740...0x2b81f, 0x2b920...0x2ceaf, 0xf900...0xfaff, 0x2f800...0x2fa1f:
            true
        default: false
        }
    }
}
