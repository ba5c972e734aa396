internal import RealModule

/// The labels of a horizontal axis: which entries have one, what it says, how it is turned.
struct ColumnLabels {
    /// The labelled entries.
    let entries: [Int]
    /// What they say.
    let texts: [String]
    /// By how much the text is turned, in radians; 0 reads rightwards, −π/2 upwards.
    let angle: Double
    /// The room below the ticks, in points.
    let height: Double

    private static let size = FigureMetrics.labelSize
    /// No label is longer, in points.
    private static let longest = 74.0

    /// - Parameters:
    ///   - text: The axis's words.
    ///   - count: The number of entries.
    ///   - spacing: The distance from one entry to the next, in points.
    ///   - left: The room to the left of the first cell.
    ///   - right: The room to the right of the last cell.
    init(
        _ text: AxisText, count: Int, spacing: Double, left: Double, right: Double,
        in typeface: Typeface
    ) {
        let labels = (0..<count).map { text.drawable($0, within: Self.longest, in: typeface) }
        let widths = labels.map { typeface.width(of: $0, size: Self.size) }
        let widest = widths.max() ?? 0
        let line = typeface.lineHeight(Self.size)
        let outer = max(left, 0) + spacing / 2
        let fitsLevel = widest / 2 <= min(outer, right + spacing / 2)
        let distance = zip(widths, widths.dropFirst()).map { ($0 + $1) / 2 }.max() ?? 0
        var (step, angle) = (1, -Double.pi / 2)
        if fitsLevel && distance + 0.5 * Self.size <= spacing {
            angle = 0
        } else if fitsLevel && text.isCounted {
            (step, angle) = (LabelThinning(spacing: spacing, needed: widest + Self.size).step, 0)
        } else if let slant = Self.slant(widths, spacing: spacing, left: outer, line: line) {
            angle = -slant
        } else {
            step = LabelThinning(spacing: spacing, needed: line).step
        }
        entries = Array(stride(from: 0, to: count, by: step))
        texts = entries.map { labels[$0] }
        self.angle = angle
        let shown = entries.map { widths[$0] }.max() ?? 0
        height = shown * abs(.sin(angle)) + line * .cos(angle)
    }

    /// The least slanting at which labels neither touch each other nor leave the page on the left.
    private static func slant(
        _ widths: [Double], spacing: Double, left: Double, line: Double
    ) -> Double? {
        [Double.pi / 4, .pi / 3].first { angle in
            let fits = widths.enumerated().allSatisfy { entry, width in
                width * .cos(angle) + line * .sin(angle) / 2 <= left + Double(entry) * spacing
            }
            return fits && spacing * .sin(angle) >= line
        }
    }
}

/// The labels of a vertical axis: which entries have one and what it says.
struct RowLabels {
    /// What the entries would say.
    private let labels: [String]
    /// The room to the left of the ticks, in points.
    let width: Double
    private let line: Double

    /// - Parameters:
    ///   - text: The axis's words.
    ///   - count: The number of entries.
    ///   - room: No label is longer, in points.
    init(_ text: AxisText, count: Int, room: Double, in typeface: Typeface) {
        let size = FigureMetrics.labelSize
        labels = (0..<count).map { text.drawable($0, within: room, in: typeface) }
        width = labels.map { typeface.width(of: $0, size: size) }.max() ?? 0
        line = typeface.lineHeight(size)
    }

    /// The entries that have room for their label, with it, when entries are `spacing` apart.
    func shown(spacing: Double) -> [(entry: Int, text: String)] {
        let step = LabelThinning(spacing: spacing, needed: line).step
        return stride(from: 0, to: labels.count, by: step).map { ($0, labels[$0]) }
    }
}

extension AxisText {
    /// A label in characters that the typeface has, its name cut where it is longer than `width`.
    fileprivate func drawable(_ entry: Int, within width: Double, in typeface: Typeface) -> String {
        let number = typeface.drawable(NumberText.typographic(numbers[entry]))
        let size = FigureMetrics.labelSize
        if names.isEmpty {
            return typeface.shortened(number, keeping: "", to: width, size: size)
        }
        let name = typeface.drawable(names[entry])
        return typeface.shortened(name, keeping: " " + number, to: width, size: size)
    }
}
