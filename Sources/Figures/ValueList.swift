internal import Results
internal import Tensors

/// Values with their names below each other, for the terminal.
struct ValueList {
    /// What follows the numbers.
    enum Bars {
        case none
        /// In the colours of the signs.
        case coloured
        /// Of block characters; lighter ones for negative values.
        case blocks
    }

    private let names: [String]
    private let values: [Float]
    private let rest: Int
    private let quantity: Quantity
    private let isRanked: Bool

    private static let (ranked, all) = (10, 64)

    /// A result's largest values by magnitude; `name` tells what an index is called.
    init(ranking array: LabelledArray, name: (Int) -> String) {
        self.init(
            array, Outliers.ranked(array.values.values), most: Self.ranked, isRanked: true,
            name: name)
    }

    /// A result's values in their order.
    init(_ array: LabelledArray, name: (Int) -> String) {
        self.init(
            array, Array(0..<array.values.count), most: Self.all, isRanked: false, name: name)
    }

    private init(
        _ array: LabelledArray, _ indices: [Int], most: Int, isRanked: Bool, name: (Int) -> String
    ) {
        let (all, shown) = (array.values.values, indices.prefix(most))
        names = shown.map { TerminalText.cut(name($0), to: 24) }
        values = shown.map { all[$0] }
        rest = all.count - values.count
        quantity = array.quantity
        self.isRanked = isRanked
    }

    /// The list in lines of a terminal's width.
    func text(bars: Bars, width: Int) -> String {
        guard let largest = values.lazy.filter(\.isFinite).map({ Double($0.magnitude) }).max()
        else {
            return "no finite values\n"
        }
        let exponent = largest > 0 ? Ticks(0...largest, count: 2).exponent : 0
        let unit = NumberText.power(exponent)
        let decimals = NumberText.decimals(showing: largest / unit) + 1
        let numbers = values.map {
            NumberText.fixed(Double($0) / unit, decimals: decimals, minus: "-")
        }
        let sizes = (
            name: names.map(TerminalText.width).max() ?? 0,
            number: numbers.map(TerminalText.width).max() ?? 0
        )
        let room = max(0, min(30, width - sizes.name - sizes.number - 10))
        var lines = [TerminalText.cut(quantity.title(exponent: exponent), to: width)]
        for (index, value) in values.enumerated() {
            var line = isRanked ? TerminalText.padded("\(index + 1)", to: 2) + "  " : ""
            line += TerminalText.padded(names[index], to: sizes.name) + "  "
            line += TerminalText.padded(numbers[index], to: sizes.number)
            if value.isFinite, largest > 0 {
                let share = Double(value.magnitude) / largest
                line += bar(value, length: Int((share * Double(room)).rounded()), bars)
            }
            lines.append(line)
        }
        if rest > 0 { lines.append("… \(rest) more values") }
        return lines.joined(separator: "\n") + "\n"
    }

    private func bar(_ value: Float, length: Int, _ bars: Bars) -> String {
        switch bars {
        case .none: return ""
        case .coloured:
            let scale = ColourScale(.redBlue, values: values, limits: nil)
            return "  " + TerminalText.background(scale.colour(of: value))
                + String(repeating: " ", count: length) + TerminalText.reset
        case .blocks:
            return length == 0
                ? "" : "  " + String(repeating: value < 0 ? "▒" : "█", count: length)
        }
    }
}
