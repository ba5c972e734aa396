/// A value to compare with, drawn as a dashed line across a plot.
public struct ReferenceLine: Sendable, Hashable {
    /// Where it is.
    public var value: Double
    /// What it is; empty for no words.
    public var label: String

    /// A line at a value.
    public init(_ value: Double, _ label: String = "") {
        self.value = value
        self.label = label
    }
}

/// Draws reference lines with their names, which keep off each other and off what is drawn.
struct ReferenceDrawing {
    let layout: PlotLayout
    let canvas: Canvas
    /// What names should rather not cover.
    let obstacles: [Rectangle]
    /// Whether they pass over coloured areas, where white between the dashes keeps them visible.
    var isOverAreas = false

    private static let size = FigureMetrics.pointLabelSize
    private static let colour = Colour(grey: 0.3)
    private static let distance = 1.5

    /// The value's axis is the one with numbers; the vertical one, if both have and lines are not
    /// to be upright.
    func draw(_ lines: [ReferenceLine], areUpright: Bool = false) {
        let drawn = lines.compactMap { line in
            ends(of: line.value, isUpright: areUpright).map {
                (label: line.label, start: $0.0, end: $0.1)
            }
        }
        for line in drawn {
            if isOverAreas { canvas.polyline([line.start, line.end], width: 0.6, .white) }
            canvas.polyline([line.start, line.end], width: 0.6, Self.colour, dashes: 2)
        }
        // As wide as to weigh like other things.
        let obstacles =
            self.obstacles
            + drawn.map { line in
                Rectangle(
                    x: line.start.x, y: line.start.y, width: max(line.end.x - line.start.x, 1),
                    height: max(line.end.y - line.start.y, 1))
            }
        var taken: [Rectangle] = []
        for (label, start, end) in drawn where !label.isEmpty {
            let typeface = canvas.typeface
            let text = typeface.shortened(
                typeface.drawable(AxisText.visible(label)), keeping: "",
                to: 0.6 * layout.plot.width, size: Self.size)
            let boxes = boxes(
                width: typeface.width(of: text, size: Self.size), from: start, to: end
            ).filter { box in !taken.contains { $0.overlap(with: box) > 0 } }
            let costs = boxes.map { box in obstacles.reduce(0) { $0 + $1.overlap(with: box) } }
            guard let best = boxes.indices.min(by: { costs[$0] < costs[$1] }) else { continue }
            taken.append(boxes[best])
            canvas.text(
                text, .reference,
                at: Point(
                    x: boxes[best].x, y: boxes[best].y + LabelPlacing.middle * Self.size),
                size: Self.size, anchor: .start, halo: 1.2, Self.colour)
        }
    }

    private func ends(of value: Double, isUpright: Bool) -> (Point, Point)? {
        let plot = layout.plot
        if case .numbers = layout.vertical, !isUpright {
            return layout.y(of: value).map {
                (Point(x: plot.x, y: $0), Point(x: plot.right, y: $0))
            }
        }
        let fraction = layout.horizontal.fraction(of: value)
        guard (0...1).contains(fraction) else { return nil }
        let x = layout.place(x: fraction, y: 0).x
        return (Point(x: x, y: plot.y), Point(x: x, y: plot.bottom))
    }

    /// Where a name may be: on either side of its line, at its ends and between.
    private func boxes(width: Double, from start: Point, to end: Point) -> [Rectangle] {
        let height = 1.06 * Self.size
        let plot = layout.plot
        let shares = [1, 0, 0.75, 0.5, 0.25]
        let isLevel = start.y == end.y
        let corners = shares.flatMap { share -> [Point] in
            if isLevel {
                let x = plot.x + 2 + share * (plot.width - width - 4)
                return [
                    Point(x: x, y: start.y - Self.distance - height),
                    Point(x: x, y: start.y + Self.distance),
                ]
            }
            let y = plot.y + 2 + share * (plot.height - height - 4)
            return [
                Point(x: start.x + Self.distance, y: y),
                Point(x: start.x - Self.distance - width, y: y),
            ]
        }
        return corners.map { Rectangle(x: $0.x, y: $0.y, width: width, height: height) }.filter {
            $0.x >= plot.x && $0.right <= plot.right && $0.y >= plot.y && $0.bottom <= plot.bottom
        }
    }
}

extension Rectangle {
    /// The area that two rectangles share.
    fileprivate func overlap(with other: Rectangle) -> Double {
        max(0, min(right, other.right) - max(x, other.x))
            * max(0, min(bottom, other.bottom) - max(y, other.y))
    }
}
