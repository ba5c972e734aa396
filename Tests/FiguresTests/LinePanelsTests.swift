import Figures
import Results
import Tensors
import Testing

@Suite("Line plots above each other, and axes of amounts of change")
struct LinePanelsTests {
    private static func panel(
        _ quantity: String, _ lines: [String], _ rates: [String], star: Double? = nil,
        value: (Int, Int) -> Float
    ) throws -> LinePlot {
        let values = lines.indices.flatMap { line in rates.indices.map { value(line, $0) } }
        let array = LabelledArray(
            "shift", quantity: Quantity(quantity),
            axes: [Axis("words", labels: lines), Axis("rate", labels: rates)],
            values: Tensor([lines.count, rates.count], values), provenance: Sample.provenance)
        return try LinePlot(
            array, style: .init(title: "A shift", zero: "base", star: star))
    }

    private static let package = [
        "0", "0.001", "0.002", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1", "2", "5",
        "10", "20", "50", "100",
    ]
    private static let paper: [String] = {
        let sizes = ["0.0001", "0.0005", "0.001", "0.005", "0.01", "0.05", "0.1", "0.5"]
        return sizes.reversed().map { "-" + $0 } + ["0"] + sizes
    }()
    private static let rates = [
        package, paper, ["0", "0.1", "1"], ["0", "0.2"], ["0", "0.2", "0.5"], ["-3", "-2", "0"],
        ["0"], ["1e-09", "0.5"],
    ]

    private static func panels(_ rates: [String], star: Double? = nil) throws -> LinePanels {
        let plots = [
            try panel("language model", ["language model"], rates, star: star) {
                0.35 - 0.01 * Float($1)
            },
            try panel("P in texts of she", ["she", "he"], rates, star: star) {
                0.4 + 0.01 * Float($0 == 0 ? $1 : -$1)
            },
            try panel("P of names", ["a rather long name of words", "M"], rates, star: star) {
                0.02 + 0.001 * Float($0 * $1)
            },
        ]
        return LinePanels(plots[0].array, plots)
    }

    @Test("no text leaves the page or touches another", arguments: rates)
    func text(rates: [String]) throws {
        let panels = try Self.panels(rates, star: 0)
        expectReadableText(on: try panels.drawn(as: .svg), "\(rates)")
        for format in FigureFormat.allCases {
            #expect(try panels.encoded(as: format) == panels.encoded(as: format))
        }
        #expect(panels.preview(width: 60).contains("P of names"))
    }

    private func marks(_ rates: [String]) throws -> [TextBox] {
        try Self.panel("p", ["a"], rates) { _, _ in 0.5 }.drawn(as: .svg).textBoxes
            .filter { $0.role == .columnLabel }
    }

    @Test("zero has its name, and powers of ten stand on the sides that occur")
    func labels() throws {
        #expect(
            try marks(Self.package).map(\.text) == ["base", "10⁻³", "0.1", "10"])
        #expect(try marks(Self.paper).map(\.text) == ["−0.01", "−10⁻⁴", "base", "10⁻⁴", "0.01"])
        #expect(try marks(["0", "0.2", "0.5"]).map(\.text) == ["base", "0.2", "0.5"])
        #expect(try marks(["-3", "-2", "0"]).map(\.text) == ["−3", "−2", "base"])
        #expect(try marks(["0"]).map(\.text) == ["base"])
    }

    @Test("equal ratios are equal lengths")
    func lengths() throws {
        let x = try marks(["0", "0.1", "1", "10"]).map { ($0.corners[0].x + $0.corners[1].x) / 2 }
        #expect(x.count == 4)
        #expect(abs((x[3] - x[2]) - (x[2] - x[1])) < 0.1 && x[1] > x[0])
    }

    @Test("panels have one axis below, and stand on one line")
    func alignment() throws {
        let canvas = try Self.panels(Self.package).drawn(as: .svg)
        let boxes = canvas.textBoxes
        #expect(boxes.filter { $0.role == .columnTitle }.map(\.text) == ["Rate"])
        #expect(boxes.count { $0.text == "base" } == 1)
        #expect(boxes.filter { $0.role == .title }.map(\.text) == ["A shift"])
        #expect(
            boxes.filter { $0.role == .rowTitle }.map(\.text)
                == ["Language model", "P in texts of she", "P of names"])
        // The labels of all vertical axes end at one place, and their titles are in one column.
        let ends = boxes.filter { $0.role == .rowLabel }.map { $0.corners[1].x }
        #expect(ends.allSatisfy { abs($0 - ends[0]) < 0.1 })
        let titles = boxes.filter { $0.role == .rowTitle }.map { $0.corners[0].x }
        #expect(titles.allSatisfy { abs($0 - titles[0]) < 0.3 })
    }

    @Test("a star is drawn at its number, and only there")
    func star() throws {
        let without = try Self.panels(Self.package).encoded(as: .svg)
        #expect(try Self.panels(Self.package, star: 0.1).encoded(as: .svg) != without)
        #expect(try Self.panels(Self.package, star: 0.3).encoded(as: .svg) == without)
    }
}
