internal import RealModule

/// What all plots have around them: a title above, numbers or names on two sides.
extension Canvas {
    /// Draws the left axis: ticks with labels, which end at the same place, and the title.
    ///
    /// - Parameters:
    ///   - marks: The labels and their heights on the page.
    ///   - width: The room for the labels.
    ///   - hasTicks: Whether a tick leads to each label.
    func rowAxis(
        of plot: Rectangle, marks: [(y: Double, text: String)], width: Double, title: FittedText,
        hasTicks: Bool = true
    ) {
        let end = plot.x - FigureMetrics.tick
        for (y, text) in marks {
            if hasTicks {
                line(Point(x: plot.x, y: y), Point(x: end, y: y), width: FigureMetrics.line, .ink)
            }
            self.text(
                text, .rowLabel, at: Point(x: end - FigureMetrics.gap, y: y),
                size: FigureMetrics.labelSize, anchor: .end)
        }
        let height = typeface.lineHeight(title.size)
        let lines = Double(title.lines.count)
        var x = end - width - 2.5 * FigureMetrics.gap - (lines - 0.5) * height
        for line in title.lines {
            text(
                line, .rowTitle, at: Point(x: x, y: plot.centre.y), size: title.size,
                angle: -.pi / 2)
            x += height
        }
    }

    /// Draws the axis below: ticks with labels, which may be turned, and the title.
    ///
    /// - Parameters:
    ///   - marks: The labels and their places across the page.
    ///   - angle: The labels' direction of writing.
    ///   - height: The room for the labels.
    ///   - drop: By how much all text is lower, to keep away from the left axis's labels.
    ///   - hasTicks: Whether a tick leads to each label.
    func columnAxis(
        of plot: Rectangle, marks: [(x: Double, text: String)], angle: Double, height: Double,
        title: FittedText, drop: Double = 0, hasTicks: Bool = true
    ) {
        let end = plot.bottom + FigureMetrics.tick
        let top = end + FigureMetrics.gap + drop
        let size = FigureMetrics.labelSize
        let middle = typeface.capital(size) / 2 * .cos(angle)
        if hasTicks { ticks(below: plot, marks.map(\.x)) }
        for (x, text) in marks {
            self.text(
                text, .columnLabel, at: Point(x: x, y: top + middle),
                size: size, anchor: angle == 0 ? .middle : .end, angle: angle)
        }
        let line = typeface.lineHeight(title.size)
        let y = top + height + line / 2
        for text in title.lines {
            self.text(text, .columnTitle, at: Point(x: plot.centre.x, y: y), size: title.size)
        }
    }

    /// Draws the ticks of the axis below.
    func ticks(below plot: Rectangle, _ places: [Double]) {
        for x in places {
            line(
                Point(x: x, y: plot.bottom), Point(x: x, y: plot.bottom + FigureMetrics.tick),
                width: FigureMetrics.line, .ink)
        }
    }

    /// Draws a line through a plot where values are zero.
    func zeroLine(in plot: Rectangle, y: Double) {
        line(
            Point(x: plot.x, y: y), Point(x: plot.right, y: y), width: FigureMetrics.line,
            Colour(grey: 0.55))
    }

    /// Writes a title in the middle of the plot, or as near as the page's edges let the widest line
    /// be.
    ///
    /// - Parameters:
    ///   - top: Where its first line begins; at the top of the page unless said otherwise.
    ///   - role: What the words are for.
    func title(
        _ title: FittedText, over plot: Rectangle, top: Double = FigureMetrics.margin,
        role: TextBox.Role = .title
    ) {
        let size = title.size
        let widest = title.lines.map { typeface.width(of: $0, size: size) }.max() ?? 0
        let end = self.size.width - FigureMetrics.margin - widest / 2
        let x = max(min(plot.centre.x, end), FigureMetrics.margin + widest / 2)
        for (index, text) in title.lines.enumerated() {
            let y = top + (Double(index) + 0.5) * typeface.lineHeight(size)
            self.text(text, role, at: Point(x: x, y: y), size: size)
        }
    }
}
