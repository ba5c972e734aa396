internal import Results
internal import Tensors

/// The layout of a line plot and where the names of its lines are: at their right ends if that
/// does, in a legend otherwise.
struct LineNames {
    /// A name at the right end of its line.
    struct Label {
        let line: Int
        let text: String
        /// The end of the line.
        let end: Point
        /// The height of the name's middle.
        let y: Double
    }

    let layout: PlotLayout
    /// Empty where a legend names the lines.
    let labels: [Label]

    private static let size = FigureMetrics.labelSize
    /// From the plot to the names.
    static let distance = 7.0
    /// No name takes more of the page's width.
    private static let widest = 0.24
    /// Names farther from their lines than so many lines of text are no longer at their ends.
    private static let farthest = 1.6

    init(_ plot: LinePlot, typeface: Typeface) {
        let (axis, positions) = plot.horizontal
        let named = plot.array.axes.count == 1 ? [] : plot.named
        func layout(right: Double, legend: [Legend.Entry]) -> PlotLayout {
            PlotLayout(
                plot, style: plot.style, horizontal: axis, vertical: plot.vertical,
                frame: plot.frame, right: right, legend: legend, typeface: typeface)
        }
        let room = Self.widest * plot.style.width * 72
        let texts = named.map { typeface.drawable(plot.name(of: $0)) }
        let widths = texts.map { typeface.width(of: $0, size: Self.size) }
        let direct = layout(right: Self.distance + (widths.max() ?? 0), legend: [])
        if let widest = widths.max(), widest <= room,
            let labels = Self.labels(
                named, texts, of: plot, at: positions, in: direct,
                line: typeface.lineHeight(Self.size))
        {
            (self.layout, self.labels) = (direct, labels)
            return
        }
        let entries = zip(named.indices, named).map {
            Legend.Entry(text: plot.name(of: $1), style: SeriesStyle[$0], isLine: true)
        }
        (self.layout, labels) = (layout(right: 0, legend: entries), [])
    }

    /// The names beside the ends of their lines; `nil` where a line ends early or names would be
    /// far from their lines.
    private static func labels(
        _ named: [Int], _ texts: [String], of plot: LinePlot, at positions: [Double],
        in layout: PlotLayout, line: Double
    ) -> [Label]? {
        guard let last = positions.indices.max(by: { positions[$0] < positions[$1] }) else {
            return nil
        }
        let x = layout.horizontal.fraction(of: positions[last])
        var ends: [Point] = []
        for entry in named {
            let value = plot.array.values.values[plot.indices(of: entry).lowerBound + last]
            guard let y = layout.y(of: Double(value)) else { return nil }
            ends.append(Point(x: layout.place(x: x, y: 0).x, y: y))
        }
        let order = ends.indices.sorted { (ends[$0].y, $0) < (ends[$1].y, $1) }
        let heights = spread(order.map { ends[$0].y }, apart: line)
        // A name may reach beyond the plot by half a line.
        guard zip(order, heights).allSatisfy({ abs(ends[$0].y - $1) <= farthest * line }),
            (heights.first ?? .infinity) >= layout.plot.y,
            (heights.last ?? 0) <= layout.plot.bottom
        else { return nil }
        return zip(order, heights).map {
            Label(line: named[$0], text: texts[$0], end: ends[$0], y: $1)
        }
    }

    /// Ascending places moved as little as need be for a distance between neighbours, in the sense
    /// of least squares.
    private static func spread(_ places: [Double], apart distance: Double) -> [Double] {
        // Without the distances the places must ascend: neighbours that do not share their mean
        // (the pool-adjacent-violators algorithm).
        var pools: [(mean: Double, count: Int)] = []
        for (index, place) in places.enumerated() {
            var pool = (mean: place - Double(index) * distance, count: 1)
            while let last = pools.last, last.mean >= pool.mean {
                let count = last.count + pool.count
                let sum = Double(last.count) * last.mean + Double(pool.count) * pool.mean
                pool = (sum / Double(count), count)
                pools.removeLast()
            }
            pools.append(pool)
        }
        return pools.flatMap { Array(repeating: $0.mean, count: $0.count) }.enumerated()
            .map { $1 + Double($0) * distance }
    }
}
