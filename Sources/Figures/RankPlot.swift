internal import RealModule
public import Results
internal import Tensors

/// A strip of points per row of a table, such as the effects of each layer's neurons, the strongest
/// coloured and named.
///
/// Within a strip the values are ranked and equal ones lie side by side, so that a strip is as wide
/// as its values are many; what stands out lies in the middle of its strip. Values that are not
/// finite are left out.
///
/// ```swift
/// try RankPlot(effects).write("neuron-effects.png")
/// ```
public struct RankPlot: Figure {
    /// A scatter plot's choices.
    public typealias Style = ScatterPlot.Style

    /// What is drawn.
    public let array: LabelledArray
    /// How it is drawn.
    public var style: Style
    /// What precedes a row's and a column's label in a point's name.
    public let labelPrefixes: (row: String, column: String)

    /// Prepares a strip plot of a result with two axes.
    ///
    /// - Parameters:
    ///   - array: The result; its first axis becomes the strips.
    ///   - labelPrefixes: What precedes the labels of a row and of a column in a point's name, such
    ///     as `L` and `N` for `L5N1777`; `nil` for the axes' initials.
    ///   - style: How it is drawn.
    public init(
        _ array: LabelledArray, labelPrefixes: (row: String, column: String)? = nil,
        style: Style = Style()
    ) throws(FigureError) {
        try Self.require(2, "rank plot", of: array)
        self.array = array
        self.style = style
        let (rows, columns) = (AxisText(array.axes[0]), AxisText(array.axes[1]))
        let separator = columns.initial.isEmpty ? " " : ""
        self.labelPrefixes = labelPrefixes ?? (rows.initial, separator + columns.initial)
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
            self, style: style,
            horizontal: .entries(AxisText(array.axes[0]), count: array.axes[0].count),
            vertical: vertical(style), typeface: typeface)
        let canvas = page(format, layout.page, style, typeface: typeface)
        PointDrawing(
            layout: layout, places: places(in: layout), values: array.values.values, style: style,
            name: name, canvas: canvas, stripLength: array.axes[1].count
        ).draw()
        return canvas
    }

    /// The values with the largest magnitudes, ranked.
    public func preview(colour: Bool, width: Int) -> String {
        ValueList(ranking: array, name: name).text(
            bars: colour ? .coloured : .none, width: width)
    }

    private var name: @Sendable (Int) -> String {
        let (rows, columns) = (AxisText(array.axes[0]), AxisText(array.axes[1]))
        let (prefixes, width) = (labelPrefixes, array.axes[1].count)
        return { index in
            prefixes.row + rows.label(index / width) + prefixes.column
                + columns.label(index % width)
        }
    }

    /// Where each value lies; outside the plot where it is not finite.
    private func places(in layout: PlotLayout) -> [Point] {
        let (rows, columns) = (array.axes[0].count, array.axes[1].count)
        let values = array.values.values
        let strip = Strip(
            room: 0.86 * layout.plot.width / Double(max(rows, 1)), step: PointDrawing.radius)
        return (0..<rows).flatMap { row in
            let x = layout.horizontal.fraction(of: Double(row))
            let middles = values[(row * columns)..<((row + 1) * columns)].map { value in
                layout.place(x: x, y: layout.vertical.fraction(of: Double(value)))
            }
            return strip.spread(middles)
        }
    }
}

/// Spreads points of one strip sideways, as far as there are others at their height.
private struct Strip {
    /// The most width of the strip, in points.
    let room: Double
    /// The height within which points would lie on each other.
    let step: Double
    /// Its multiples' fractions cover an interval evenly, however many there are.
    private static let golden = 0.6180339887498949

    func spread(_ places: [Point]) -> [Point] {
        var result = places
        let ranked = places.indices.filter { places[$0].y.isFinite }
            .sorted { (places[$0].y, $0) < (places[$1].y, $1) }
        var (low, high) = (0, 0)
        for (rank, index) in ranked.enumerated() {
            let y = places[index].y
            while places[ranked[low]].y < y - step { low += 1 }
            while high < ranked.count && places[ranked[high]].y <= y + step { high += 1 }
            let crowd = high - low
            guard crowd > 1 else { continue }
            let width = min(room, Double(crowd - 1) * step)
            let turn = Double(rank) * Strip.golden
            result[index].x += width * (turn - turn.rounded(.down) - 0.5)
        }
        return result
    }
}
