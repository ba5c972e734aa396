import Figures
import Results
import Tensors
import Testing

@Suite("Line plots")
struct LinePlotTests {
    private static func lines(
        _ series: [String], _ labels: [String], value: (Int, Int) -> Float
    ) -> LabelledArray {
        Sample.array(
            Axis("selection", labels: series), Axis("k", labels: labels), name: "top-k",
            value: value)
    }

    private static func line(_ values: [Float], axis: Axis? = nil) -> LabelledArray {
        LabelledArray(
            "loss", quantity: Quantity("loss", unit: "nats"),
            axes: [axis ?? Axis("step", count: values.count)],
            values: Tensor([values.count], values), provenance: Sample.provenance)
    }

    private static let words = ["greedy", "top-k", "random", "日本語", "a name that is rather long"]
    private static let fan = lines(words, (0..<6).map(String.init)) { Float($0) * Float($1) / 10 }
    private static let arrays: [LabelledArray] = [
        fan, line([]), line([2]), line([.nan, .nan]), line([0, 0, 0]), line([1e-9, 3e-9, 2e-9]),
        line([1, .nan, 2, 3, .infinity, 4, -.infinity, 5]),
        line((0..<3000).map { 1 / Float($0 + 1) }),
        line([1, 3, 2, 5, 4, 1], axis: Sample.positions([" a", "b", "\n", "word", "日本", ""])),
        line([1, 2, 3], axis: Axis("rate", labels: ["1e-5", "2e-5", "1e-4"])),
        line([5, 6, 7], axis: Axis("share", labels: ["0.25", "0.5", "0.75"])),
        lines(words, ["1", "10", "100"]) { _, _ in 1 },
        lines((0..<24).map(String.init), (0..<40).map(String.init)) { Float($0 * 40 + $1) },
        lines((0..<3).map { String(repeating: "name \($0) ", count: 12) }, ["0", "1"]) {
            Float($0 + $1)
        },
        lines([], ["0"]) { _, _ in 0 }, lines(["a"], []) { _, _ in 0 },
    ]

    private static let references = [
        ReferenceLine(1, "chance"), ReferenceLine(1.01, "a reference with a long name in words"),
        ReferenceLine(1.02, "three"), ReferenceLine(0), ReferenceLine(.nan, "none"),
    ]

    private static let styles: [LinePlot.Style] = [
        .init(), .init(width: 2, references: references), .init(isLogarithmic: true),
        .init(width: 6.5, isLogarithmic: true, references: references),
        .init(title: String(repeating: "A long title ", count: 12), dpi: 72, limits: 0.5...2),
    ]

    @Test("no text leaves the page or touches another", arguments: arrays.indices, styles.indices)
    func text(array: Int, style: Int) throws {
        let plot = try LinePlot(Self.arrays[array], style: Self.styles[style])
        expectReadableText(on: try plot.drawn(as: .svg), "\(array)")
        #expect(try PNGFile(plot.encoded(as: .png)).width > 0)
        #expect(!plot.preview(colour: true).isEmpty)
    }

    private func texts(_ canvas: Canvas, _ role: TextBox.Role) -> [TextBox] {
        canvas.textBoxes.filter { $0.role == role }
    }

    @Test("lines are named at their ends, in a legend where those are close")
    func names() throws {
        let apart = Self.lines(["greedy", "random"], ["0", "1"]) { Float($0 * $1) }
        let canvas = try LinePlot(apart).drawn(as: .svg)
        let ends = texts(canvas, .series)
        #expect(Set(ends.map(\.text)) == ["greedy", "random"])
        #expect(ends.allSatisfy { $0.corners[0].x > canvas.plotArea.x + canvas.plotArea.width })
        let close = Self.lines(["a", "b", "c", "d", "e"], ["0", "1"]) { _, _ in 1 }
        let legend = try LinePlot(close).drawn(as: .svg)
        #expect(texts(legend, .series).map(\.text) == ["a", "b", "c", "d", "e"])
        #expect(texts(legend, .series).allSatisfy { $0.corners[2].y < legend.plotArea.y })
        #expect(texts(try LinePlot(Self.line([1, 2])).drawn(as: .svg), .series).isEmpty)
    }

    @Test("of many lines the strongest are named, numbered ones with their axis")
    func strongest() throws {
        let array = Sample.array(Axis("layer", count: 24), Axis("head", count: 3)) { row, _ in
            row % 3 == 0 ? -Float(row) : 0.1
        }
        let names = texts(try LinePlot(array).drawn(as: .svg), .series).map(\.text)
        #expect(Set(names).isSuperset(of: ["Layer 3", "Layer 21"]) && names.count == 8)
    }

    @Test("points lie at the numbers of their labels, and a single letter stays a symbol")
    func positions() throws {
        let labels = ["1", "2", "100"]
        let boxes = try LinePlot(Self.lines(["a"], labels) { Float($1) }).drawn(as: .svg).textBoxes
        let marks = boxes.filter { $0.role == .columnLabel }.map(\.text)
        #expect(marks.first == "0" && marks.last == "100" && !marks.contains("2"))
        #expect(boxes.contains { $0.role == .columnTitle && $0.text == "k" })
        let words = try LinePlot(Self.lines(["a"], ["x", "y"]) { Float($1) }).drawn(as: .svg)
        #expect(texts(words, .columnLabel).map(\.text) == ["x", "y"])
    }

    @Test("references are within the axis and named")
    func references() throws {
        let style = LinePlot.Style(references: [ReferenceLine(9, "chance")])
        let canvas = try LinePlot(Self.line([1, 2]), style: style).drawn(as: .svg)
        let name = try #require(texts(canvas, .reference).first)
        #expect(name.text == "chance" && name.corners[0].y > canvas.plotArea.y)
    }

    /// The colours in a column of pixels of the plot, other than white.
    private func colours(_ plot: LinePlot, at share: Double) throws -> Set<[UInt8]> {
        let area = try plot.drawn(as: .png).plotArea
        let file = try PNGFile(plot.encoded(as: .png))
        let x = area.x + share * area.width
        let pixels = stride(from: area.y + 1, to: area.y + area.height - 1, by: 0.1).map {
            file.pixel(x: x, y: $0, dpi: plot.style.dpi)
        }
        return Set(pixels).subtracting([[255, 255, 255]])
    }

    @Test("a value that is not finite breaks its line, and a band is shaded")
    func gaps() throws {
        let values: [Float] = [1, 1, .nan, 1, 1]
        let plot = try LinePlot(Self.line(values), style: .init(title: "", limits: 0.5...2))
        #expect(try !colours(plot, at: 0.13).isEmpty && colours(plot, at: 0.5).isEmpty)
        let band = (
            lower: Self.line([0.7, 0.7, .nan, 0.7, 0.7]), upper: Self.line([1.5, 1.5, 1, 1.5, 1.5])
        )
        let shaded = try LinePlot(Self.line(values), band: band, style: plot.style)
        #expect(try colours(shaded, at: 0.13).count > colours(plot, at: 0.13).count)
        #expect(try colours(shaded, at: 0.5).isEmpty)
    }

    @Test("a file has its size and provenance, and drawing twice gives the same bytes")
    func files() throws {
        let plot = try LinePlot(Self.fan, style: .init(width: 3.25, dpi: 200))
        let file = try PNGFile(plot.encoded(as: .png))
        #expect(file.width == 650 && file.text["Software"] == "probe 0.1")
        for format in FigureFormat.allCases {
            #expect(try plot.encoded(as: format) == plot.encoded(as: format), "\(format)")
        }
    }

    @Test("the preview is a table of numbers")
    func preview() throws {
        let array = Self.lines(["greedy", "random"], ["1", "10"]) { Float($0 + $1) / 4 }
        #expect(
            try LinePlot(array).preview(width: 60) == """
                Selection     1    10
                   greedy  0.00  0.25
                   random  0.25  0.50

                """)
    }

    @Test("refuses results with other numbers of axes")
    func refusals() throws {
        let cube = LabelledArray.stacking([Self.fan], along: "a", labels: ["b"])
        let error = #expect(throws: FigureError.self) { try LinePlot(cube) }
        #expect("\(try #require(error))".contains("line plot needs 2 axes"))
    }
}
