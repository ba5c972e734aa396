internal import RealModule
public import Results
internal import Tensors

/// Two values of each entry against each other, such as the true and the learnt odds of words.
///
/// The entries' companion, if they have one, tells groups apart by colour and shape. Those that
/// lie farthest from the line, the diagonal or the nearest one, are named where there is room.
/// Entries with a value that is not finite are left out.
///
/// ```swift
/// // axes: quantity (true, learnt) × word (with its kind)
/// try CorrelationPlot(odds, style: .init(hasDiagonal: true)).write("truth.png")
/// ```
public struct CorrelationPlot: Figure {
    /// What is drawn.
    public let array: LabelledArray
    /// How it is drawn.
    public var style: Style

    /// Prepares a plot of a result with two axes, of which the first has two entries: what lies on
    /// the horizontal and on the vertical axis.
    public init(_ array: LabelledArray, style: Style = Style()) throws(FigureError) {
        try Self.require(2, "correlation plot", of: array)
        guard array.axes[0].count == 2 else {
            throw .entries(
                figure: "correlation plot", needed: 2, name: array.name, axis: array.axes[0].name,
                count: array.axes[0].count)
        }
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
        let layout = PlotLayout(
            self, style: style, horizontal: .numbers(scale(of: 0)),
            vertical: .numbers(scale(of: 1)),
            frame: PlotFrame(aspect: Self.aspect),
            legend: groups.enumerated().map { index, group in
                Legend.Entry(text: group, style: SeriesStyle[index], isLine: false)
            }, typeface: typeface)
        let canvas = page(format, layout.page, style, typeface: typeface)
        CorrelationDrawing(plot: self, layout: layout, canvas: canvas).draw()
        return canvas
    }

    /// The values as a table of numbers.
    public func preview(colour: Bool, width: Int) -> String {
        let heatmap = try? Heatmap(array.asTable, style: Heatmap.Style(showsTexts: false))
        return heatmap?.preview(colour: false, width: width) ?? ""
    }

    /// The plot's height by the page's width: nearly a square with its labels.
    private static let aspect = 0.78

    private func scale(of row: Int) -> NumberScale {
        // With a diagonal both axes have the same limits, so that it says "equal".
        let values =
            style.hasDiagonal
            ? pairs.flatMap { [$0.x, $0.y] } : pairs.map { row == 0 ? $0.x : $0.y }
        return NumberScale(
            quantity: Quantity(array.axes[0].labels[row], unit: array.quantity.unit),
            limits: NumberScale.limits(values, given: nil, zero: .whereNear), kind: .linear)
    }
}

extension CorrelationPlot {
    /// The entries that have a place.
    var pairs: [(entry: Int, x: Double, y: Double)] {
        let (values, count) = (array.values.values, array.axes[1].count)
        return (0..<count).compactMap { entry in
            let (x, y) = (values[entry], values[count + entry])
            return x.isFinite && y.isFinite ? (entry, Double(x), Double(y)) : nil
        }
    }

    /// The names of the groups, in the order of the entries.
    var groups: [String] {
        var seen: Set<String> = []
        return (array.axes[1].companion?.labels ?? []).filter { seen.insert($0).inserted }
    }

    /// What a figure's maker may choose.
    public struct Style: Sendable, PageStyle {
        /// The words above the plot; `nil` for the result's name, empty for none.
        public var title: String?
        /// The width on paper, in inches; the height follows.
        public var width: Double
        /// Pixels per inch of a PNG.
        public var dpi: Double
        /// Whether a line shows where both values are equal; both axes are the same then.
        public var hasDiagonal: Bool
        /// Words in the lower right corner, such as the correlation.
        public var note: String
        /// At most so many points are named: those farthest from the line.
        public var namedPoints: Int

        /// A style; what is not given is what a paper's column needs.
        public init(
            title: String? = nil, width: Double = 3.25, dpi: Double = 300,
            hasDiagonal: Bool = false, note: String = "", namedPoints: Int = 6
        ) {
            self.title = title
            self.width = width
            self.dpi = dpi
            self.hasDiagonal = hasDiagonal
            self.note = note
            self.namedPoints = namedPoints
        }
    }
}

/// Puts the points, the line and the names on a page.
private struct CorrelationDrawing {
    let plot: CorrelationPlot
    let layout: PlotLayout
    let canvas: Canvas

    private static let radius = 1.7

    func draw() {
        canvas.plotArea = layout.plot
        let pairs = plot.pairs
        let places = pairs.map { pair in
            layout.place(
                x: layout.horizontal.fraction(of: pair.x), y: layout.vertical.fraction(of: pair.y))
        }
        let line = line(through: pairs)
        canvas.clipped(to: layout.plot) {
            canvas.polyline(line, width: 0.6, Colour(grey: 0.55), dashes: 2)
        }
        let groups = plot.groups
        for (pair, place) in zip(pairs, places) {
            let group = plot.array.axes[1].companion.flatMap { companion in
                groups.firstIndex(of: companion.labels[pair.entry])
            }
            canvas.marker(place, radius: Self.radius, SeriesStyle[group ?? 0])
        }
        if pairs.isEmpty {
            canvas.text(
                "no values", .point, at: layout.plot.centre, size: FigureMetrics.labelSize)
        }
        let corner = drawNote()
        drawNames(pairs.map(\.entry), places, line: line, corner: corner)
        layout.drawAxes(on: canvas)
    }

    /// The diagonal, or the straight line that is nearest in squares.
    private func line(through pairs: [(entry: Int, x: Double, y: Double)]) -> [Point] {
        guard case .numbers(let scale) = layout.horizontal, !pairs.isEmpty else { return [] }
        var (slope, level) = (1.0, 0.0)
        if !plot.style.hasDiagonal {
            let count = Double(pairs.count)
            let (meanX, meanY) = (
                pairs.reduce(0) { $0 + $1.x } / count, pairs.reduce(0) { $0 + $1.y } / count
            )
            let xx = pairs.reduce(0) { $0 + ($1.x - meanX) * ($1.x - meanX) }
            let xy = pairs.reduce(0) { $0 + ($1.x - meanX) * ($1.y - meanY) }
            guard xx > 0 else { return [] }
            slope = xy / xx
            level = meanY - slope * meanX
        }
        return [scale.limits.lowerBound, scale.limits.upperBound].map { x in
            layout.place(
                x: scale.fraction(of: x), y: layout.vertical.fraction(of: level + slope * x))
        }
    }

    /// Writes the note; returns where it is.
    private func drawNote() -> [Point] {
        let text = canvas.typeface.drawable(plot.style.note)
        guard !text.isEmpty else { return [] }
        let size = FigureMetrics.labelSize
        let width = canvas.typeface.width(of: text, size: size)
        let place = Point(x: layout.plot.right - 4 - width, y: layout.plot.bottom - 4 - size / 2)
        canvas.text(text, .reference, at: place, size: size, anchor: .start)
        return stride(from: 0, through: width, by: 2).map { Point(x: place.x + $0, y: place.y) }
    }

    private func drawNames(
        _ entries: [Int], _ places: [Point], line: [Point], corner: [Point]
    ) {
        guard line.count == 2 else { return }
        let (dx, dy) = (line[1].x - line[0].x, line[1].y - line[0].y)
        let length = Double.sqrt(dx * dx + dy * dy)
        let distances = places.map { place in
            abs((place.x - line[0].x) * dy - (place.y - line[0].y) * dx) / length
        }
        let chosen = places.indices.sorted { distances[$0] > distances[$1] }
            .prefix(plot.style.namedPoints)
        let steps = Int(length / 2)
        let dashes = (0...steps).map { step in
            Point(
                x: line[0].x + Double(step) / Double(max(steps, 1)) * dx,
                y: line[0].y + Double(step) / Double(max(steps, 1)) * dy)
        }
        var placing = LabelPlacing(
            area: layout.plot, marks: chosen.map { places[$0] }, radius: Self.radius,
            crowd: places + dashes + corner, zero: nil)
        let (typeface, size) = (canvas.typeface, FigureMetrics.pointLabelSize)
        for index in chosen {
            let text = typeface.shortened(
                typeface.drawable(AxisText.visible(plot.array.axes[1].labels[entries[index]])),
                keeping: "",
                to: 0.4 * layout.plot.width, size: size)
            placing.add(
                text, width: typeface.width(of: text, size: size), size: size, at: places[index])
        }
        placing.draw(on: canvas, size: size)
    }
}
