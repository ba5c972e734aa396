import Figures
import Results
import Tensors
import Testing

@Suite("Line plots one below the other")
struct LinePanelsTests {
    private static let steps = (0..<6).map { "\($0 * 50)" }

    private static func plot(
        _ names: [String], marks: [ReferenceLine] = [], title: String = ""
    ) throws -> LinePlot {
        let rows = Tensor(
            [names.count, steps.count],
            names.indices.flatMap { line in
                steps.indices.map { Float(line == 0 ? $0 : -$0) / 5 }
            })
        let array = LabelledArray(
            "course", quantity: Quantity("mean h"),
            axes: [Axis("class", labels: names), Axis("step", labels: steps)], values: rows)
        return try LinePlot(
            array, band: (array, array),
            style: .init(title: title, limits: -1.05...1.05, marks: marks))
    }

    private static func panels(_ names: [[String]]) throws -> LinePanels {
        let plots = try names.enumerated().map { number, names in
            try plot(
                names, marks: [ReferenceLine(200, number == 0 ? "best step" : "")],
                title: number == 0 ? "† not converged" : "")
        }
        return LinePanels(plots, of: plots[0].array)
    }

    @Test(
        "no text leaves the page or touches another; the lowest panel alone numbers the steps",
        arguments: [
            [["she", "he"]], [["she", "he"], ["a class with a long name", "he"], ["r"]],
            [["a name too long for the room at the right end", "he"], ["she"]],
        ])
    func text(names: [[String]]) throws {
        let figure = try Self.panels(names)
        let canvas = try figure.drawn(as: .svg)
        expectReadableText(on: canvas)
        let steps = canvas.textBoxes.filter { $0.role == .columnLabel }.map(\.text)
        #expect(steps == steps.sorted { (Int($0) ?? 0) < (Int($1) ?? 0) } && steps.count > 2)
        #expect(canvas.textBoxes.contains { $0.text == "best step" })
        #expect(canvas.textBoxes.contains { $0.text == "† not converged" })
        #expect(!figure.preview(colour: false, width: 60).isEmpty)
        let height = { (count: Int) in
            try Self.panels(Array(repeating: ["a"], count: count)).drawn(as: .svg).size.height
        }
        // Each panel above the lowest adds the same.
        #expect(try abs(height(3) - 2 * height(2) + height(1)) < 0.5)
    }
}
