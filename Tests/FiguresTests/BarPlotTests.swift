import Figures
import Results
import Tensors
import Testing

@Suite("Bar plots")
struct BarPlotTests {
    private static func bars(_ labels: [String], _ value: (Int) -> Float) -> LabelledArray {
        LabelledArray(
            "attribution", quantity: Quantity("logit difference"),
            axes: [Axis("component", labels: labels)],
            values: Tensor([labels.count], labels.indices.map(value)),
            provenance: Sample.provenance)
    }

    private static let components =
        ["embed", "pos_embed"] + (0..<12).flatMap { ["\($0)_attn_out", "\($0)_mlp_out"] }
    private static let attribution = bars(components) { Float($0 % 7) - 2.5 }
    private static let splits = Axis("split", labels: ["train", "validation", "test"])
    private static let arrays: [LabelledArray] = [
        attribution, bars([]) { _ in 0 }, bars(["one"]) { _ in 2 }, bars(["a", "b"]) { _ in 0 },
        bars(["a", "b", "c"]) { [.nan, .infinity, -1][$0] },
        bars((0..<48).map(String.init)) { Float($0) * 1e-7 },
        bars((0..<8).map { "a long name of an entry \($0)" }) { Float($0) },
        bars((0..<200).map { "neuron L\($0)" }) { -Float($0) },
        bars((0..<9).map { String(repeating: "日本語", count: $0) }) { Float($0) },
        Sample.array(Axis("model", labels: ["gpt2", "bert", "llama"]), splits),
        Sample.array(Axis("model", labels: (0..<12).map { "model \($0)" }), splits),
        Sample.array(12, 12),
    ]
    private static let references = [
        ReferenceLine(1, "chance"), ReferenceLine(1.02, "a reference with a long name"),
        ReferenceLine(-1),
    ]
    private static let styles: [BarPlot.Style] = [
        .init(), .init(width: 2, references: references), .init(direction: .horizontal),
        .init(width: 6.5, direction: .vertical, references: references),
        .init(title: String(repeating: "A long title ", count: 12), dpi: 72, limits: -1...0.5),
        .init(references: references, isStacked: true),
    ]

    @Test("no text leaves the page or touches another", arguments: arrays.indices, styles.indices)
    func text(array: Int, style: Int) throws {
        let plot = try BarPlot(Self.arrays[array], style: Self.styles[style])
        expectReadableText(on: try plot.drawn(as: .svg), "\(array)")
        #expect(try PNGFile(plot.encoded(as: .png)).width > 0)
        #expect(!plot.preview(colour: true).isEmpty && !plot.preview(colour: false).isEmpty)
    }

    private func texts(_ canvas: Canvas, _ role: TextBox.Role) -> [String] {
        canvas.textBoxes.filter { $0.role == role }.map(\.text)
    }

    @Test("stacked bars end at the sum of their entry")
    func stacked() throws {
        let array = LabelledArray(
            "effects", quantity: Quantity("effect"),
            axes: [Axis("head", labels: ["a", "b"]), Axis("effect", labels: ["direct", "rest"])],
            values: Tensor([2, 2], [0.6, 0.6, -0.4, 0.5]), provenance: Sample.provenance)
        let ticks = { (isStacked: Bool) in
            let plot = try BarPlot(array, style: .init(direction: .vertical, isStacked: isStacked))
            return texts(try plot.drawn(as: .svg), .rowLabel).compactMap {
                Double($0.replacing("−", with: "-"))
            }
        }
        #expect(try (ticks(true).max() ?? 0) >= 1 && (ticks(false).max() ?? 1) < 1)
        #expect(try (ticks(true).min() ?? -1) > -0.6)
    }

    @Test("many names are all shown, each beside its bar")
    func names() throws {
        let canvas = try BarPlot(Self.attribution).drawn(as: .svg)
        #expect(texts(canvas, .rowLabel) == Self.components)
        let numbers = try BarPlot(Self.bars((0..<26).map(String.init)) { Float($0) })
        #expect(texts(try numbers.drawn(as: .svg), .columnLabel).first == "0")
    }

    @Test("bars go from zero in the colour of their sign", arguments: [true, false])
    func colours(isHorizontal: Bool) throws {
        let plot = try BarPlot(
            Self.bars(["a", "b"]) { [1, -1][$0] },
            style: .init(limits: -2...2, direction: isHorizontal ? .horizontal : .vertical))
        let area = try plot.drawn(as: .png).plotArea
        let file = try PNGFile(plot.encoded(as: .png))
        /// The pixel of an entry at a value.
        func pixel(_ entry: Int, _ value: Double) -> [UInt8] {
            let (across, along) = (0.25 + 0.5 * Double(entry), (value + 2) / 4)
            return isHorizontal
                ? file.pixel(
                    x: area.x + along * area.width, y: area.y + across * area.height, dpi: 300)
                : file.pixel(
                    x: area.x + across * area.width, y: area.y + (1 - along) * area.height,
                    dpi: 300)
        }
        let (positive, negative) = (pixel(0, 0.5), pixel(1, -0.5))
        #expect(positive[2] > positive[0] && negative[0] > negative[2])
        for (entry, value) in [(0, 1.5), (0, -0.5), (1, 0.5), (1, -1.5)] {
            #expect(pixel(entry, value) == [255, 255, 255])
        }
    }

    @Test("groups have a legend, references their names")
    func legend() throws {
        let style = BarPlot.Style(references: Self.references)
        let canvas = try BarPlot(Self.arrays[9], style: style).drawn(as: .svg)
        #expect(texts(canvas, .series) == ["train", "validation", "test"])
        #expect(texts(canvas, .reference).first == "chance")
        let numbered = try BarPlot(Sample.array(2, 12)).drawn(as: .svg)
        #expect(texts(numbered, .series).first == "Head 0" && texts(numbered, .series).count == 8)
    }

    @Test("a file has its size and provenance, and drawing twice gives the same bytes")
    func files() throws {
        let plot = try BarPlot(Self.attribution)
        let file = try PNGFile(plot.encoded(as: .png))
        #expect(file.width == 975 && file.text["model"] == "organism")
        for format in FigureFormat.allCases {
            #expect(try plot.encoded(as: format) == plot.encoded(as: format), "\(format)")
        }
    }

    @Test("the preview has names, values and bars, in the axis's order")
    func preview() throws {
        let plot = try BarPlot(Self.bars(["embed", "mlp", "attn"]) { [1, -0.5, .nan][$0] })
        let bar = String(repeating: "█", count: 30)
        #expect(
            plot.preview(width: 80) == """
                Logit difference
                embed   1.000  \(bar)
                  mlp  -0.500  \(String(repeating: "▒", count: 15))
                 attn     NaN

                """)
    }

    @Test("refuses results with other numbers of axes")
    func refusals() {
        let number = LabelledArray(
            "n", quantity: Quantity("x"), axes: [], values: Tensor([], [3]))
        #expect(throws: FigureError.self) { try BarPlot(number) }
    }
}
