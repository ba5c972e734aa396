import Figures
import Results
import Tensors
import Testing

@Suite("Heat map layout")
struct HeatmapLayoutTests {
    private static let words = [
        "<|endoftext|>", "The", " woman", " was", " working", " because", "\n", "\t", "é", "  ",
    ]
    private static let odd = [
        "日本語のトークン", "🙂", "👩‍👩‍👧‍👦", "",
        " an extraordinarily long token that will never fit anywhere", "\u{fffd}", "\u{7}", "مرحبا",
    ]

    private static func tokens(_ count: Int, _ words: [String] = words) -> Axis {
        Sample.positions((0..<count).map { words[$0 % words.count] })
    }

    private static let arrays: [LabelledArray] =
        [(1, 1), (12, 6), (12, 12), (48, 25), (2, 200), (100, 2), (24, 40), (3, 3072), (0, 4)]
        .map { Sample.array($0.0, $0.1) }
        + [1, 6, 12, 25, 200].map { Sample.array(Axis("layer", count: 12), tokens($0)) }
        + [1, 8, 60].map { Sample.array(tokens($0, odd), tokens($0, odd)) }
        + [
            Sample.array(
                Axis("source", labels: ["attention output", "neurons", "embedding"]),
                Axis("target", labels: (0..<30).map { "L\($0)H\($0)" }),
                name: "A long title " + String(repeating: "that goes on and on ", count: 12)),
            Sample.array(
                Axis("layer", count: 3),
                Axis("a_name_without_end_of_an_axis_of_a_result", count: 3),
                name: String(repeating: "Unbreakable", count: 20)
            ) {
                Float($0 * 3 - $1) * 1e-9
            },
        ]

    private static let styles: [Heatmap.Style] = [
        .init(), .init(width: 2), .init(width: 6.75, cellDecimals: 2),
        .init(dpi: 72, origin: .bottom, colourMap: .blues, cellDecimals: 1),
        .init(title: "", limits: -12345...67890),
    ]

    @Test("no text leaves the page or touches another", arguments: arrays.indices, styles.indices)
    func text(array: Int, style: Int) throws {
        let canvas = try Heatmap(Self.arrays[array], style: Self.styles[style]).drawn(as: .svg)
        expectReadableText(on: canvas)
    }

    @Test("tokens are labels with their positions, and spaces can be seen")
    func labels() throws {
        let array = Sample.array(Axis("layer", count: 2), Self.tokens(4))
        let boxes = try Heatmap(array).drawn(as: .svg).textBoxes
        let labels = boxes.filter { $0.role == .columnLabel }.map(\.text)
        #expect(labels == ["<|endoftext|> 0", "The 1", "␣woman 2", "␣was 3"])
        #expect(boxes.filter { $0.role == .rowTitle }.map(\.text) == ["Layer"])
        #expect(boxes.filter { $0.role == .columnTitle }.map(\.text) == ["Position"])
    }

    @Test("many labels are thinned, always with the first")
    func thinned() throws {
        let boxes = try Heatmap(Sample.array(48, 200)).drawn(as: .svg).textBoxes
        let rows = boxes.filter { $0.role == .rowLabel }.compactMap { Int($0.text) }
        let columns = boxes.filter { $0.role == .columnLabel }.compactMap { Int($0.text) }
        #expect(rows.first == 0 && columns.first == 0)
        #expect(rows.count > 4 && rows.count < 48 && columns.count > 3 && columns.count < 200)
    }

    @Test("cell numbers appear where they can be read and nowhere else")
    func numbers() throws {
        func count(_ rows: Int, _ columns: Int) throws -> Int {
            let style = Heatmap.Style(cellDecimals: 2)
            let canvas = try Heatmap(Sample.array(rows, columns), style: style).drawn(as: .svg)
            return canvas.textBoxes.count { $0.role == .cell }
        }
        #expect(try count(12, 6) == 72)
        #expect(try count(24, 60) == 0)
    }

    private static func bars(_ count: Int, _ scale: Float) -> LabelledArray {
        LabelledArray(
            "layers", quantity: Quantity("all heads"), axes: [Axis("layer", count: count)],
            values: Tensor([count], (0..<count).map { scale * (Float(($0 * 5) % 7) - 2) }))
    }

    @Test(
        "bars beside the rows leave all text readable",
        arguments: [(12, 12), (24, 16), (36, 20), (48, 25), (6, 12), (1, 2)],
        [Float(0.02), 1e-5, -3000, 0])
    func rowBars(_ shape: (Int, Int), _ scale: Float) throws {
        for width in [2.5, 3.25, 6.75] {
            let canvas = try Heatmap(
                Sample.array(shape.0, shape.1), beside: Self.bars(shape.0, scale),
                style: .init(width: width, origin: .bottom)
            ).drawn(as: .svg)
            expectReadableText(on: canvas, "\(shape) at \(width) inches")
            let titles = canvas.textBoxes.filter { $0.role == .columnTitle }
            #expect(titles.count == 2 && titles[1].text.hasPrefix("All heads"))
            // In one line, though one may be smaller.
            #expect(abs(titles[0].corners[2].y - titles[1].corners[2].y) < 3)
        }
    }

    @Test("bars need a value for each row")
    func rowBarsOfAnotherLength() {
        #expect(throws: FigureError.self) {
            try Heatmap(Sample.array(4, 3), beside: Self.bars(3, 1))
        }
        #expect(throws: FigureError.self) {
            try Heatmap(Sample.array(4, 3), beside: Sample.array(4, 1))
        }
    }

    @Test("numbers on axes have the minus of figures, words their hyphens")
    func minus() throws {
        let array = Sample.array(
            Axis("factor", labels: ["-1", "-0.2", "1e-05", "0.5"]),
            Axis("head", labels: ["5-8", "-x"]))
        let boxes = try Heatmap(array, style: .init(width: 6)).drawn(as: .svg).textBoxes
        #expect(
            boxes.filter { $0.role == .rowLabel }.map(\.text) == ["−1", "−0.2", "1e−05", "0.5"])
        #expect(boxes.filter { $0.role == .columnLabel }.map(\.text) == ["5-8", "-x"])
    }
}
