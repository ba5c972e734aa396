/// Puts a graph on a page: bands of levels, edges from the smallest to the largest, nodes on top.
struct GraphDrawing {
    let plot: GraphPlot
    let layout: GraphLayout
    let canvas: Canvas

    /// The widths of the smallest and of the largest edge, in points.
    private static let (thinnest, thickest) = (0.35, 2.6)
    /// The points of a bend.
    private static let samples = 12
    private static let (band, frame) = (Colour(grey: 0.955), Colour(grey: 0.4))

    func draw() {
        canvas.plotArea = layout.plot
        for (index, label) in layout.labels.enumerated() where index.isMultiple(of: 2) {
            canvas.fill(label.band, Self.band)
        }
        drawEdges()
        for box in layout.boxes { draw(box) }
        if layout.boxes.isEmpty {
            canvas.text(
                "no edges", .point, at: layout.plot.centre, size: FigureMetrics.labelSize)
        }
        canvas.rowAxis(
            of: layout.plot, marks: layout.labels.map { ($0.y, $0.text) },
            width: layout.labelWidth, title: layout.rowTitle, hasTicks: false)
        canvas.title(layout.title, over: layout.plot)
        layout.legend?.draw(on: canvas)
        canvas.title(
            layout.note, over: layout.plot, top: layout.plot.bottom + 2 * FigureMetrics.gap,
            role: .note)
    }

    private func drawEdges() {
        let largest = plot.edges.map(\.value.magnitude).max() ?? 0
        let order = plot.edges.indices.sorted {
            (plot.edges[$0].value.magnitude, $0) < (plot.edges[$1].value.magnitude, $1)
        }
        for edge in order {
            let value = plot.edges[edge].value
            let share = largest > 0 ? Double(value.magnitude / largest) : 0
            canvas.polyline(
                bent(layout.paths[edge]),
                width: Self.thinnest + share * (Self.thickest - Self.thinnest),
                plot.style.colourMap.colour(ofSign: value))
        }
    }

    /// A path that goes upwards through each of its points.
    private func bent(_ path: [Point]) -> [Point] {
        zip(path, path.dropFirst()).flatMap { start, end in
            // A cubic whose ends are vertical: x follows 3t² − 2t³ where y goes evenly.
            let steps = start.x == end.x ? 1 : Self.samples
            return (0...steps).map { step in
                let t = Double(step) / Double(steps)
                let across = t * t * (3 - 2 * t)
                return Point(
                    x: start.x + across * (end.x - start.x), y: start.y + t * (end.y - start.y))
            }
        }
    }

    private func draw(_ box: GraphLayout.Box) {
        let area = box.rectangle
        canvas.frame(area, width: FigureMetrics.line, Self.frame)
        canvas.fill(area, .white)
        let typeface = canvas.typeface
        let name = typeface.shortened(
            typeface.drawable(AxisText.visible(box.name)), keeping: "", to: area.width,
            size: GraphLayout.nameSize)
        canvas.text(
            name, .point, at: Point(x: area.centre.x, y: area.y + 5),
            size: GraphLayout.nameSize)
        for port in box.ports {
            canvas.text(
                typeface.drawable(AxisText.visible(port.name)), .point,
                at: Point(x: port.x, y: area.bottom - 3.2), size: GraphLayout.portSize,
                Colour(grey: 0.3))
        }
    }
}
