internal import Results
internal import Tensors

/// Bars beside the rows of a heat map, from zero, on a scale of their own.
struct RowBars {
    /// The room they take to the right of the cells, in points.
    let room: Double
    private let values: [Float]
    private let scale: NumberScale
    private let marks: [(fraction: Double, text: String)]
    private let colours: ColourMap
    private let title: FittedText
    private let width: Double
    /// From the cells to the bars.
    private let distance: Double
    private var plot = Rectangle(x: 0, y: 0, width: 0, height: 0)

    /// The bars' width by the room beside the labels, the same for long numbers, and the least one.
    private static let (share, most, least) = (0.26, 0.38, 40.0)
    /// The part of a row's height that is bar.
    private static let thickness = 0.72
    /// The least distance from the cells to the bars' labels.
    private static let gap = 4.5
    /// How far the cells' labels may reach under the bars without touching their numbers.
    static let roomBelow = gap - 2

    init(_ array: LabelledArray, style: Heatmap.Style, room: Double, in typeface: Typeface) {
        values = array.values.values
        colours = style.colourMap
        scale = NumberScale(
            quantity: array.quantity,
            limits: NumberScale.limits(values.map { Double($0) }, given: nil, zero: .shown),
            kind: .linear)
        // Two ticks are no nearer than a third of the scale; long numbers must not crowd the cells.
        let widest = scale.ticks(2).labels.map {
            typeface.width(of: $0, size: FigureMetrics.labelSize)
        }.max()
        let wanted = 3 * ((widest ?? 0) + FigureMetrics.gap)
        let width = max(Self.least, Self.share * room, min(wanted, Self.most * room))
        let columns = ColumnMarks(.numbers(scale), width: width, left: 0, in: typeface)
        marks = Self.apart(columns.marks, width: width, in: typeface)
        title = FittedText(
            columns.title, width: width, size: FigureMetrics.axisTitleSize, lines: 1, in: typeface)
        let first = marks.first.map { mark in
            typeface.width(of: mark.text, size: FigureMetrics.labelSize) / 2
                - mark.fraction * width
        }
        self.width = width
        distance = Self.gap + max(0, first ?? 0)
        self.room = distance + width
    }

    /// Those of the marks whose labels do not touch: zero, and then from the left.
    private static func apart(
        _ marks: [(fraction: Double, text: String)], width: Double, in typeface: Typeface
    ) -> [(fraction: Double, text: String)] {
        func ends(_ mark: (fraction: Double, text: String)) -> (left: Double, right: Double) {
            let half = typeface.width(of: mark.text, size: FigureMetrics.labelSize) / 2
            return (mark.fraction * width - half, mark.fraction * width + half)
        }
        let zeroFirst =
            marks.filter { Double($0.text) == 0 } + marks.filter { Double($0.text) != 0 }
        var kept: [(fraction: Double, text: String)] = []
        for mark in zeroFirst {
            let own = ends(mark)
            let isFree = kept.map(ends).allSatisfy {
                own.right + FigureMetrics.gap <= $0.left || $0.right + FigureMetrics.gap <= own.left
            }
            if isFree { kept.append(mark) }
        }
        return kept.sorted { $0.fraction < $1.fraction }
    }

    /// Puts the bars beside the cells.
    mutating func move(beside cells: Rectangle, _ grid: PixelGrid) {
        plot = Rectangle(
            x: grid.rounded(cells.right + distance), y: cells.y, width: grid.rounded(width),
            height: cells.height)
    }

    /// The cells and the bars.
    func area(with cells: Rectangle) -> Rectangle {
        Rectangle(x: cells.x, y: cells.y, width: plot.right - cells.x, height: cells.height)
    }

    /// Draws the bars.
    ///
    /// - Parameters:
    ///   - rows: A cell of each row.
    ///   - labelHeight: The height of the labels below the cells: titles stand in one line.
    func draw(rows: [Rectangle], labelHeight: Double, on canvas: Canvas) {
        let zero = x(of: 0)
        for (row, value) in zip(rows, values) where value.isFinite {
            let end = x(of: Double(value))
            let height = Self.thickness * row.height
            canvas.fill(
                Rectangle(
                    x: canvas.snapped(min(zero, end)),
                    y: canvas.snapped(row.centre.y - height / 2),
                    width: canvas.snapped(max(zero, end)) - canvas.snapped(min(zero, end)),
                    height: canvas.snapped(height)),
                colours.colour(ofSign: value))
        }
        canvas.frame(plot, width: FigureMetrics.line, .ink)
        if zero > plot.x && zero < plot.right {
            canvas.line(
                Point(x: zero, y: plot.y), Point(x: zero, y: plot.bottom),
                width: FigureMetrics.line, .ink)
        }
        canvas.columnAxis(
            of: plot, marks: marks.map { (plot.x + $0.fraction * plot.width, $0.text) },
            angle: 0, height: labelHeight, title: title)
    }

    private func x(of value: Double) -> Double {
        plot.x + min(max(scale.fraction(of: value), 0), 1) * plot.width
    }
}
