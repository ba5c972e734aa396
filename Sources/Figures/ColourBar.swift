internal import RealModule
internal import Results

/// The key of a colour scale: a bar with numbers on its right and the quantity beyond them.
struct ColourBar {
    private let scale: ColourScale
    private let ticks: Ticks
    private let title: FittedText
    private let labelWidth: Double
    private let titleLine: Double
    /// The room it takes to the right of the plot, in points.
    let width: Double

    private static let barWidth = 7.0
    private static let distance = 6.0
    /// How far a plot's own labels may reach under the bar without touching its numbers.
    static let roomBelow = distance + barWidth

    /// - Parameters:
    ///   - scale: The colours.
    ///   - quantity: What the values measure.
    ///   - height: How tall the bar will be, in points.
    ///   - lines: The most lines that the quantity may take.
    init(
        _ scale: ColourScale, of quantity: Quantity, height: Double, lines: Int = 3,
        in typeface: Typeface
    ) {
        self.scale = scale
        let size = FigureMetrics.labelSize
        ticks = Ticks(scale.limits, count: min(9, Int(height / 16)))
        labelWidth = ticks.labels.map { typeface.width(of: $0, size: size) }.max() ?? 0
        title = FittedText(
            quantity.title(exponent: ticks.exponent), width: height,
            size: FigureMetrics.axisTitleSize, lines: lines, in: typeface)
        titleLine = typeface.lineHeight(title.size)
        let words = Double(title.lines.count) * titleLine
        width =
            ColourBar.distance + ColourBar.barWidth + FigureMetrics.tick + FigureMetrics.gap
            + labelWidth + FigureMetrics.gap + words
    }

    /// How many lines the quantity takes.
    var lines: Int { title.lines.count }

    /// Draws the bar beside a plot.
    func draw(beside plot: Rectangle, on canvas: Canvas) {
        let bar = Rectangle(
            x: canvas.snapped(plot.right + ColourBar.distance), y: plot.y,
            width: canvas.snapped(ColourBar.barWidth), height: plot.height)
        drawColours(bar, on: canvas)
        drawTicks(bar, on: canvas)
        var x = bar.right + FigureMetrics.tick + 2 * FigureMetrics.gap + labelWidth + titleLine / 2
        for line in title.lines {
            canvas.text(
                line, .scaleTitle, at: Point(x: x, y: plot.centre.y), size: title.size,
                angle: -.pi / 2)
            x += titleLine
        }
    }

    private func drawColours(_ bar: Rectangle, on canvas: Canvas) {
        let slices = 128
        let (low, high) = (scale.limits.lowerBound, scale.limits.upperBound)
        for slice in 0..<slices {
            let value = high - (Double(slice) + 0.5) / Double(slices) * (high - low)
            let y = canvas.snapped(bar.y + Double(slice) / Double(slices) * bar.height)
            // Each slice reaches to the bottom under the next, so that no seam shows between them.
            canvas.fill(
                Rectangle(x: bar.x, y: y, width: bar.width, height: bar.bottom - y),
                scale.colour(of: Float(value)))
        }
        canvas.frame(bar, width: FigureMetrics.line, .ink)
    }

    private func drawTicks(_ bar: Rectangle, on canvas: Canvas) {
        let (low, high) = (scale.limits.lowerBound, scale.limits.upperBound)
        let end = bar.right + FigureMetrics.tick
        for (value, label) in zip(ticks.values, ticks.labels) {
            let y = bar.bottom - (value - low) / (high - low) * bar.height
            canvas.line(
                Point(x: bar.right, y: y), Point(x: end, y: y), width: FigureMetrics.line, .ink)
            // Right-aligned, so that the decimal points stand under each other.
            canvas.text(
                label, .scaleLabel, at: Point(x: end + FigureMetrics.gap + labelWidth, y: y),
                size: FigureMetrics.labelSize, anchor: .end)
        }
    }
}
