internal import Results

/// What a plot shares with others of a page, so that they stand one above the other.
struct PlotFrame {
    /// The height of a vertical axis of numbers by the page's width.
    var aspect = PlotLayout.aspect
    /// The least room to the left and to the right of the plot, the margin at the right aside, in
    /// points.
    var left = 0.0
    var right = 0.0
    /// Whether its horizontal axis has labels, or only ticks.
    var hasColumnLabels = true
}

/// Where everything of a plot of points, lines or bars goes, in points; computed from measured text
/// before drawing.
struct PlotLayout {
    /// The page's size.
    let page: (width: Double, height: Double)
    /// The area between the axes.
    let plot: Rectangle
    let title: FittedText
    let rowTitle: FittedText
    let columnTitle: FittedText
    let horizontal: PlotAxis
    let vertical: PlotAxis
    let rows: RowMarks
    /// The room for the labels of the rows, in points.
    private let rowWidth: Double
    let columns: ColumnMarks
    private let hasColumnLabels: Bool
    /// What tells series apart, between the title and the plot.
    let legend: Legend?

    /// The height of a plot of numbers by the page's width.
    static let aspect = 0.54
    /// The height of an entry of a vertical axis with one name.
    static let entryHeight = 9.0
    /// The most height of all of them.
    private static let tallest = 640.0
    /// The room for the labels at the left end of one axis and the lower end of the other.
    private static let drop = 1.0

    /// - Parameters:
    ///   - entryHeight: The height of an entry of a vertical axis.
    ///   - frame: What the plot shares with other panels.
    ///   - right: The room that the figure needs to the right of the plot.
    ///   - legend: What is to be explained above the plot.
    init(
        _ figure: some Figure, style: some PageStyle, horizontal: PlotAxis, vertical: PlotAxis,
        frame: PlotFrame = PlotFrame(), entryHeight: Double = Self.entryHeight, right: Double = 0,
        legend: [Legend.Entry] = [], typeface: Typeface
    ) {
        (self.horizontal, self.vertical) = (horizontal, vertical)
        let grid = PixelGrid(dpi: style.dpi)
        let margin = FigureMetrics.margin
        let between = FigureMetrics.tick + FigureMetrics.gap
        let pageWidth = grid.rounded(style.width * 72)
        title = FittedText(
            figure.title(style), width: pageWidth - 2 * margin, size: FigureMetrics.titleSize,
            lines: 3, in: typeface)
        let height = grid.rounded(
            Self.height(
                of: vertical, aspect: frame.aspect, entryHeight: entryHeight, pageWidth: pageWidth))
        rows = RowMarks(vertical, height: height, pageWidth: pageWidth, in: typeface)
        rowTitle = FittedText(
            rows.title, width: height, size: FigureMetrics.axisTitleSize, lines: 2, in: typeface)
        let words = Double(rowTitle.lines.count) * typeface.lineHeight(rowTitle.size)
        let ownLeft = grid.up(margin + words + 1.5 * FigureMetrics.gap + rows.width + between)
        let left = max(ownLeft, frame.left)
        rowWidth = rows.width + left - ownLeft
        let right = max(right, frame.right)
        let room = pageWidth - left - margin - right
        columns = ColumnMarks(horizontal, width: room, left: left - margin, in: typeface)
        let width = grid.rounded(room - max(0, columns.overhang - right))
        let heading =
            Double(title.lines.count) * typeface.lineHeight(title.size) + 2 * FigureMetrics.gap
        self.legend =
            legend.isEmpty
            ? nil
            : Legend(
                legend, at: Point(x: left, y: margin + heading), width: room + right, in: typeface)
        plot = Rectangle(
            x: left, y: grid.up(margin + heading + (self.legend?.height ?? 0)), width: width,
            height: height)
        columnTitle = FittedText(
            columns.title, width: width, size: FigureMetrics.axisTitleSize, lines: 1, in: typeface)
        let axisLine = typeface.lineHeight(FigureMetrics.axisTitleSize)
        hasColumnLabels = frame.hasColumnLabels
        let below = frame.hasColumnLabels ? columns.height + Self.drop + axisLine + margin : 0
        page = (pageWidth, grid.up(plot.bottom + between + below))
    }

    private static func height(
        of vertical: PlotAxis, aspect: Double, entryHeight: Double, pageWidth: Double
    ) -> Double {
        switch vertical {
        case .numbers: aspect * pageWidth
        case .entries(_, let count):
            min(max(Double(count) * entryHeight, 6 * Self.entryHeight), tallest)
        }
    }

    /// Where a place lies that is given by shares of the plot's width and height from its lower
    /// left.
    func place(x: Double, y: Double) -> Point {
        Point(x: plot.x + x * plot.width, y: plot.bottom - y * plot.height)
    }

    /// The height of a number of the vertical axis, if it is within the limits.
    func y(of value: Double) -> Double? {
        let fraction = vertical.fraction(of: value)
        return (0...1).contains(fraction) ? place(x: 0, y: fraction).y : nil
    }

    /// Draws all that is around the plot.
    func drawAxes(on canvas: Canvas) {
        canvas.frame(plot, width: FigureMetrics.line, .ink)
        canvas.rowAxis(
            of: plot, marks: rows.marks.map { (place(x: 0, y: $0.fraction).y, $0.text) },
            width: rowWidth, title: rowTitle)
        if hasColumnLabels {
            drawColumnAxis(on: canvas)
        } else {
            canvas.ticks(below: plot, columns.marks.map { place(x: $0.fraction, y: 0).x })
        }
        canvas.title(title, over: plot)
        legend?.draw(on: canvas)
    }

    private func drawColumnAxis(on canvas: Canvas) {
        canvas.columnAxis(
            of: plot, marks: columns.marks.map { (place(x: $0.fraction, y: 0).x, $0.text) },
            angle: columns.angle, height: columns.height, title: columnTitle, drop: Self.drop)
    }
}
