internal import Results
internal import Tensors

/// Puts bars on a page.
struct BarDrawing {
    let plot: BarPlot
    let layout: PlotLayout
    let canvas: Canvas

    /// The share of an entry's room that its bars take.
    private static let share = 0.76

    func draw() {
        canvas.plotArea = layout.plot
        let values = plot.array.values.values
        let bars = values.indices.map { bar($0, values[$0]) }
        for (index, bar) in bars.enumerated() where bar.width > 0 && bar.height > 0 {
            canvas.fill(bar, colour(of: index, values[index]))
        }
        drawZero()
        if values.isEmpty {
            canvas.text(
                "no values", .point, at: layout.plot.centre, size: FigureMetrics.labelSize)
        }
        ReferenceDrawing(layout: layout, canvas: canvas, obstacles: bars, isOverAreas: true)
            .draw(plot.style.references)
        layout.drawAxes(on: canvas)
    }

    private func colour(of index: Int, _ value: Float) -> Colour {
        plot.array.axes.count == 1
            ? plot.style.colourMap.colour(ofSign: value)
            : SeriesStyle[index % plot.groupCount].colour
    }

    /// A value's bar, whose sides lie between pixels; empty where the value is not a number.
    private func bar(_ index: Int, _ value: Float) -> Rectangle {
        let entry = index / plot.groupCount
        let group = index % plot.groupCount % plot.barCount
        let count = Double(max(plot.array.axes[0].count, 1))
        func across(_ edge: Int) -> Double {
            let inside = Double(edge) / Double(plot.barCount) - 0.5
            return (Double(entry) + 0.5 + Self.share * inside) / count
        }
        let numbers = plot.isHorizontal ? layout.horizontal : layout.vertical
        let start = plot.start(of: index)
        let ends = [start, value.isNaN ? start : start + Double(value)].map {
            min(max(numbers.fraction(of: $0), 0), 1)
        }
        let (low, high) = (min(ends[0], ends[1]), max(ends[0], ends[1]))
        let corners =
            plot.isHorizontal
            ? [
                layout.place(x: low, y: 1 - across(group)),
                layout.place(x: high, y: 1 - across(group + 1)),
            ]
            : [
                layout.place(x: across(group), y: high),
                layout.place(x: across(group + 1), y: low),
            ]
        let (x, y) = (canvas.snapped(corners[0].x), canvas.snapped(corners[0].y))
        return Rectangle(
            x: x, y: y, width: canvas.snapped(corners[1].x) - x,
            height: canvas.snapped(corners[1].y) - y)
    }

    private func drawZero() {
        let area = layout.plot
        if plot.isHorizontal {
            let zero = layout.horizontal.fraction(of: 0)
            guard zero > 0, zero < 1 else { return }
            let x = layout.place(x: zero, y: 0).x
            canvas.line(
                Point(x: x, y: area.y), Point(x: x, y: area.bottom), width: FigureMetrics.line,
                .ink)
        } else if let y = layout.y(of: 0), y > area.y, y < area.bottom {
            canvas.line(
                Point(x: area.x, y: y), Point(x: area.right, y: y), width: FigureMetrics.line, .ink)
        }
    }
}
