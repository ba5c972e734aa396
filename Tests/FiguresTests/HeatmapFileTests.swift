import Figures
import FoundationEssentials
import Results
import Tensors
import Testing

@Suite("Heat map files")
struct HeatmapFileTests {
    /// What the cells show: the pixels at their centres, row by row.
    private func colours(
        _ array: LabelledArray, style: Heatmap.Style = .init()
    ) throws -> [[UInt8]] {
        let canvas = try Heatmap(array, style: style).drawn(as: .png)
        let file = try PNGFile(Heatmap(array, style: style).encoded(as: .png))
        let plot = canvas.plotArea
        return (0..<array.axes[0].count).flatMap { row in
            (0..<array.axes[1].count).map { column in
                let x = plot.x + plot.width * (Double(column) + 0.5) / Double(array.axes[1].count)
                let y = plot.y + plot.height * (Double(row) + 0.5) / Double(array.axes[0].count)
                return file.pixel(x: x, y: y, dpi: style.dpi)
            }
        }
    }

    private func bytes(_ colour: Colour) -> [UInt8] {
        [colour.bytes.red, colour.bytes.green, colour.bytes.blue]
    }

    @Test("a PNG has its size, density and provenance, and every chunk is intact")
    func chunks() throws {
        let style = Heatmap.Style(title: "Größe", width: 3.25, dpi: 200)
        let file = try PNGFile(Heatmap(Sample.array(12, 6), style: style).encoded(as: .png))
        #expect(file.width == 650)
        #expect(!file.chunks.contains { !$0.isIntact })
        #expect(file.chunks.last?.type == "IEND")
        let density = try file.chunk("pHYs").data
        #expect(PNGFile.integer(density[0..<4]) == 7874 && density[8] == 1)
        #expect(file.text["Title"] == "Größe")
        #expect(file.text["Software"] == "probe 0.1")
        for (key, value) in Sample.provenance.text { #expect(file.text[key] == value) }
    }

    @Test("cells have the colour of their value: red below zero, neutral at zero, blue above")
    func cells() throws {
        let values: [Float] = [-2, 0, 1, .nan]
        let array = Sample.array(Axis("layer", count: 2), Axis("head", count: 2)) {
            values[2 * $0 + $1]
        }
        let seen = try colours(array)
        #expect(seen[0] == bytes(ColourMap.redBlue.colour(at: 0)))
        #expect(seen[1] == bytes(ColourMap.redBlue.colour(at: 0.5)))
        #expect(seen[2] == bytes(ColourMap.redBlue.colour(at: 0.75)))
        #expect(Set(seen[3]).count == 1 && (120...190).contains(seen[3][0]), "grey")
        let bottom = try colours(array, style: .init(origin: .bottom))
        #expect(bottom == Array(seen[2...] + seen[..<2]))
    }

    @Test(
        "one strong cell among thousands smaller than a pixel is seen", arguments: [0, 1234, 2999])
    func tiny(strong: Int) throws {
        let array = Sample.array(Axis("layer", count: 1), Axis("neuron", count: 3000)) {
            $1 == strong ? -1 : 0
        }
        let seen = Set(try colours(array))
        #expect(seen == [[248, 248, 248], bytes(ColourMap.redBlue.colour(at: 0))])
    }

    @Test("given limits clamp, and zero stays neutral")
    func limits() throws {
        let values: [Float] = [-9, 0, 0.25, 9]
        let array = Sample.array(Axis("layer", count: 1), Axis("head", count: 4)) { values[$1] }
        let seen = try colours(array, style: .init(limits: -0.1...0.5))
        let expected = [0, 0.5, 0.75, 1].map { bytes(ColourMap.redBlue.colour(at: $0)) }
        #expect(seen == expected)
    }

    @Test("arrays without contrast or without values are drawn", arguments: [0, 1, 5] as [Float])
    func degenerate(value: Float) throws {
        let constant = Sample.array(Axis("layer", count: 3), Axis("head", count: 2)) { _, _ in value
        }
        let missing = Sample.array(Axis("layer", count: 3), Axis("head", count: 2)) { _, _ in .nan }
        let infinite = Sample.array(Axis("layer", count: 1), Axis("head", count: 2)) { _, column in
            column == 0 ? -.infinity : value
        }
        let empty = [Sample.array(0, 0), Sample.array(0, 3), Sample.array(3, 0)]
        for array in [constant, missing, infinite] + empty {
            for map in [ColourMap.redBlue, .blues] {
                let style = Heatmap.Style(colourMap: map, cellDecimals: 1)
                let heatmap = try Heatmap(array, style: style)
                #expect(try PNGFile(heatmap.encoded(as: .png)).width == 975)
                #expect(!heatmap.preview(colour: true).isEmpty)
                #expect(!heatmap.preview(colour: false).isEmpty)
            }
        }
    }

    @Test("PDF and SVG are whole, and drawing twice gives the same bytes")
    func vectors() throws {
        let heatmap = try Heatmap(Sample.array(12, 6), style: .init(title: "a < b & c"))
        for format in FigureFormat.allCases {
            #expect(try heatmap.encoded(as: format) == heatmap.encoded(as: format), "\(format)")
        }
        let pdf = String(decoding: try heatmap.encoded(as: .pdf), as: UTF8.self)
        #expect(pdf.hasPrefix("%PDF") && pdf.contains("%%EOF"))
        let svg = String(decoding: try heatmap.encoded(as: .svg), as: UTF8.self)
        #expect(svg.contains("<title>a &lt; b &amp; c</title>"))
        #expect(svg.hasSuffix("</svg>\n"))
    }

    @Test("a PDF without provenance carries no hour of drawing")
    func undated() throws {
        var array = Sample.array(2, 2)
        array.provenance = nil
        let pdf = try Heatmap(array).encoded(as: .pdf)
        #expect(try Heatmap(array).encoded(as: .pdf) == pdf)
    }

    @Test("writes by the path's ending and refuses others")
    func write() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/probe-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let heatmap = try Heatmap(Sample.array(2, 3))
        try heatmap.write(folder + "/figure.PNG")
        #expect(FileManager.default.fileExists(atPath: folder + "/figure.PNG"))
        let error = #expect(throws: FigureError.self) { try heatmap.write(folder + "/figure.jpg") }
        #expect("\(try #require(error))".contains(".png, .pdf, .svg"))
        #expect(throws: FigureError.self) { try heatmap.write("figures.png/figure") }
        let files = try heatmap.files(in: "out", as: [.png, .svg])
        #expect(files.map(\.path) == ["out/patch-residual.png", "out/patch-residual.svg"])
    }

    @Test("refuses what is not a table, and sizes that cannot be drawn")
    func refusals() throws {
        let line = LabelledArray(
            "line", quantity: Quantity("x"), axes: [Axis("layer", count: 2)], values: Tensor([2]))
        #expect(throws: FigureError.self) { try Heatmap(line) }
        for style in [Heatmap.Style(width: 0), .init(dpi: 1e9), .init(width: .nan)] {
            #expect(throws: FigureError.self) {
                try Heatmap(Sample.array(2, 2), style: style).encoded(as: .png)
            }
        }
    }
}
