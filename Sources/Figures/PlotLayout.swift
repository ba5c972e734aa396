internal import RealModule
internal import Results
internal import Tensors

/// How the horizontal axis of a plot of points is divided.
enum HorizontalScale {
    /// An axis of numbers.
    case numbers(title: String, limits: ClosedRange<Double>)
    /// Entries side by side, each with its label in the middle.
    case entries(AxisText, count: Int)

    /// Limits with some room at both ends.
    static func limits(of positions: [Double]) -> ClosedRange<Double> {
        let (low, high) = (positions.min() ?? 0, positions.max() ?? 1)
        let pad = max(0.5, 0.02 * (high - low))
        return (low - pad)...(high + pad)
    }

    var title: String {
        switch self {
        case .numbers(let title, _): title
        case .entries(let text, _): text.title
        }
    }

    /// Where a number or the middle of an entry lies, from 0 to 1.
    func fraction(of position: Double) -> Double {
        switch self {
        case .numbers(_, let limits):
            (position - limits.lowerBound) / (limits.upperBound - limits.lowerBound)
        case .entries(_, let count): (position + 0.5) / Double(max(count, 1))
        }
    }
}

/// Where everything of a plot of points goes, in points; computed from measured text before
/// drawing.
struct PointLayout {
    /// The page's size.
    let page: (width: Double, height: Double)
    /// The points' area.
    let plot: Rectangle
    let title: FittedText
    let rowTitle: FittedText
    let columnTitle: FittedText
    let horizontal: HorizontalScale
    /// The values at the bottom and the top of the plot.
    let limits: ClosedRange<Double>
    /// The marked values.
    let rows: Ticks
    /// The room for the marked values' labels.
    let rowWidth: Double
    let columns: ColumnMarks

    /// The plot's height by the page's width.
    private static let aspect = 0.54
    /// The room for the labels at the left end of one axis and the lower end of the other.
    private static let drop = 1.0

    init(
        _ figure: some Figure, style: ScatterPlot.Style, horizontal: HorizontalScale,
        typeface: Typeface
    ) {
        self.horizontal = horizontal
        let grid = PixelGrid(dpi: style.dpi)
        let margin = FigureMetrics.margin
        let between = FigureMetrics.tick + FigureMetrics.gap
        let pageWidth = grid.rounded(style.width * 72)
        title = FittedText(
            figure.title(style), width: pageWidth - 2 * margin, size: FigureMetrics.titleSize,
            lines: 3, in: typeface)
        limits = Self.limits(figure.array.values.values, style.limits)
        let height = grid.rounded(Self.aspect * pageWidth)
        rows = Ticks(limits, count: min(9, Int(height / 18)))
        rowWidth =
            rows.labels.map { typeface.width(of: $0, size: FigureMetrics.labelSize) }.max() ?? 0
        rowTitle = FittedText(
            figure.array.quantity.title(exponent: rows.exponent), width: height,
            size: FigureMetrics.axisTitleSize, lines: 2, in: typeface)
        let words = Double(rowTitle.lines.count) * typeface.lineHeight(rowTitle.size)
        let left = grid.up(margin + words + 1.5 * FigureMetrics.gap + rowWidth + between)
        let room = pageWidth - left - margin
        columns = ColumnMarks(horizontal, width: room, left: left - margin, in: typeface)
        let heading = Double(title.lines.count) * typeface.lineHeight(title.size)
        plot = Rectangle(
            x: left, y: grid.up(margin + heading + 2 * FigureMetrics.gap),
            width: grid.rounded(room - columns.overhang), height: height)
        columnTitle = FittedText(
            horizontal.title, width: plot.width, size: FigureMetrics.axisTitleSize, lines: 1,
            in: typeface)
        let axisLine = typeface.lineHeight(FigureMetrics.axisTitleSize)
        page = (
            pageWidth,
            grid.up(plot.bottom + between + columns.height + Self.drop + axisLine + margin)
        )
    }

    /// Limits that hold zero and all finite values, with room at both ends.
    private static func limits(
        _ values: [Float], _ given: ClosedRange<Double>?
    ) -> ClosedRange<Double> {
        if let given, given.lowerBound < given.upperBound, given.lowerBound.isFinite,
            given.upperBound.isFinite
        {
            return given
        }
        let finite = values.lazy.filter(\.isFinite).map(Double.init)
        let (low, high) = (min(finite.min() ?? 0, 0), max(finite.max() ?? 0, 0))
        if low == high { return -1...1 }
        let pad = 0.07 * (high - low)
        return (low - pad)...(high + pad)
    }

    /// A value's height on the page.
    func y(_ value: Double) -> Double {
        let (low, high) = (limits.lowerBound, limits.upperBound)
        return plot.bottom - (value - low) / (high - low) * plot.height
    }

    /// Where a value lies whose place across the plot is given from 0 to 1.
    func place(x: Double, value: Double) -> Point {
        Point(x: plot.x + x * plot.width, y: y(value))
    }

    /// Draws all that is around the points.
    func drawAxes(on canvas: Canvas) {
        canvas.frame(plot, width: FigureMetrics.line, .ink)
        canvas.rowAxis(
            of: plot, marks: zip(rows.values, rows.labels).map { (y($0), $1) }, width: rowWidth,
            title: rowTitle)
        canvas.columnAxis(
            of: plot, marks: columns.marks.map { (plot.x + $0.fraction * plot.width, $0.text) },
            angle: columns.angle, height: columns.height, title: columnTitle, drop: Self.drop)
        canvas.title(title, over: plot)
    }
}

/// The labels below a plot of points.
struct ColumnMarks {
    /// What is marked, from 0 at the plot's left to 1, and how.
    let marks: [(fraction: Double, text: String)]
    /// By how much the text is turned.
    let angle: Double
    /// The room below the ticks, in points.
    let height: Double
    /// How far the last label reaches beyond the plot, in points.
    let overhang: Double

    init(_ scale: HorizontalScale, width: Double, left: Double, in typeface: Typeface) {
        let size = FigureMetrics.labelSize
        switch scale {
        case .numbers(_, let limits):
            let ends = [limits.lowerBound, limits.upperBound]
                .map { NumberText.fixed($0, decimals: 0) }
            let widest = ends.map { typeface.width(of: $0, size: size) }.max() ?? 0
            // Entries are whole, so there are no more ticks than whole numbers.
            let most = Int(min(limits.upperBound - limits.lowerBound, 1e6)) + 1
            let ticks = Ticks(limits, count: min(Int(width / (1.5 * widest + size)), 7, most))
            marks = ticks.values.map {
                (scale.fraction(of: $0), NumberText.fixed($0, decimals: 0))
            }
            (angle, height) = (0, typeface.lineHeight(size))
            let last = marks.last.map { typeface.width(of: $0.text, size: size) / 2 } ?? 0
            overhang = max(0, last - (1 - (marks.last?.fraction ?? 0)) * width)
        case .entries(let text, let count):
            let labels = ColumnLabels(
                text, count: count, spacing: width / Double(max(count, 1)), left: left, right: 0,
                in: typeface)
            marks = zip(labels.entries, labels.texts).map { (scale.fraction(of: Double($0)), $1) }
            (angle, height, overhang) = (labels.angle, labels.height, 0)
        }
    }
}
