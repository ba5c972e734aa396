internal import Results

/// The words of an axis: its title and one label per entry, as the field writes them.
struct AxisText {
    /// The axis's name as a title, such as `Position`.
    let title: String
    /// The part of each label that may be shortened, such as the token; empty without a companion.
    let names: [String]
    /// The part of each label that tells entries apart, such as the position.
    let numbers: [String]
    /// Whether the labels just count, so that some may be left out.
    let isCounted: Bool

    init(_ axis: Axis) {
        title = AxisText.title(of: axis.name)
        numbers = axis.labels.map(AxisText.visible)
        names = axis.companion?.labels.map(AxisText.visible) ?? []
        isCounted = names.isEmpty && axis.labels.allSatisfy { Int($0) != nil }
    }

    /// The full label of an entry: `token number`, or the number alone.
    func label(_ entry: Int) -> String {
        names.isEmpty ? numbers[entry] : names[entry] + " " + numbers[entry]
    }

    /// Titles that are more than the name with a capital.
    private static let titles = [
        "pos": "Position", "query_pos": "Query position", "key_pos": "Key position",
        "query_head": "Query head", "d_model": "Residual dimension", "d_head": "Head dimension",
    ]

    private static func title(of name: String) -> String {
        if let title = titles[name] { return title }
        let words = String(name.map { $0 == "_" ? " " : $0 })
        return capitalised(words)
    }

    /// Words as a title begins; a single letter is a symbol, such as k.
    static func capitalised(_ words: String) -> String {
        words.count == 1 ? words : words.prefix(1).uppercased() + words.dropFirst()
    }

    /// A label with its outer spaces and its control characters shown.
    static func visible(_ label: String) -> String {
        let scalars = Array(label.unicodeScalars)
        let leading = scalars.prefix { $0 == " " }.count
        let trailing = scalars.reversed().prefix { $0 == " " }.count
        var text = ""
        for (place, scalar) in scalars.enumerated() {
            let isOuter = place < leading || place >= scalars.count - trailing
            text += isOuter ? "␣" : visible(scalar)
        }
        return text
    }

    private static func visible(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "⏎"
        case "\t": "⇥"
        case "\u{a0}": "␣"
        default:
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .lineSeparator, .paragraphSeparator: escaped(scalar)
            default: String(scalar)
            }
        }
    }

    /// A character by its number, for those that cannot be drawn.
    static func escaped(_ scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16)
        return "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}

extension Quantity {
    /// The words beside an axis of numbers whose labels are to be multiplied by a power of ten.
    func title(exponent: Int) -> String {
        let words = AxisText.capitalised(name)
        let power = exponent == 0 ? "" : "×10" + NumberText.superscript(exponent)
        let unit = [power, unit ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
        return unit.isEmpty ? words : "\(words) (\(unit))"
    }
}
