internal import Results
internal import Tensors

/// The values that stand out of many.
struct Outliers {
    /// Their indices, the largest magnitude first.
    let indices: [Int]

    /// So many times the median magnitude stands out.
    private static let factor: Float = 4

    /// Finds at most `count` values whose magnitude is above four times the median magnitude.
    init(_ values: [Float], atMost count: Int) {
        let ranked = Outliers.ranked(values)
        guard !ranked.isEmpty else {
            indices = []
            return
        }
        let median = values[ranked[ranked.count / 2]].magnitude
        indices = Array(
            ranked.prefix(max(count, 0)).prefix { values[$0].magnitude > Outliers.factor * median })
    }

    /// The indices of the finite values by falling magnitude; of equal ones the first comes first.
    static func ranked(_ values: [Float]) -> [Int] {
        values.indices.filter { values[$0].isFinite }.sorted {
            (-values[$0].magnitude, $0) < (-values[$1].magnitude, $1)
        }
    }
}

/// A table of the largest values for the terminal.
struct RankedPreview {
    private let names: [String]
    private let values: [Float]
    private let rest: Int
    private let quantity: Quantity

    private static let rows = 10

    /// Ranks a result's values by magnitude; `name` tells what an index is called.
    init(_ array: LabelledArray, name: (Int) -> String) {
        let all = array.values.values
        let ranked = Outliers.ranked(all)
        names = ranked.prefix(Self.rows).map { TerminalText.cut(name($0), to: 24) }
        values = ranked.prefix(Self.rows).map { all[$0] }
        rest = all.count - values.count
        quantity = array.quantity
    }

    /// The table; with colour, bars follow the numbers.
    func text(colour: Bool, width: Int) -> String {
        guard let largest = values.first.map({ Double($0.magnitude) }) else {
            return "no finite values\n"
        }
        let exponent = Ticks(0...max(largest, .leastNonzeroMagnitude), count: 2).exponent
        let unit = NumberText.power(exponent)
        let decimals = NumberText.decimals(showing: largest / unit) + 1
        let numbers = values.map {
            NumberText.fixed(Double($0) / unit, decimals: decimals, minus: "-")
        }
        let sizes = (
            name: names.map(TerminalText.width).max() ?? 0,
            number: numbers.map(TerminalText.width).max() ?? 0
        )
        let scale = ColourScale(.redBlue, values: values, limits: nil)
        let room = max(0, min(30, width - sizes.name - sizes.number - 10))
        var lines = [TerminalText.cut(quantity.title(exponent: exponent), to: width)]
        for (index, value) in values.enumerated() {
            var line = TerminalText.padded("\(index + 1)", to: 2) + "  "
            line += TerminalText.padded(names[index], to: sizes.name) + "  "
            line += TerminalText.padded(numbers[index], to: sizes.number)
            if colour, largest > 0 {
                let length = Int((Double(value.magnitude) / largest * Double(room)).rounded())
                line += "  " + TerminalText.background(scale.colour(of: value))
                line += String(repeating: " ", count: length) + TerminalText.reset
            }
            lines.append(line)
        }
        if rest > 0 { lines.append("… \(rest) more values") }
        return lines.joined(separator: "\n") + "\n"
    }
}
