import Figures
import Results
import Tensors
import Testing

@Suite("Graph plots")
struct GraphPlotTests {
    private static let array = LabelledArray(
        "edges", quantity: Quantity("change of logit difference"),
        axes: [Axis("source", count: 1), Axis("destination", count: 1)], values: Tensor([1, 1]),
        provenance: Sample.provenance)

    /// Layers of heads with three ports and an MLP, every part reading from every earlier one.
    private static func plot(
        layers: Int, heads: Int, style: GraphPlot.Style = .init(),
        value: (Int) -> Float = { Float(($0 * 37) % 19) - 6 }
    ) -> GraphPlot {
        var levels = [GraphPlot.Level("", nodes: ["input"])]
        var (edges, earlier): ([GraphPlot.Edge], [String]) = ([], ["input"])
        func connect(_ name: String, _ ports: [String?]) {
            for from in earlier {
                for port in ports {
                    edges.append(
                        .init(from: from, to: name, port: port, value: value(edges.count)))
                }
            }
        }
        for layer in 0..<layers {
            let names = (0..<heads).map { "a\(layer).h\($0)" }
            levels.append(.init("\(layer)", nodes: names, ports: ["q", "k", "v"]))
            for name in names { connect(name, ["q", "v"]) }
            earlier += names
            levels.append(.init("\(layer)", nodes: ["m\(layer)"]))
            connect("m\(layer)", [nil])
            earlier.append("m\(layer)")
        }
        levels.append(.init("", nodes: ["logits"]))
        connect("logits", [nil])
        return GraphPlot(array, levels: levels, edges: edges, style: style)
    }

    @Test(
        "no text leaves the page or touches another",
        arguments: [(0, 0), (1, 1), (2, 3), (3, 12), (12, 2)],
        [
            GraphPlot.Style(), .init(width: 2, signs: ("", "")),
            .init(title: String(repeating: "A long title ", count: 12), width: 6.5, dpi: 72),
        ])
    func text(_ size: (layers: Int, heads: Int), _ style: GraphPlot.Style) throws {
        let plot = Self.plot(layers: size.layers, heads: size.heads, style: style)
        expectReadableText(on: try plot.drawn(as: .svg), "\(size)")
        #expect(try PNGFile(plot.encoded(as: .png)).width > 0)
        #expect(!plot.preview(colour: true).isEmpty)
    }

    @Test("every node is named once, and its used ports")
    func names() throws {
        let canvas = try Self.plot(layers: 2, heads: 3).drawn(as: .svg)
        let points = canvas.textBoxes.filter { $0.role == .point }.map(\.text)
        for name in ["input", "a0.h0", "a1.h2", "m0", "m1", "logits"] {
            #expect(points.count { $0 == name } == 1)
        }
        #expect(points.count { $0 == "q" } == 6 && points.count { $0 == "v" } == 6)
        #expect(!points.contains("k"))
        let labels = canvas.textBoxes.filter { $0.role == .rowLabel }.map(\.text)
        #expect(labels == ["0", "1"])
        #expect(canvas.textBoxes.contains { $0.role == .rowTitle && $0.text == "Layer" })
    }

    @Test("lower levels are lower on the page")
    func levels() throws {
        let canvas = try Self.plot(layers: 3, heads: 2).drawn(as: .svg)
        func height(_ name: String) throws -> Double {
            try #require(canvas.textBoxes.first { $0.text == name }).corners[0].y
        }
        let names = ["input", "a0.h1", "m0", "a1.h0", "m1", "a2.h1", "m2", "logits"]
        let heights = try names.map(height)
        #expect(zip(heights, heights.dropFirst()).allSatisfy { $0 > $1 })
    }

    @Test("an edge has the colour of its sign, and the key names those there are")
    func colours() throws {
        for (value, isRed) in [(Float(-2), true), (2, false)] {
            let levels = [
                GraphPlot.Level("", nodes: ["below"]), GraphPlot.Level("", nodes: ["above"]),
            ]
            let plot = GraphPlot(
                Self.array, levels: levels,
                edges: [.init(from: "below", to: "above", value: value)])
            let canvas = try plot.drawn(as: .png)
            let file = try PNGFile(plot.encoded(as: .png))
            // Half-way between both boxes, which stand above each other in the middle.
            let area = canvas.plotArea
            let pixel = file.pixel(
                x: area.x + area.width / 2, y: area.y + area.height / 2, dpi: 300)
            #expect((pixel[0] > pixel[2]) == isRed && pixel != [255, 255, 255])
            let key = canvas.textBoxes.filter { $0.role == .series }.map(\.text)
            #expect(key == [isRed ? "negative" : "positive"])
        }
    }

    @Test("edges that lead nowhere are left out, and an empty graph says so")
    func strays() throws {
        let plot = GraphPlot(
            Self.array, levels: [.init("", nodes: ["a"]), .init("", nodes: ["b"])],
            edges: [
                .init(from: "b", to: "a", value: 1), .init(from: "a", to: "a", value: 1),
                .init(from: "a", to: "c", value: 1), .init(from: "a", to: "b", value: .nan),
                .init(from: "a", to: "b", value: 0),
            ])
        #expect(plot.edges.count == 1)
        #expect(try PNGFile(plot.encoded(as: .png)).width == 975)
        let none = try GraphPlot(Self.array, levels: [], edges: []).drawn(as: .svg)
        #expect(none.textBoxes.contains { $0.text == "no edges" })
    }

    @Test("a file has its provenance, and drawing twice gives the same bytes")
    func files() throws {
        let plot = Self.plot(layers: 2, heads: 3)
        #expect(try PNGFile(plot.encoded(as: .png)).text["model"] == "organism")
        for format in FigureFormat.allCases {
            #expect(try plot.encoded(as: format) == plot.encoded(as: format), "\(format)")
        }
    }

    @Test("the preview ranks the edges")
    func preview() {
        let plot = GraphPlot(
            Self.array,
            levels: [.init("", nodes: ["a"]), .init("0", nodes: ["b"], ports: ["q"])],
            edges: [
                .init(from: "a", to: "b", value: 0.5),
                .init(from: "a", to: "b", port: "q", value: -1),
            ])
        let lines = plot.preview(width: 80).split(separator: "\n")
        #expect(lines[1].contains("a->b<q>") && lines[2].contains("a->b "))
    }
}
