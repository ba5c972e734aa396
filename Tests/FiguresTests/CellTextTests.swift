import Figures
import Results
import Tensors
import Testing

@Suite("Texts in cells")
struct CellTextTests {
    private func cells(_ canvas: Canvas) -> [TextBox] {
        canvas.textBoxes.filter { $0.role == .cell }
    }

    /// The height of a box of text, by the size of its type.
    private func size(_ box: TextBox) -> Double {
        (box.corners[2].y - box.corners[0].y) / 1.02
    }

    @Test("texts keep to their cells, in one size", arguments: [(3.25, 5), (6.5, 10), (2, 5)])
    func fit(width: Double, columns: Int) throws {
        let array = Sample.tokens(10, columns)
        let canvas = try Heatmap(array, style: .init(width: width)).drawn(as: .svg)
        expectReadableText(on: canvas)
        let (boxes, plot) = (cells(canvas), canvas.plotArea)
        try #require(boxes.count == 10 * columns)
        let cell = (width: plot.width / Double(columns), height: plot.height / 10)
        for (index, box) in boxes.enumerated() {
            let left = plot.x + Double(index % columns) * cell.width
            let top = plot.y + Double(index / columns) * cell.height
            #expect(box.corners[0].x > left && box.corners[1].x < left + cell.width, "\(box.text)")
            #expect(box.corners[0].y > top && box.corners[2].y < top + cell.height, "\(box.text)")
            #expect(abs(size(box) - size(boxes[0])) < 0.01)
        }
        #expect((4.45...7.05).contains(size(boxes[0])))
    }

    @Test("what is too long is shortened and makes the others no smaller")
    func long() throws {
        var array = Sample.array(2, 4)
        array.texts = .init(
            "token", ["a", "b", " c", "", "\n", "antidisestablishmentarianism", "f", "g"])
        let boxes = cells(try Heatmap(array).drawn(as: .svg))
        #expect(boxes.count == 7, "nothing is written for an empty text")
        #expect(boxes.map(\.text).prefix(4) == ["a", "b", "␣c", "⏎"])
        #expect(boxes[4].text.hasPrefix("antidis") && boxes[4].text.hasSuffix("…"))
        #expect(abs(size(boxes[0]) - 7) < 0.01)
    }

    @Test("texts replace numbers, unless they are not wanted")
    func choice() throws {
        let array = Sample.tokens(2, 3)
        let style = Heatmap.Style(cellDecimals: 1, showsTexts: false)
        let numbers = cells(try Heatmap(array, style: style).drawn(as: .svg)).map(\.text)
        #expect(numbers == array.values.values.map { NumberText.fixed(Double($0), decimals: 1) })
        let words = cells(try Heatmap(array, style: .init(cellDecimals: 1)).drawn(as: .svg))
        #expect(words.first?.text == "he")
        #expect(cells(try Heatmap(Sample.tokens(40, 120)).drawn(as: .svg)).isEmpty)
    }

    @Test("the table in the terminal shows the texts")
    func preview() throws {
        var array = Sample.array(Axis("rank", count: 2), Axis("direction", count: 2))
        array.texts = .init("token", ["he", "#ing", "\n", "antidisestablishment"])
        #expect(
            try Heatmap(array).preview(width: 60) == """
                     Rank   0               1
                        0  he            #ing
                        1   ⏎  antidisestabl…

                """)
        let numbers = try Heatmap(array, style: .init(showsTexts: false))
        #expect(numbers.preview(width: 60).contains("-1.00"))
    }

    @Test("panels show their texts and share one scale, whatever the colours")
    func panels() throws {
        let parts = [Sample.tokens(3, 4), Sample.tokens(3, 4)]
        let array = LabelledArray.stacking(parts, along: "layer", labels: ["0", "1"])
        let canvas = try HeatmapGrid(array).drawn(as: .svg)
        expectReadableText(on: canvas)
        #expect(cells(canvas).count == 24)
        let small = Sample.array(Axis("layer", count: 2), Axis("head", count: 2)) { _, _ in 0.1 }
        let large = Sample.array(Axis("layer", count: 2), Axis("head", count: 2)) { Float($0 + $1) }
        let stack = LabelledArray.stacking([small, large], along: "site", labels: ["a", "b"])
        for map in [ColourMap.redBlue, .blues] {
            let grid = try HeatmapGrid(stack, style: .init(colourMap: map)).drawn(as: .svg)
            let labels = grid.textBoxes.filter { $0.role == .scaleLabel }.map(\.text)
            #expect(
                Array(labels.prefix(labels.count / 2)) == Array(labels.suffix(labels.count / 2)))
        }
    }
}
