internal import Results
internal import Tensors

/// Puts lines on a page: those that are not named first, then bands, lines, and names.
struct LineDrawing {
    let plot: LinePlot
    let names: LineNames
    let canvas: Canvas

    /// The width of a line and the size of its points.
    static let (width, radius) = (1.0, 1.6)
    /// Points that are closer are not all marked, and those that are so far apart at least.
    private static let (closest, farApart) = (4.5, 25.0)
    private static let bandOpacity = 0.18
    private static let starRadius = 2.8

    private var layout: PlotLayout { names.layout }

    func draw() {
        canvas.plotArea = layout.plot
        if let zero = layout.y(of: 0), zero < layout.plot.bottom, zero > layout.plot.y {
            canvas.zeroLine(in: layout.plot, y: zero)
        }
        let named = plot.named
        let others = (0..<plot.lineCount).filter { !named.contains($0) }
        let lines =
            others.map { ($0, SeriesStyle.other) }
            + zip(named, SeriesStyle.all).reversed().map { ($0, $1) }
        canvas.clipped(to: layout.plot) {
            for (line, style) in lines { drawBand(line, style) }
        }
        for (line, style) in lines { drawLine(line, style) }
        if plot.array.values.values.isEmpty {
            canvas.text(
                "no values", .point, at: layout.plot.centre, size: FigureMetrics.labelSize)
        }
        let references = ReferenceDrawing(layout: layout, canvas: canvas, obstacles: obstacles)
        references.draw(plot.style.references)
        references.draw(plot.style.marks, areUpright: true)
        let stars = lines.compactMap { line, style in
            star(of: line).map { ($0, SeriesStyle(colour: style.colour, shape: .star)) }
        }
        canvas.clipped(to: layout.plot) {
            for (place, _) in stars {
                canvas.marker(
                    place, radius: 1.6 * Self.starRadius,
                    SeriesStyle(colour: .white, shape: .star))
            }
        }
        layout.drawAxes(on: canvas)
        for (place, style) in stars {
            canvas.marker(place, radius: Self.starRadius, style)
        }
        for label in names.labels {
            draw(label, SeriesStyle[named.firstIndex(of: label.line) ?? 0])
        }
    }

    /// The points of a line; `nil` where a value has no place.
    private func places(_ line: Int, _ values: [Float]) -> [Point?] {
        zip(plot.horizontal.positions, plot.indices(of: line)).map { position, index in
            let y = layout.vertical.fraction(of: Double(values[index]))
            guard y.isFinite else { return nil }
            // What is far outside is cut off anyhow, and PDF knows no large numbers.
            return layout.place(
                x: layout.horizontal.fraction(of: position), y: min(max(y, -10), 11))
        }
    }

    /// The parts of a line without gaps.
    private func runs<T>(_ places: [T?]) -> [[T]] {
        places.split { $0 == nil }.map { $0.compactMap(\.self) }
    }

    private func drawBand(_ line: Int, _ style: SeriesStyle) {
        guard let band = plot.band else { return }
        let edges = zip(places(line, band.lower), places(line, band.upper)).map { lower, upper in
            lower.flatMap { lower in upper.map { (lower: lower, upper: $0) } }
        }
        for run in runs(edges) {
            canvas.polygon(
                run.map(\.lower) + run.reversed().map(\.upper), style.colour,
                opacity: Self.bandOpacity)
        }
    }

    private func drawLine(_ line: Int, _ style: SeriesStyle) {
        let isOther = style.colour == SeriesStyle.other.colour
        let places = places(line, plot.array.values.values)
        canvas.clipped(to: layout.plot) {
            for run in runs(places) {
                canvas.polyline(run, width: isOther ? 0.6 : Self.width, style.colour)
            }
        }
        for index in places.indices {
            guard let place = places[index], layout.plot.padded(0.01).contains(place) else {
                continue
            }
            // A point alone would not be seen without a marker.
            let isAlone =
                (index == 0 || places[index - 1] == nil)
                && (index == places.count - 1 || places[index + 1] == nil)
            if isAlone || (!isOther && hasMarker(index, of: line)) {
                canvas.marker(place, radius: Self.radius, style)
            }
        }
    }

    /// Where a line has its star.
    private func star(of line: Int) -> Point? {
        guard let star = plot.style.star,
            let index = plot.horizontal.positions.firstIndex(of: star),
            let place = places(line, plot.array.values.values)[index],
            layout.plot.padded(0.01).contains(place)
        else { return nil }
        return place
    }

    /// Whether a point is marked: each where there is room, and some of several crowded lines, so
    /// that they can be told apart without colours.
    private func hasMarker(_ index: Int, of line: Int) -> Bool {
        let spacing = layout.plot.width / Double(plot.axis.count)
        if spacing >= Self.closest { return true }
        let step = LabelThinning(spacing: spacing, needed: Self.farApart).step
        let shift = line * step / max(plot.lineCount, 1) + step / 2
        return plot.lineCount > 1 && index % step == shift % step
    }

    private func draw(_ label: LineNames.Label, _ style: SeriesStyle) {
        let start = layout.plot.right + LineNames.distance
        if abs(label.y - label.end.y) > 1 {
            canvas.polyline(
                [
                    Point(x: label.end.x + Self.radius + 1, y: label.end.y),
                    Point(x: layout.plot.right + 1.5, y: label.end.y),
                    Point(x: start - 1, y: label.y),
                ], width: 0.4, style.colour)
        }
        canvas.text(
            label.text, .series, at: Point(x: start, y: label.y), size: FigureMetrics.labelSize,
            anchor: .start, style.colour.legible)
    }

    /// What names of references should not cover.
    private var obstacles: [Rectangle] {
        (0..<plot.lineCount).flatMap { line in
            let places = places(line, plot.array.values.values)
            return zip(places, places.dropFirst()).flatMap { start, end -> [Rectangle] in
                guard let start, let end else { return [] }
                let steps = Int(max(1, min(200, start.distance(to: end) / 2)))
                return (0...steps).map { step in
                    let share = Double(step) / Double(steps)
                    return Rectangle(
                        x: start.x + share * (end.x - start.x) - 1,
                        y: start.y + share * (end.y - start.y) - 1, width: 2, height: 2)
                }
            }
        }
    }
}
