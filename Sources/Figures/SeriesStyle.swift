internal import RealModule

/// How a series is told from others: by colour, and by shape for those who see no colours.
struct SeriesStyle {
    /// The shape of a series' points.
    enum Shape {
        case disc, square, triangle, diamond, star
    }

    let colour: Colour
    let shape: Shape
    /// Whether points are white inside.
    var isHollow = false

    /// Series beyond those that can be told apart.
    static let other = SeriesStyle(colour: Colour(grey: 0.78), shape: .disc, isHollow: false)

    /// As many as can be told apart; the colours are Okabe and Ito's for all kinds of sight
    /// (https://jfly.uni-koeln.de/color/), a dark red and a grey instead of their yellow and black.
    static let all: [SeriesStyle] = {
        let colours = [
            (0x00, 0x72, 0xb2), (0xd5, 0x5e, 0x00), (0x00, 0x9e, 0x73), (0xcc, 0x79, 0xa7),
            (0xe6, 0x9f, 0x00), (0x56, 0xb4, 0xe9), (0x88, 0x22, 0x55), (0x44, 0x44, 0x44),
        ].map { Colour(red: Double($0) / 255, green: Double($1) / 255, blue: Double($2) / 255) }
        let shapes: [Shape] = [.disc, .square, .triangle, .diamond]
        return colours.enumerated().map { index, colour in
            SeriesStyle(colour: colour, shape: shapes[index % 4], isHollow: index >= 4)
        }
    }()

    /// The styles of series by their order.
    static subscript(_ index: Int) -> SeriesStyle { index < all.count ? all[index] : other }
}

extension Canvas {
    /// Draws a point of a series.
    func marker(_ centre: Point, radius: Double, _ style: SeriesStyle) {
        func shape(_ scale: Double, _ colour: Colour) {
            let radius = radius * scale
            guard let corners = style.shape.corners else {
                discs([centre], radius: radius, colour, opacity: 1)
                return
            }
            polygon(
                corners.map { Point(x: centre.x + $0 * radius, y: centre.y + $1 * radius) }, colour)
        }
        shape(1, style.colour)
        if style.isHollow { shape(0.5, .white) }
    }
}

extension SeriesStyle.Shape {
    /// The corners about the centre, for areas like a disc's of radius 1; `nil` for a disc.
    fileprivate var corners: [(Double, Double)]? {
        switch self {
        case .disc: nil
        case .square: [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]
        case .triangle: [(0, -1.3), (1.2, 0.85), (-1.2, 0.85)]
        case .diamond: [(0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)]
        case .star:
            (0..<10).map { corner in
                let (angle, radius) = (Double(corner) * .pi / 5, corner % 2 == 0 ? 1.5 : 0.62)
                return (radius * .sin(angle), -radius * .cos(angle))
            }
        }
    }
}

extension Colour {
    /// The colour dark enough for small text on white, 4.5 : 1 (WCAG 2.1).
    var legible: Colour {
        var colour = self
        while colour.luminance > 0.183 {
            colour = Colour(
                red: 0.95 * colour.red, green: 0.95 * colour.green, blue: 0.95 * colour.blue)
        }
        return colour
    }
}

/// The names of series with samples of how they are drawn, in lines as wide as the plot.
struct Legend {
    /// One series.
    struct Entry {
        let text: String
        let style: SeriesStyle
        /// Whether the sample is a line with a point rather than a patch of colour.
        let isLine: Bool
    }

    /// The room it takes, in points.
    let height: Double
    private let places: [(entry: Entry, text: String, place: Point)]

    private static let size = FigureMetrics.labelSize
    private static let (sample, between) = (11.0, 8.0)

    /// - Parameters:
    ///   - start: The upper left corner.
    ///   - width: The room for a line, in points.
    init(_ entries: [Entry], at start: Point, width: Double, in typeface: Typeface) {
        let line = typeface.lineHeight(Self.size)
        let sample = Self.sample + FigureMetrics.gap
        var place = Point(x: start.x, y: start.y + line / 2)
        var places: [(entry: Entry, text: String, place: Point)] = []
        for entry in entries {
            let text = typeface.shortened(
                typeface.drawable(entry.text), keeping: "", to: width - sample, size: Self.size)
            let length = sample + typeface.width(of: text, size: Self.size)
            if place.x > start.x, place.x + length > start.x + width {
                place = Point(x: start.x, y: place.y + line)
            }
            places.append((entry, text, place))
            place.x += length + Self.between
        }
        self.places = places
        height = place.y + line / 2 + 2 * FigureMetrics.gap - start.y
    }

    func draw(on canvas: Canvas) {
        for (entry, text, place) in places {
            let end = Point(x: place.x + Self.sample, y: place.y)
            if entry.isLine {
                canvas.line(place, end, width: LineDrawing.width, entry.style.colour)
                canvas.marker(
                    Point(x: (place.x + end.x) / 2, y: place.y), radius: LineDrawing.radius,
                    entry.style)
            } else {
                canvas.fill(
                    Rectangle(x: place.x, y: place.y - 2.5, width: Self.sample - 2, height: 5),
                    entry.style.colour)
            }
            canvas.text(
                text, .series, at: Point(x: end.x + FigureMetrics.gap, y: place.y),
                size: Self.size, anchor: .start)
        }
    }
}
