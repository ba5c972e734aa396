import Figures
import Results
import Tensors
import Testing

@Suite("Mosaics of heat maps")
struct HeatmapMosaicTests {
    /// Patterns of causal heads; what they must not see is not a number.
    private static func patterns(
        _ layers: Int, _ heads: Int, _ queries: Int, _ keys: Int, isMasked: Bool = false
    ) -> LabelledArray {
        let values = (0..<layers * heads * queries * keys).map { index -> Float in
            let (query, key) = (index / max(keys, 1) % max(queries, 1), index % max(keys, 1))
            if key > query { return isMasked ? .nan : 0 }
            return Float(1 + index / max(queries * keys, 1) % 3) / Float(3 * (1 + query - key))
        }
        return LabelledArray(
            "attention-patterns", quantity: Quantity("attention probability"),
            axes: [
                Axis("layer", count: layers), Axis("head", count: heads),
                Axis("query_pos", count: queries), Axis("key_pos", count: keys),
            ], values: Tensor([layers, heads, queries, keys], values),
            provenance: Sample.provenance)
    }

    private static let shapes = [
        [12, 12, 6, 6], [12, 12, 64, 64], [1, 3, 8, 8], [3, 1, 8, 8], [1, 1, 1, 1], [48, 25, 5, 5],
        [2, 3, 300, 300], [2, 2, 1, 40], [2, 2, 40, 1], [0, 3, 4, 4], [2, 2, 0, 0], [3, 0, 2, 2],
    ]

    @Test("no text leaves the page or touches another", arguments: shapes, [2, 3.25, 6.5])
    func text(shape: [Int], width: Double) throws {
        let array = Self.patterns(shape[0], shape[1], shape[2], shape[3])
        for title in [nil, "", String(repeating: "A long title ", count: 12)] {
            let style = HeatmapMosaic.Style(title: title, width: width)
            let mosaic = try HeatmapMosaic(array, style: style)
            let canvas = try mosaic.drawn(as: .png)
            expectReadableText(on: canvas, "\(shape)")
            let area = canvas.plotArea
            #expect(area.x + area.width <= canvas.size.width)
            #expect(!mosaic.preview(colour: false).isEmpty)
        }
    }

    @Test("cells are whole pixels of their values' colours, with light gaps between the panels")
    func pixels() throws {
        var style = HeatmapMosaic.Style.patterns
        style.title = ""
        let array = Self.patterns(2, 3, 4, 4, isMasked: true)
        let mosaic = try HeatmapMosaic(array, style: style)
        let area = try mosaic.drawn(as: .png).plotArea
        let file = try PNGFile(mosaic.encoded(as: .png))
        let across = Int((area.width * 300 / 72).rounded())
        let row = (0..<across).map { column in
            file.pixel(
                x: area.x + (Double(column) + 0.5) * 72 / 300, y: area.y + 1, dpi: 300)
        }
        /// The lengths of the runs of equal pixels.
        let runs = row.indices.dropFirst().reduce(into: [1]) { runs, index in
            if row[index] == row[index - 1] { runs[runs.count - 1] += 1 } else { runs.append(1) }
        }
        // The first query sees the first key; the three others are masked.
        let side = runs[0]
        #expect(runs == [side, 3 * side, 3, side, 3 * side, 3, side, 3 * side])
        let blue = ColourMap.blues.colour(at: 1.0 / 3).bytes
        #expect(row[0] == [blue.red, blue.green, blue.blue])
        #expect(row[2 * side] == [158, 158, 158] && row[4 * side] == [204, 204, 204])
    }

    @Test("a strong cell is seen among thousands smaller than a pixel")
    func tiny() throws {
        var values = [Float](repeating: 0, count: 2000 * 2000)
        values[1_234_567] = 1
        let axes = [
            Axis("layer", count: 1), Axis("head", count: 1), Axis("query_pos", count: 2000),
            Axis("key_pos", count: 2000),
        ]
        let array = LabelledArray(
            "p", quantity: Quantity("p"), axes: axes, values: Tensor(axes.map(\.count), values))
        let mosaic = try HeatmapMosaic(array, style: .init(title: "", width: 2, dpi: 100))
        let area = try mosaic.drawn(as: .png).plotArea
        let file = try PNGFile(mosaic.encoded(as: .png))
        let dark = ColourMap.blues.colour(at: 1).bytes
        let isSeen = stride(from: area.y + 0.3, to: area.y + area.height, by: 0.72).contains { y in
            stride(from: area.x + 0.3, to: area.x + area.width, by: 0.72).contains { x in
                file.pixel(x: x, y: y, dpi: 100) == [dark.red, dark.green, dark.blue]
            }
        }
        #expect(isSeen)
    }

    @Test("files of 144 patterns of 64 tokens stay small and are the same each time")
    func files() throws {
        let mosaic = try HeatmapMosaic(Self.patterns(12, 12, 64, 64), style: .patterns)
        for format in FigureFormat.allCases {
            let bytes = try mosaic.encoded(as: format)
            #expect(bytes.count < 1_000_000)
            #expect(try mosaic.encoded(as: format) == bytes, "\(format)")
        }
        let file = try PNGFile(mosaic.encoded(as: .png))
        #expect(file.width == 1950 && file.text["checkpoint"] == "sha256:abc")
    }

    @Test("labels stand outside, and a note says what the panels' axes are")
    func labels() throws {
        let boxes = try HeatmapMosaic(Self.patterns(2, 3, 4, 4)).drawn(as: .svg).textBoxes
        #expect(boxes.filter { $0.role == .rowLabel }.map(\.text) == ["0", "1"])
        #expect(boxes.filter { $0.role == .columnLabel }.map(\.text) == ["0", "1", "2"])
        #expect(
            boxes.filter { $0.role == .note }.map(\.text)
                == ["In each panel query position down, key position across"])
    }

    @Test("the preview tells where each panel is strongest, the first column aside")
    func preview() throws {
        let array = Self.patterns(1, 2, 3, 3, isMasked: true)
        #expect(
            try HeatmapMosaic(array).preview(width: 80) == """
                strongest query_pos → key_pos of each panel, the first column aside
                Layer         0         1
                    0  1→1 0.33  1→1 0.67

                """)
    }

    @Test("refuses results with other numbers of axes")
    func refusals() throws {
        let error = #expect(throws: FigureError.self) { try HeatmapMosaic(Sample.array(2, 2)) }
        #expect("\(try #require(error))".contains("mosaic of heat maps needs 4 axes"))
    }
}
