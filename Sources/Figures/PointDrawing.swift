internal import RealModule

/// Puts points on a page: the crowd first, then those that stand out, then their names.
struct PointDrawing {
    let layout: PlotLayout
    /// Where each value lies.
    let places: [Point]
    let values: [Float]
    let style: ScatterPlot.Style
    /// What an index is called.
    let name: (Int) -> String
    let canvas: Canvas
    /// How many values follow each other in a strip of their own; `nil` where there are no strips.
    var stripLength: Int?

    /// The size of a point.
    static let radius = 0.85
    /// The size of a point that stands out.
    private static let markRadius = 1.3
    /// How much of what is below a point it covers.
    private static let opacity = 0.4
    private static let crowdColour = Colour(grey: 0.3)
    /// No name is wider, as a share of the plot.
    private static let widestName = 0.45

    func draw() {
        canvas.plotArea = layout.plot
        let zero = layout.y(of: 0)
        if let zero { canvas.zeroLine(in: layout.plot, y: zero) }
        let outliers = Outliers(values, atMost: style.namedPoints).indices.filter(isVisible)
        let chosen = Set(outliers)
        let crowd = PointCloud(
            places.indices.filter { isVisible($0) && !chosen.contains($0) }.map { places[$0] })
        for layer in crowd.layers {
            canvas.discs(
                layer, radius: Self.radius, Self.crowdColour, opacity: Self.opacity)
        }
        drawNames(outliers, crowd: crowd.places, strips: strips(without: chosen), zero: zero)
        // The strongest is on top.
        for index in outliers.reversed() {
            canvas.mark(places[index], radius: Self.markRadius, colour(of: index))
        }
        if values.isEmpty {
            canvas.text(
                "no values", .point, at: layout.plot.centre, size: FigureMetrics.labelSize)
        }
        layout.drawAxes(on: canvas)
    }

    private func isVisible(_ index: Int) -> Bool {
        values[index].isFinite && layout.y(of: Double(values[index])) != nil
    }

    private func colour(of index: Int) -> Colour {
        style.colourMap.colour(ofSign: values[index])
    }

    /// Where the points of each strip lie that have no name.
    private func strips(without chosen: Set<Int>) -> [Rectangle] {
        guard let stripLength, stripLength > 0 else { return [] }
        return stride(from: 0, to: places.count, by: stripLength).map { start in
            let points = (start..<min(start + stripLength, places.count))
                .filter { isVisible($0) && !chosen.contains($0) }.map { places[$0] }
            return Rectangle(around: points).padded(Self.radius)
        }
    }

    private func drawNames(
        _ outliers: [Int], crowd: [Point], strips: [Rectangle], zero: Double?
    ) {
        let (typeface, size) = (canvas.typeface, FigureMetrics.pointLabelSize)
        var placing = LabelPlacing(
            area: layout.plot, marks: outliers.map { places[$0] }, radius: Self.markRadius,
            crowd: crowd, zero: zero)
        for index in outliers {
            let text = typeface.shortened(
                typeface.drawable(name(index)), keeping: "",
                to: Self.widestName * layout.plot.width, size: size)
            let own = stripLength.map { index / $0 }
            placing.add(
                text, width: typeface.width(of: text, size: size), size: size, at: places[index],
                avoiding: strips.indices.filter { $0 != own }.map { strips[$0] })
        }
        placing.draw(on: canvas, size: size)
    }
}

/// Many points, thinned to what can be told apart and divided so that overlaps look darker.
struct PointCloud {
    /// The points to draw.
    let places: [Point]

    /// A file of more points would be large, and show no more.
    private static let most = 9000
    private static let layerCount = 16

    /// Leaves out points that others cover: of those in a square of a fine grid the first remains,
    /// and the squares grow until few enough are left.
    init(_ all: [Point]) {
        var (places, side) = (PointCloud.thinned(all, side: 0.2), 0.2)
        while places.count > PointCloud.most {
            side *= 1.25
            places = PointCloud.thinned(all, side: side)
        }
        self.places = places
    }

    private static func thinned(_ places: [Point], side: Double) -> [Point] {
        var taken: Set<Point> = []
        return places.filter { place in
            let square = Point(x: (place.x / side).rounded(), y: (place.y / side).rounded())
            return taken.insert(square).inserted
        }
    }

    /// The points in a few layers: those within one do not darken each other, those of two do.
    var layers: [[Point]] {
        (0..<Self.layerCount).map { layer in
            stride(from: layer, to: places.count, by: Self.layerCount).map { places[$0] }
        }.filter { !$0.isEmpty }
    }
}

extension Rectangle {
    /// The smallest one that holds some points; of no size where there are none.
    fileprivate init(around points: [Point]) {
        let (xs, ys) = (points.map(\.x), points.map(\.y))
        let (x, y) = (xs.min() ?? 0, ys.min() ?? 0)
        self.init(x: x, y: y, width: (xs.max() ?? 0) - x, height: (ys.max() ?? 0) - y)
    }
}
