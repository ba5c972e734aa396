import Figures
import Results
import Tensors
import Testing

@Suite("Intersection plots")
struct IntersectionPlotTests {
    /// All intersections of some sets, sized by their number.
    private static func array(_ sets: [String], size: (Int) -> Float) -> LabelledArray {
        let count = (1 << sets.count) - 1
        let members = { (number: Int) in sets.indices.filter { (number + 1) >> $0 & 1 == 1 } }
        return LabelledArray(
            "common", quantity: Quantity("weights among the 1000 largest"),
            axes: [
                Axis(
                    "intersection",
                    labels: (0..<count).map {
                        members($0).map { sets[$0] }.joined(separator: " & ")
                    }),
                Axis("feature", labels: sets),
            ],
            values: Tensor(
                [count, sets.count],
                (0..<count).flatMap { number in
                    sets.indices.map { members(number).contains($0) ? size(number) : .nan }
                }), provenance: Sample.provenance)
    }

    private static let bars = LabelledArray(
        "bars", quantity: Quantity("size"), axes: [Axis("set", labels: ["a"])],
        values: Tensor([1], [1]))
    private static let arrays = [
        array(["she–he", "they–I"]) { Float(7 - $0) },
        array(["a", "b", "c"]) { Float(1000 - 141 * $0) },
        array((0..<6).map { "a feature with a long name \($0)" }) { Float(123_456 - 1000 * $0) },
        array(["a", "b"]) { _ in 0 }, array(["a", "b"]) { [.infinity, -3, 1][$0] },
        array([]) { _ in 1 },
        array((0..<5).map { String(repeating: "日本", count: $0) }) { _ in 1 },
    ]
    private static let styles: [IntersectionPlot.Style] = [
        .init(), .init(title: "", width: 2), .init(title: "A title", width: 6.5, dpi: 72),
        .init(title: String(repeating: "A long title ", count: 12)),
    ]

    @Test("no text leaves the page or touches another", arguments: arrays.indices, styles.indices)
    func text(array: Int, style: Int) throws {
        let plot = try IntersectionPlot(Self.arrays[array], style: Self.styles[style])
        expectReadableText(on: try plot.drawn(as: .svg), "\(array)")
        #expect(try PNGFile(plot.encoded(as: .png)).width > 0)
        #expect(!plot.preview(colour: true).isEmpty && !plot.preview(colour: false).isEmpty)
    }

    @Test("each intersection has its size, each set its name")
    func words() throws {
        let canvas = try IntersectionPlot(Self.arrays[1]).drawn(as: .svg)
        func texts(_ role: TextBox.Role) -> [String] {
            canvas.textBoxes.filter { $0.role == role }.map(\.text)
        }
        #expect(texts(.point) == (0..<7).map { "\(1000 - 141 * $0)" })
        #expect(texts(.rowLabel) == ["a", "b", "c"])
        #expect(texts(.columnTitle) == ["Weights among the 1000 largest"])
        #expect(throws: FigureError.self) { try IntersectionPlot(Self.bars) }
    }
}
