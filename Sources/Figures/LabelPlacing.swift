internal import RealModule

/// Finds places for the names of points so that nothing lies on anything.
///
/// Each name in turn tries places around its point, near ones first, and takes the one that covers
/// least; farther away a line leads to it. A name without a place is left out.
struct LabelPlacing {
    /// A name in its place.
    struct Label {
        let text: String
        let box: Rectangle
        /// From the point's rim to the name, where it is not next to its point.
        let leader: (start: Point, end: Point)?
    }

    /// Where names may be.
    let area: Rectangle
    /// The points that no name may cover.
    let marks: [Point]
    /// The size of those points.
    let radius: Double
    /// The points that names should rather not cover.
    let crowd: [Point]
    /// The height of a line that names should rather not cross.
    let zero: Double?
    /// The names placed so far.
    private(set) var labels: [Label] = []

    /// The distances from a point at which its name may be, in points.
    private static let distances = [0.0, 2, 5, 9, 14, 20, 28, 38, 50]
    /// From this distance on a line leads to the name.
    private static let leaderDistance = 5.0
    private static let directions = 24
    /// What it costs to lie among other points.
    private static let strayCost = 12.0
    /// The space around a name, in points.
    private static let gap = 0.8
    /// From a box's top to the middle of its capitals, by the size of the type.
    static let middle = 0.415
    /// The height of a name's box by the size of the type.
    private static let height = 1.02

    init(area: Rectangle, marks: [Point], radius: Double, crowd: [Point], zero: Double?) {
        self.area = area
        self.marks = marks
        self.radius = radius
        self.crowd = crowd
        self.zero = zero
    }

    /// Places a point's name if it can be done.
    ///
    /// - Parameter others: Where a name would be taken for one of other points.
    mutating func add(
        _ text: String, width: Double, size: Double, at point: Point,
        avoiding others: [Rectangle] = []
    ) {
        var best: (cost: Double, box: Rectangle, leader: (start: Point, end: Point)?)?
        for distance in Self.distances {
            for step in 0..<Self.directions {
                let angle = 2 * Double.pi * Double(step) / Double(Self.directions)
                let box = Self.box(
                    width: width, height: Self.height * size, at: point, angle: angle,
                    distance: radius + Self.gap + distance)
                let leader =
                    distance < Self.leaderDistance ? nil : leader(from: point, to: box)
                // Beside is better than above or below, and near than far.
                let base = 0.4 * distance + 0.8 * abs(Double.sin(angle))
                if let best, base >= best.cost { continue }
                guard isFree(box), isNearest(point, to: box, hasLeader: leader != nil),
                    leader.map({ isFree($0, of: point) }) ?? true
                else { continue }
                let passed = leader.map { neighbours(of: point, passedBy: $0) } ?? 0
                let astray = others.count { $0.touches(box) }
                let cost =
                    base + covered(by: box) + 2 * Double(passed) + Self.strayCost * Double(astray)
                if cost < best?.cost ?? .infinity { best = (cost, box, leader) }
            }
        }
        guard let best else { return }
        labels.append(Label(text: text, box: best.box, leader: best.leader))
    }

    /// A box in some direction, whose nearest side is at a distance.
    private static func box(
        width: Double, height: Double, at point: Point, angle: Double, distance: Double
    ) -> Rectangle {
        let (cosine, sine) = (Double.cos(angle), Double.sin(angle))
        let longer = max(abs(cosine), abs(sine))
        let centre = Point(
            x: point.x + cosine / longer * width / 2 + cosine * distance,
            y: point.y + sine / longer * height / 2 + sine * distance)
        return Rectangle(
            x: centre.x - width / 2, y: centre.y - height / 2, width: width, height: height)
    }

    private func leader(from point: Point, to box: Rectangle) -> (start: Point, end: Point) {
        let end = box.nearest(to: point)
        let length = max(point.distance(to: end), 1e-9)
        let share = min(radius / length, 1)
        return (
            Point(
                x: point.x + share * (end.x - point.x), y: point.y + share * (end.y - point.y)),
            end
        )
    }

    private func isFree(_ box: Rectangle) -> Bool {
        guard box.x >= area.x + Self.gap, box.right <= area.right - Self.gap,
            box.y >= area.y + Self.gap, box.bottom <= area.bottom - Self.gap
        else { return false }
        return marks.allSatisfy { box.nearest(to: $0).distance(to: $0) >= radius + 0.4 }
            && labels.allSatisfy { label in
                !label.box.padded(Self.gap).touches(box)
                    && label.leader.map { !box.padded(0.4).isCrossed(by: $0) } ?? true
            }
    }

    /// Whether a name at a box cannot be taken for another point's.
    private func isNearest(_ point: Point, to box: Rectangle, hasLeader: Bool) -> Bool {
        let least = hasLeader ? 4 : box.nearest(to: point).distance(to: point) + 1
        return marks.allSatisfy { $0 == point || box.nearest(to: $0).distance(to: $0) >= least }
    }

    /// Whether a leader passes no name, no other leader and no other point but such as its own
    /// point touches.
    private func isFree(_ leader: (start: Point, end: Point), of point: Point) -> Bool {
        marks.allSatisfy {
            isNeighbour($0, of: point) || $0.distance(to: leader) >= radius + 0.4
        }
            && labels.allSatisfy { label in
                !label.box.padded(0.4).isCrossed(by: leader)
                    && label.leader.map { !crosses($0, leader) } ?? true
            }
    }

    private func isNeighbour(_ mark: Point, of point: Point) -> Bool {
        mark.distance(to: point) < 2 * radius + 0.8
    }

    /// How many points that touch a point its leader passes.
    private func neighbours(
        of point: Point, passedBy leader: (start: Point, end: Point)
    ) -> Int {
        marks.count {
            $0 != point && isNeighbour($0, of: point) && $0.distance(to: leader) < radius
        }
    }

    /// What it costs to cover points of the crowd and the line.
    private func covered(by box: Rectangle) -> Double {
        let wide = box.padded(0.5)
        let points = crowd.count { wide.contains($0) }
        let isCrossed = zero.map { $0 > box.y && $0 < box.bottom } ?? false
        return 4 * Double(points) + (isCrossed ? 3 : 0)
    }
}

/// Whether two lines cross.
private func crosses(
    _ first: (start: Point, end: Point), _ second: (start: Point, end: Point)
) -> Bool {
    func side(_ line: (start: Point, end: Point), _ point: Point) -> Double {
        (line.end.x - line.start.x) * (point.y - line.start.y)
            - (line.end.y - line.start.y) * (point.x - line.start.x)
    }
    return side(first, second.start) * side(first, second.end) <= 0
        && side(second, first.start) * side(second, first.end) <= 0
}

extension Point {
    func distance(to other: Point) -> Double { Double.hypot(other.x - x, other.y - y) }

    /// The distance to the nearest point of a line.
    fileprivate func distance(to line: (start: Point, end: Point)) -> Double {
        let (dx, dy) = (line.end.x - line.start.x, line.end.y - line.start.y)
        let square = dx * dx + dy * dy
        guard square > 0 else { return distance(to: line.start) }
        let share = ((x - line.start.x) * dx + (y - line.start.y) * dy) / square
        let inside = min(max(share, 0), 1)
        return distance(to: Point(x: line.start.x + inside * dx, y: line.start.y + inside * dy))
    }
}

extension Rectangle {
    /// The rectangle's point that is nearest to a point.
    fileprivate func nearest(to point: Point) -> Point {
        Point(x: min(max(point.x, x), right), y: min(max(point.y, y), bottom))
    }

    func padded(_ length: Double) -> Rectangle {
        Rectangle(
            x: x - length, y: y - length, width: width + 2 * length, height: height + 2 * length)
    }

    func contains(_ point: Point) -> Bool {
        point.x > x && point.x < right && point.y > y && point.y < bottom
    }

    fileprivate func touches(_ other: Rectangle) -> Bool {
        x < other.right && other.x < right && y < other.bottom && other.y < bottom
    }

    /// Whether a line enters the rectangle.
    fileprivate func isCrossed(by line: (start: Point, end: Point)) -> Bool {
        if contains(line.start) || contains(line.end) { return true }
        let diagonals = [
            (Point(x: x, y: y), Point(x: right, y: bottom)),
            (Point(x: right, y: y), Point(x: x, y: bottom)),
        ]
        return diagonals.contains { crosses(($0.0, $0.1), line) }
    }
}

extension LabelPlacing {
    /// Draws the names and the lines that lead to them.
    func draw(on canvas: Canvas, size: Double) {
        for label in labels {
            if let (start, end) = label.leader {
                canvas.line(start, end, width: 0.35, Colour(grey: 0.35))
            }
        }
        for label in labels {
            canvas.text(
                label.text, .point,
                at: Point(x: label.box.x, y: label.box.y + Self.middle * size), size: size,
                anchor: .start, halo: 1.2)
        }
    }
}
