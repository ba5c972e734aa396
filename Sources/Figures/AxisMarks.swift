internal import RealModule
internal import Results

/// The labels below a plot.
struct ColumnMarks {
    /// What is marked, from 0 at the plot's left to 1, and how.
    let marks: [(fraction: Double, text: String)]
    /// By how much the text is turned.
    let angle: Double
    /// The room below the ticks, in points.
    let height: Double
    /// How far the last label reaches beyond the plot, in points.
    let overhang: Double
    /// The axis's words.
    let title: String

    init(_ axis: PlotAxis, width: Double, left: Double, in typeface: Typeface) {
        let size = FigureMetrics.labelSize
        switch axis {
        case .numbers(let scale):
            let widest = scale.ticks(7).labels.map { typeface.width(of: $0, size: size) }
            let needed = 1.5 * (widest.max() ?? 0) + size
            let ticks = scale.ticks(min(Int(width / needed), 7))
            marks = zip(ticks.values, ticks.labels).map { (scale.fraction(of: $0), $1) }
            (angle, height) = (0, typeface.lineHeight(size))
            let last = marks.last.map { typeface.width(of: $0.text, size: size) / 2 } ?? 0
            overhang = max(0, last - (1 - (marks.last?.fraction ?? 0)) * width)
            title = scale.quantity.title(exponent: ticks.exponent)
        case .entries(let text, let count):
            let labels = ColumnLabels(
                text, count: count, spacing: width / Double(max(count, 1)), left: left, right: 0,
                in: typeface)
            marks = zip(labels.entries, labels.texts).map { (axis.fraction(of: Double($0)), $1) }
            (angle, height, overhang) = (labels.angle, labels.height, 0)
            title = text.title
        }
    }
}

/// The labels at the left of a plot.
struct RowMarks {
    /// What is marked, from 0 at the plot's bottom to 1, and how.
    let marks: [(fraction: Double, text: String)]
    /// The room for the labels, in points.
    let width: Double
    /// The axis's words.
    let title: String

    /// No name of an entry takes more of the page's width.
    private static let widest = 0.42

    init(_ axis: PlotAxis, height: Double, pageWidth: Double, in typeface: Typeface) {
        switch axis {
        case .numbers(let scale):
            let ticks = scale.ticks(min(9, Int(height / 18)))
            marks = zip(ticks.values, ticks.labels).map { (scale.fraction(of: $0), $1) }
            width =
                ticks.labels.map { typeface.width(of: $0, size: FigureMetrics.labelSize) }.max()
                ?? 0
            title = scale.quantity.title(exponent: ticks.exponent)
        case .entries(let text, let count):
            let labels = RowLabels(
                text, count: count, room: Self.widest * pageWidth, in: typeface)
            marks = labels.shown(spacing: height / Double(max(count, 1))).map {
                (1 - axis.fraction(of: Double($0.entry)), $0.text)
            }
            (width, title) = (labels.width, text.title)
        }
    }
}
