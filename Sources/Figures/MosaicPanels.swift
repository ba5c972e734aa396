/// The panels of a mosaic in pixels.
struct MosaicPanels {
    private let rows: Int
    private let columns: Int
    /// The cells of a panel.
    private let cells: (x: Int, y: Int)
    /// The pixels of a panel.
    private let panel: (x: Int, y: Int)
    /// The pixels between panels.
    private let gap: Int
    private let pixel: Double

    private static let gapWidth = 0.7
    private static let gapColour = Colour(grey: 0.8)
    /// No panel is larger, and none is flatter, in points.
    private static let (largest, flattest) = (150.0, 6.0)
    /// Cells are whole pixels if that takes no more than this share of their room.
    private static let loss = 0.2

    /// - Parameters:
    ///   - counts: The lengths of the four axes.
    ///   - width: The room for all panels, in points.
    ///   - tallest: The most height for all panels.
    ///   - pixel: The size of a pixel.
    init(_ counts: [Int], width: Double, tallest: Double, pixel: Double) {
        (rows, columns, cells) = (counts[0], counts[1], (counts[3], counts[2]))
        self.pixel = pixel
        gap = max(1, Int((Self.gapWidth / pixel).rounded()))
        let count = (x: Double(max(columns, 1)), y: Double(max(rows, 1)))
        let between = Double(gap) * pixel
        let room = (
            x: min((max(width, 12) - (count.x - 1) * between) / count.x, Self.largest),
            y: min((tallest - (count.y - 1) * between) / count.y, Self.largest)
        )
        let inside = (x: Double(max(cells.x, 1)), y: Double(max(cells.y, 1)))
        let cell = max(min(room.x / inside.x, room.y / inside.y) / pixel, 1e-6)
        let whole = (cell + 1e-6).rounded(.down)
        let side = whole >= (1 - Self.loss) * cell ? whole : cell
        let flattest = Self.flattest / pixel
        panel = (
            max(1, Int(max(side * inside.x, min(flattest, room.x / pixel)))),
            max(1, Int(max(side * inside.y, min(flattest, room.y / pixel))))
        )
    }

    /// The size of a panel in points.
    var side: (x: Double, y: Double) { (Double(panel.x) * pixel, Double(panel.y) * pixel) }
    /// From one panel to the next, in points.
    var step: (x: Double, y: Double) {
        (Double(panel.x + gap) * pixel, Double(panel.y + gap) * pixel)
    }
    /// The size of all panels in pixels.
    var size: (width: Int, height: Int) {
        (
            max(columns, 1) * (panel.x + gap) - gap,
            max(rows, 1) * (panel.y + gap) - gap
        )
    }
    /// The size of all panels in points.
    var width: Double { Double(size.width) * pixel }
    /// The size of all panels in points.
    var height: Double { Double(size.height) * pixel }

    /// The colours of all pixels, row by row.
    func pixels(_ values: [Float], _ scale: ColourScale) -> [Colour] {
        let (width, height) = size
        var pixels = [Colour](repeating: Self.gapColour, count: width * height)
        let ranges = (
            x: (0..<panel.x).map { Self.cells(under: $0, of: panel.x, among: cells.x) },
            y: (0..<panel.y).map { Self.cells(under: $0, of: panel.y, among: cells.y) }
        )
        let colours = values.map { scale.colour(of: $0) }
        for place in 0..<rows * columns {
            let (row, column) = place.quotientAndRemainder(dividingBy: columns)
            let first = place * cells.x * cells.y
            for (y, below) in ranges.y.enumerated() {
                let start = (row * (panel.y + gap) + y) * width + column * (panel.x + gap)
                for (x, beside) in ranges.x.enumerated() {
                    let index = strongest(below, beside, from: first, values)
                    pixels[start + x] = colours[index]
                }
            }
        }
        return pixels
    }

    /// The cells that a pixel of a panel covers, or the one that covers it.
    private static func cells(under pixel: Int, of pixels: Int, among cells: Int) -> Range<Int> {
        let first = pixel * cells / pixels
        return first..<max(first + 1, (pixel + 1) * cells / pixels)
    }

    private func strongest(
        _ rows: Range<Int>, _ columns: Range<Int>, from first: Int, _ values: [Float]
    ) -> Int {
        var best = first + rows.lowerBound * cells.x + columns.lowerBound
        if rows.count == 1 && columns.count == 1 { return best }
        for row in rows {
            for index in columns.map({ first + row * cells.x + $0 })
            where values[best].isNaN || values[index].magnitude > values[best].magnitude {
                best = index
            }
        }
        return best
    }
}
