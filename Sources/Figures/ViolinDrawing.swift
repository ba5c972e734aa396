internal import RealModule
internal import Results
internal import Statistics

/// Puts violins on a page.
struct ViolinDrawing {
    let plot: ViolinPlot
    let layout: PlotLayout
    let canvas: Canvas

    /// The share of an entry's room that a violin may take.
    private static let share = 0.8
    /// Rows with fewer values are drawn as points.
    private static let fewest = 8
    private static let opacity = 0.35
    /// How many heights the density is taken at.
    private static let steps = 96

    func draw() {
        canvas.plotArea = layout.plot
        let count = plot.array.axes[0].count
        if let zero = layout.y(of: 0), zero < layout.plot.bottom, zero > layout.plot.y {
            canvas.zeroLine(in: layout.plot, y: zero)
        }
        canvas.clipped(to: layout.plot) {
            for row in 0..<count { draw(row, SeriesStyle[row]) }
        }
        if (0..<count).allSatisfy({ plot.values(of: $0).isEmpty }) {
            canvas.text(
                "no values", .point, at: layout.plot.centre, size: FigureMetrics.labelSize)
        }
        ReferenceDrawing(layout: layout, canvas: canvas, obstacles: [], isOverAreas: true)
            .draw(plot.style.references)
        layout.drawAxes(on: canvas)
    }

    private func draw(_ row: Int, _ style: SeriesStyle) {
        let values = plot.values(of: row)
        let middle = layout.horizontal.fraction(of: Double(row))
        func place(_ value: Double) -> Point {
            layout.place(x: middle, y: layout.vertical.fraction(of: value))
        }
        let room = Self.share * layout.plot.width / Double(max(plot.array.axes[0].count, 1))
        guard values.count >= Self.fewest else {
            return canvas.discs(
                values.map(place), radius: PointDrawing.radius + 0.4, style.colour, opacity: 0.8)
        }
        let outline = Density(values).outline(steps: Self.steps)
        let sides = [-0.5, 0.5].map { side in
            outline.map { height, width in
                Point(x: place(height).x + side * width * room, y: place(height).y)
            }
        }
        canvas.polygon(sides[0] + sides[1].reversed(), style.colour, opacity: Self.opacity)
        for side in sides { canvas.polyline(side, width: 0.5, style.colour) }
        let quartiles = [0.25, 0.5, 0.75].map { place(quantile($0, ofSorted: values)) }
        canvas.line(quartiles[0], quartiles[2], width: 2.2, style.colour)
        canvas.discs([quartiles[1]], radius: 1.6, style.colour, opacity: 1)
        canvas.discs([quartiles[1]], radius: 0.9, .white, opacity: 1)
    }
}

/// A smooth density of values: a normal kernel on each.
private struct Density {
    let values: [Double]
    /// The kernel's standard deviation.
    let bandwidth: Double

    /// - Parameter sorted: Rising; at least two.
    init(_ sorted: [Double]) {
        values = sorted
        // Silverman 1986, eq. 3.31: robust against a second mode, which an encoder's values have.
        let count = Double(sorted.count)
        let mean = sorted.reduce(0, +) / count
        let variance = sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        let spread =
            (quantile(0.75, ofSorted: sorted) - quantile(0.25, ofSorted: sorted)) / 1.34
        let scales = [variance.squareRoot(), spread].filter { $0 > 0 }
        let scale = scales.min() ?? 0
        let range = sorted[sorted.count - 1] - sorted[0]
        bandwidth = max(0.9 * scale * Double.pow(count, -0.2), 0.01 * range, .leastNormalMagnitude)
    }

    /// Heights within the values' range, and the density there as a share of the largest.
    func outline(steps: Int) -> [(height: Double, width: Double)] {
        let (low, high) = (values[0], values[values.count - 1])
        guard high > low else { return [(low, 1), (high, 1)] }
        let densities = (0..<steps).map { step -> (Double, Double) in
            let height = low + (high - low) * Double(step) / Double(steps - 1)
            let sum = values.reduce(0.0) { sum, value in
                let distance = (value - height) / bandwidth
                return sum + Double.exp(-0.5 * distance * distance)
            }
            return (height, sum)
        }
        let largest = densities.map(\.1).max() ?? 1
        return densities.map { ($0, $1 / largest) }
    }
}
