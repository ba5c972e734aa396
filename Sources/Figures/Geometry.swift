internal import RealModule

/// A place on the page in points from its top left corner.
package struct Point: Sendable, Hashable {
    package var x: Double
    package var y: Double

    package init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }
}

/// An upright rectangle on the page, in points.
package struct Rectangle: Sendable, Hashable {
    package var x: Double
    package var y: Double
    package var width: Double
    package var height: Double

    var right: Double { x + width }
    var bottom: Double { y + height }
    var centre: Point { Point(x: x + width / 2, y: y + height / 2) }
}

/// Where a line of text was drawn, and as what; tests read it.
package struct TextBox: Sendable {
    /// What a text is for.
    package enum Role: Sendable, Hashable {
        case title, rowTitle, columnTitle, scaleTitle
        case rowLabel, columnLabel, scaleLabel, cell, point, series, reference, note
    }

    package let text: String
    package let role: Role
    /// The corners, in points, in order around the box.
    package let corners: [Point]

    /// A box whose left end of the baseline is at `origin`, turned by `angle` clockwise.
    init(
        _ text: String, _ role: Role, origin: Point, width: Double, ascent: Double, descent: Double,
        angle: Double
    ) {
        self.text = text
        self.role = role
        let (cosine, sine) = (Double.cos(angle), Double.sin(angle))
        corners = [(0, -ascent), (width, -ascent), (width, descent), (0, descent)].map { x, y in
            Point(x: origin.x + x * cosine - y * sine, y: origin.y + x * sine + y * cosine)
        }
    }
}
