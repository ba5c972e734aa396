/// Lines of text and the size at which they fit.
struct FittedText {
    let lines: [String]
    let size: Double

    /// Wraps, then shrinks, then shortens a text until it fits.
    ///
    /// - Parameters:
    ///   - text: The words; empty text has no lines.
    ///   - width: The room for a line, in points.
    ///   - size: The size wished for, in points.
    ///   - smallest: The size at which shortening is better than shrinking further.
    ///   - lines: At most so many lines.
    init(
        _ text: String, width: Double, size: Double, smallest: Double = 5.5, lines limit: Int,
        in typeface: Typeface
    ) {
        let words = typeface.drawable(text).split(whereSeparator: \.isWhitespace).map(String.init)
        var size = size
        while true {
            let wrapped = FittedText.wrapped(words, width: width, size: size, in: typeface)
            let fits =
                wrapped.count <= limit
                && wrapped.allSatisfy { typeface.width(of: $0, size: size) <= width }
            if fits || size <= smallest {
                var kept = Array(wrapped.prefix(limit))
                if wrapped.count > limit { kept[limit - 1] += " …" }
                lines = kept.map {
                    typeface.shortened($0, keeping: "", to: width, size: size)
                }
                self.size = size
                return
            }
            size = max(size - 0.5, smallest)
        }
    }

    /// Fills lines with words, greedily.
    private static func wrapped(
        _ words: [String], width: Double, size: Double, in typeface: Typeface
    ) -> [String] {
        words.reduce(into: [String]()) { lines, word in
            let longer = (lines.last.map { $0 + " " } ?? "") + word
            if !lines.isEmpty && typeface.width(of: longer, size: size) <= width {
                lines[lines.count - 1] = longer
            } else {
                lines.append(word)
            }
        }
    }
}

extension Typeface {
    /// A name with an ending, the name cut with an ellipsis where both do not fit the width.
    ///
    /// The ending, such as a position's number, is kept: it tells equal names apart.
    func shortened(
        _ name: String, keeping ending: String, to width: Double, size: Double
    ) -> String {
        if self.width(of: name + ending, size: size) <= width { return name + ending }
        let characters = Array(name)
        var (fitting, tooLong) = (0, characters.count)
        while tooLong - fitting > 1 {
            let middle = (fitting + tooLong) / 2
            let text = String(characters[..<middle]) + "…" + ending
            if self.width(of: text, size: size) <= width {
                fitting = middle
            } else {
                tooLong = middle
            }
        }
        return String(characters[..<fitting]) + "…" + ending
    }
}
