import Figures
import Results
import Tensors
import Testing

@Suite("Correlation plots")
struct CorrelationPlotTests {
    private static func pairs(
        _ points: [(Float, Float)], kinds: [String]? = nil, names: [String]? = nil
    ) -> LabelledArray {
        LabelledArray(
            "odds", quantity: Quantity("log-odds"),
            axes: [
                Axis("odds", labels: ["true log-odds", "learnt log-odds"]),
                Axis(
                    "noun", labels: names ?? points.indices.map { "noun\($0)" },
                    companion: kinds.map { .init("kind", $0) }),
            ],
            values: Tensor([2, points.count], points.map(\.0) + points.map(\.1)),
            provenance: Sample.provenance)
    }

    private static let many = (0..<80).map { index -> (Float, Float) in
        let x = Float(index % 13) - 6
        return (x, 0.9 * x + Float(index * 7 % 11) / 8 - 0.6)
    }
    private static let kinds = (0..<80).map { ["gendered", "profession", "neutral"][$0 % 3] }
    private static let arrays = [
        pairs(many, kinds: kinds), pairs(many), pairs([]), pairs([(1, 2)]),
        pairs([(0, 0), (0, 1)]),
        pairs([(.nan, 1), (2, .infinity), (3, 4), (5, 7)]), pairs([(1e-9, 1e9), (-1e-9, -1e9)]),
        pairs(
            Array(many.prefix(4)), names: ["日本語", "\n", String(repeating: "long ", count: 20), ""]),
        pairs(many, kinds: (0..<80).map { "group number \($0 % 12)" }),
    ]
    private static let styles: [CorrelationPlot.Style] = [
        .init(), .init(hasDiagonal: true, note: "r = 0.9971"),
        .init(title: String(repeating: "A long title ", count: 9), width: 2, namedPoints: 30),
        .init(title: "", width: 6.5, dpi: 72, note: "n = 80", namedPoints: 0),
    ]

    @Test("no text leaves the page or touches another", arguments: arrays.indices, styles.indices)
    func text(array: Int, style: Int) throws {
        let plot = try CorrelationPlot(Self.arrays[array], style: Self.styles[style])
        expectReadableText(on: try plot.drawn(as: .svg), "\(array)")
        #expect(try PNGFile(plot.encoded(as: .png)).width > 0)
        #expect(!plot.preview(colour: true).isEmpty)
    }

    @Test("the points farthest from the line are named, and groups explained")
    func names() throws {
        var points = (0..<20).map { (Float($0), Float($0)) }
        points[7].1 = 15
        points[12].1 = 2
        let kinds = (0..<20).map { $0 < 10 ? "low" : "high" }
        let style = CorrelationPlot.Style(hasDiagonal: true, note: "r = 0.9", namedPoints: 2)
        let canvas = try CorrelationPlot(Self.pairs(points, kinds: kinds), style: style)
            .drawn(as: .svg)
        let texts = canvas.textBoxes
        #expect(Set(texts.filter { $0.role == .point }.map(\.text)) == ["noun7", "noun12"])
        #expect(texts.filter { $0.role == .series }.map(\.text) == ["low", "high"])
        #expect(texts.contains { $0.text == "r = 0.9" })
        #expect(texts.contains { $0.text.contains("True log-odds") })
        #expect(texts.contains { $0.text.contains("Learnt log-odds") })
    }
}
