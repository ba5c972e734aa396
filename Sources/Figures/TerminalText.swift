/// Text in a terminal: widths in character cells, and colours by escape codes.
package enum TerminalText {
    /// Ends a colour.
    static let reset = "\u{1b}[0m"

    /// Starts a 24-bit background colour.
    static func background(_ colour: Colour) -> String {
        let (red, green, blue) = colour.bytes
        return "\u{1b}[48;2;\(red);\(green);\(blue)m"
    }

    /// How many columns a text takes; East Asian characters and emoji take two.
    package static func width(of text: String) -> Int {
        text.reduce(0) { $0 + (isWide($1) ? 2 : 1) }
    }

    private static func isWide(_ character: Character) -> Bool {
        guard let scalar = character.unicodeScalars.first else { return false }
        // The blocks that Unicode's EastAsianWidth.txt calls W or F, in runs.
        return switch scalar.value {
        case 0x1100...0x115f, 0x2e80...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff,
            0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1faff,
            0x20000...0x3fffd:
            true
        default: false
        }
    }

    /// A text of at most `width` columns, with an ellipsis where some is left out.
    static func cut(_ text: String, to width: Int) -> String {
        var text = text
        if self.width(of: text) <= width { return text }
        while self.width(of: text) >= width && !text.isEmpty { text.removeLast() }
        return text + "…"
    }

    /// A text with spaces before it, `width` columns wide.
    package static func padded(_ text: String, to width: Int) -> String {
        String(repeating: " ", count: max(0, width - self.width(of: text))) + text
    }
}
