import Figures
import Testing

/// Expects that no text leaves the page or touches another; numbers in cells may fill their cells.
func expectReadableText(on canvas: Canvas, _ what: String = "") {
    for box in canvas.textBoxes {
        let isInside = box.corners.allSatisfy {
            $0.x >= 0 && $0.x <= canvas.size.width && $0.y >= 0 && $0.y <= canvas.size.height
        }
        #expect(isInside, "\(what): \(box.text) as \(box.role) leaves the page")
    }
    let boxes = canvas.textBoxes.filter { $0.role != .cell }
    for (index, box) in boxes.enumerated() {
        for other in boxes[(index + 1)...] {
            #expect(
                !overlap(box.corners, other.corners),
                "\(what): \(box.text) touches \(other.text)")
        }
    }
}

/// Whether two convex quadrilaterals overlap: no edge of either separates them.
func overlap(_ first: [Point], _ second: [Point]) -> Bool {
    !(separates(first, second) || separates(second, first))
}

private func separates(_ first: [Point], _ second: [Point]) -> Bool {
    first.indices.contains { edge in
        let (start, end) = (first[edge], first[(edge + 1) % first.count])
        let normal = Point(x: start.y - end.y, y: end.x - start.x)
        func spread(_ corners: [Point]) -> (low: Double, high: Double) {
            let places = corners.map { $0.x * normal.x + $0.y * normal.y }
            return (places.min() ?? 0, places.max() ?? 0)
        }
        let (mine, others) = (spread(first), spread(second))
        return mine.high <= others.low || others.high <= mine.low
    }
}
