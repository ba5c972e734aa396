public import Results
internal import Tensors

/// How large the intersections of several sets are: bars over a table of which sets each is of.
///
/// What a Venn diagram shows of two or three sets; exact and readable with more, where the areas of
/// ellipses say nothing. As many of the result's intersections as have room are drawn. Lex et al.
/// 2014, UpSet, https://doi.org/10.1109/TVCG.2014.2346248.
///
/// ```swift
/// try IntersectionPlot(common).write("common-weights.pdf")
/// ```
public struct IntersectionPlot: Figure {
    /// What is drawn.
    public let array: LabelledArray
    /// How it is drawn.
    public var style: Style

    /// Prepares the plot of a result [intersection, set]: each intersection's size at the sets that
    /// it is of, and no number at the others.
    public init(_ array: LabelledArray, style: Style = Style()) throws(FigureError) {
        try Self.require(2, "intersection plot", of: array)
        self.array = array
        self.style = style
    }

    /// The bytes of the figure's file.
    public func encoded(as format: FigureFormat) throws(FigureError) -> [UInt8] {
        try drawn(as: format).finish()
    }

    /// The drawing before it becomes a file.
    package func drawn(as format: FigureFormat) throws(FigureError) -> Canvas {
        try style.checkSize()
        let typeface = Typeface()
        // Columns have no labels, so that their number does not change the plot's width.
        let room = layout(columns: 1, typeface).plot.width
        let count = min(
            array.axes[0].count, Int(room / typeface.lineHeight(FigureMetrics.pointLabelSize)))
        let layout = layout(columns: count, typeface)
        let size = (layout.page.width, layout.page.height - layout.columns.height)
        let canvas = page(format, size, style, typeface: typeface)
        IntersectionDrawing(plot: self, count: count, layout: layout, canvas: canvas).draw()
        return canvas
    }

    /// Rows for the bars and the sets, columns for the first intersections.
    private func layout(columns count: Int, _ typeface: Typeface) -> PlotLayout {
        // The bars take the room of some rows without a name, over those of the sets.
        let sets = Axis(
            array.axes[1].name,
            labels: [String](repeating: "", count: Self.barRows) + array.axes[1].labels)
        let all = array.axes[0].count
        let columns = Axis(
            array.quantity.name + (count < all ? ", \(count) of \(all) intersections" : ""),
            labels: [String](repeating: "", count: count))
        return PlotLayout(
            self, style: style, horizontal: .entries(AxisText(columns), count: count),
            vertical: .entries(AxisText(sets), count: sets.count), typeface: typeface)
    }

    /// The intersections' names and sizes.
    public func preview(colour: Bool, width: Int) -> String {
        let sizes = LabelledArray(
            array.name, quantity: array.quantity, axes: [array.axes[0]],
            values: Tensor([array.axes[0].count], (0..<array.axes[0].count).map(size)))
        let text = AxisText(array.axes[0])
        return ValueList(sizes) { text.label($0) }
            .text(bars: colour ? .coloured : .blocks, width: width)
    }

    /// How many rows' height the bars have.
    static let barRows = 6

    /// The sets of an intersection.
    func sets(of intersection: Int) -> [Int] {
        (0..<array.axes[1].count).filter { array.values[intersection, $0].isFinite }
    }

    /// The size of an intersection; 0 of one without sets.
    func size(of intersection: Int) -> Float {
        sets(of: intersection).first.map { array.values[intersection, $0] } ?? 0
    }
}

extension IntersectionPlot {
    /// What a figure's maker may choose.
    public struct Style: Sendable, PageStyle {
        /// The words above the plot; `nil` for the result's name, empty for none.
        public var title: String?
        /// The width on paper, in inches; the height follows.
        public var width: Double
        /// Pixels per inch of a PNG.
        public var dpi: Double

        /// A style; what is not given is what a paper's column needs.
        public init(
            title: String? = nil, width: Double = 3.25, dpi: Double = 300
        ) {
            self.title = title
            self.width = width
            self.dpi = dpi
        }
    }
}

/// Puts bars and the table below them on a page.
private struct IntersectionDrawing {
    let plot: IntersectionPlot
    /// How many intersections are drawn.
    let count: Int
    let layout: PlotLayout
    let canvas: Canvas

    /// The share of a column that a bar takes.
    private static let share = 0.6
    private static let (member, other) = (Colour.ink, Colour(grey: 0.82))
    private static let shade = Colour(grey: 0.955)

    func draw() {
        canvas.plotArea = layout.plot
        let area = layout.plot
        let setCount = plot.array.axes[1].count
        for set in stride(from: 0, to: setCount, by: 2) {
            let (top, bottom) = (edge(of: set), edge(of: set + 1))
            canvas.fill(
                Rectangle(x: area.x, y: top, width: area.width, height: bottom - top), Self.shade)
        }
        if count == 0 {
            canvas.text("no values", .point, at: area.centre, size: FigureMetrics.labelSize)
        }
        drawBars()
        for intersection in 0..<count { drawDots(intersection, setCount: setCount) }
        canvas.line(
            Point(x: area.x, y: edge(of: 0)), Point(x: area.right, y: edge(of: 0)),
            width: FigureMetrics.line, .ink)
        drawAxes()
    }

    /// The upper edge of a set's row.
    private func edge(of set: Int) -> Double {
        let rows = plot.array.axes[1].count + IntersectionPlot.barRows
        let share = Double(IntersectionPlot.barRows + set) / Double(rows)
        return canvas.snapped(layout.place(x: 0, y: 1 - share).y)
    }

    private func column(_ intersection: Int) -> Double {
        layout.place(x: layout.horizontal.fraction(of: Double(intersection)), y: 0).x
    }

    /// Bars with their sizes above them, which are turned where they are wider than a column.
    private func drawBars() {
        let (typeface, size) = (canvas.typeface, FigureMetrics.pointLabelSize)
        let texts = (0..<count).map {
            NumberText.fixed(Double(plot.size(of: $0)), decimals: 0)
        }
        let widest = texts.map { typeface.width(of: $0, size: size) }.max() ?? 0
        let column = layout.plot.width / Double(max(count, 1))
        let isLevel = widest + FigureMetrics.gap <= column
        let room = (isLevel ? typeface.lineHeight(size) : widest) + 2 * FigureMetrics.gap
        let (base, width) = (edge(of: 0), Self.share * column)
        let largest = (0..<count).map { plot.size(of: $0) }.max() ?? 0
        for (intersection, text) in texts.enumerated() {
            let value = plot.size(of: intersection)
            let share = largest > 0 ? max(0, Double(value / largest)) : 0
            let middle = self.column(intersection)
            let x = canvas.snapped(middle - width / 2)
            let y = canvas.snapped(base - share * (base - layout.plot.y - room))
            canvas.fill(
                Rectangle(x: x, y: y, width: canvas.snapped(x + width) - x, height: base - y),
                SeriesStyle[0].colour)
            let above = isLevel ? typeface.lineHeight(size) / 2 : 0
            canvas.text(
                text, .point, at: Point(x: middle, y: y - FigureMetrics.gap - above), size: size,
                anchor: isLevel ? .middle : .start, angle: isLevel ? 0 : -.pi / 2)
        }
    }

    private func drawDots(_ intersection: Int, setCount: Int) {
        let x = column(intersection)
        let places = (0..<setCount).map { set in
            Point(x: x, y: (edge(of: set) + edge(of: set + 1)) / 2)
        }
        let row = edge(of: 1) - edge(of: 0)
        let spacing = layout.plot.width / Double(count)
        let radius = min(0.28 * row, 0.32 * spacing)
        let members = plot.sets(of: intersection)
        canvas.discs(places, radius: radius, Self.other, opacity: 1)
        if let first = members.first, let last = members.last, first < last {
            canvas.line(places[first], places[last], width: 0.6 * radius, Self.member)
        }
        canvas.discs(members.map { places[$0] }, radius: radius, Self.member, opacity: 1)
    }

    /// The layout's axes, without the marks of rows and columns that have no name.
    private func drawAxes() {
        let area = layout.plot
        canvas.frame(area, width: FigureMetrics.line, .ink)
        canvas.rowAxis(
            of: area,
            marks: layout.rows.marks.filter { !$0.text.isEmpty }.map {
                (layout.place(x: 0, y: $0.fraction).y, $0.text)
            }, width: layout.rows.width, title: layout.rowTitle, hasTicks: false)
        canvas.columnAxis(
            of: area, marks: [], angle: 0, height: 0, title: layout.columnTitle)
        canvas.title(layout.title, over: area)
    }
}
