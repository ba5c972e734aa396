import Figures
import Results
import Tensors
import Testing

@Suite("Plots of points")
struct PointPlotTests {
    /// Roughly normal numbers, the same in every run.
    private static func normal(_ count: Int, seed: UInt64 = 1) -> [Float] {
        var generator = SeededGenerator(seed: seed, stream: "points")
        return (0..<count).map { _ in
            (0..<12).reduce(Float(-6)) { sum, _ in sum + Float.random(in: 0..<1, using: &generator)
            }
        }
    }

    private static func line(
        _ values: [Float], labels: [String]? = nil, name: String = "neuron-effects"
    ) -> LabelledArray {
        let axis = labels.map { Axis("neuron", labels: $0) } ?? Axis("neuron", count: values.count)
        return LabelledArray(
            name, quantity: Quantity("logit difference restored", unit: "share"), axes: [axis],
            values: Tensor([values.count], values), provenance: Sample.provenance)
    }

    private static func table(_ rows: Int, _ columns: Int, _ values: [Float]) -> LabelledArray {
        Sample.array(
            Axis("layer", count: rows), Axis("neuron", count: columns), name: "neuron-effects"
        ) { values[$0 * columns + $1] }
    }

    private static func with(_ changes: [Int: Float], in values: [Float]) -> [Float] {
        var values = values
        for (index, value) in changes { values[index] = value }
        return values
    }

    /// Eight outliers of 3,072 values, spread or all in one place.
    private static let spread = with(
        Dictionary(
            uniqueKeysWithValues: (0..<8).map { (1777 + 331 * $0) % 3072 }.enumerated().map {
                ($1, Float($0 % 2 == 0 ? 9 + $0 : -8 - $0))
            }), in: normal(3072))
    private static let clustered = with(
        Dictionary(uniqueKeysWithValues: (0..<8).map { (1500 + $0, 20 + Float($0) / 10) }),
        in: normal(3072))
    private static let heavy = normal(3072).map { $0 * $0 * $0 * $0 * $0 }

    private static let sets: [(name: String, values: [Float])] = [
        ("none", []), ("one", [2]), ("one negative", [-2]), ("two", [1, -1]),
        ("equal", Array(repeating: 3, count: 100)), ("zero", Array(repeating: 0, count: 50)),
        ("missing", with([3: .nan, 7: .infinity, 9: -.infinity, 20: 50], in: normal(200))),
        ("all missing", Array(repeating: .nan, count: 9)),
        ("spread", spread), ("clustered", clustered), ("heavy", heavy),
        ("huge", heavy.map { $0 * 1e30 }), ("small", heavy.map { $0 * 1e-30 }),
        ("first and last", with([0: 70, 3071: -70], in: normal(3072))),
        ("steps", (0..<500).map { Float($0 % 7) - 3 }),
    ]

    private static let styles: [ScatterPlot.Style] = [
        .init(), .init(width: 2), .init(title: "", width: 6.75, namedPoints: 30),
        .init(title: String(repeating: "A long title ", count: 12), dpi: 72, limits: -1...1.06),
    ]

    @Test("no text leaves the page or touches another", arguments: sets.indices, styles.indices)
    func text(set: Int, style: Int) throws {
        let (name, values) = Self.sets[set]
        let arrays = [
            Self.line(values),
            Self.line(values, labels: values.indices.map { "a neuron with a long name \($0)" }),
            Self.line(values, labels: values.indices.map { "\(1_000_000 + 77 * $0)" }),
        ]
        for array in arrays {
            let plot = try ScatterPlot(array, labelPrefix: "L5N", style: Self.styles[style])
            try expectReadable(plot.drawn(as: .svg), name)
            #expect(!plot.preview(colour: true).isEmpty)
        }
        for rows in [1, 5, 12, 48] where values.count >= rows {
            let table = Self.table(rows, values.count / rows, values)
            let plot = try RankPlot(table, style: Self.styles[style])
            try expectReadable(plot.drawn(as: .svg), name)
        }
    }

    @Test("strips may have long names, or no values")
    func strips() throws {
        let names = ["attention output", "neurons", "embedding", "日本語", "an unusually long name"]
        for count in [0, 1, 40] {
            let table = Sample.array(
                Axis("source", labels: names + names.map { $0 + "s" }),
                Axis("target", count: count))
            try expectReadable(RankPlot(table).drawn(as: .svg), "\(count)")
        }
        let empty = try RankPlot(Sample.array(0, 4)).drawn(as: .svg)
        try expectReadable(empty, "empty")
        #expect(empty.textBoxes.contains { $0.text == "no values" })
    }

    /// Expects readable text, names inside the plot and none of them over a point that stands out.
    private func expectReadable(_ canvas: Canvas, _ what: String) throws {
        expectReadableText(on: canvas, what)
        let plot = canvas.plotArea
        for box in canvas.textBoxes where box.role == .point {
            let (low, high) = (box.corners[0], box.corners[2])
            #expect(low.x >= plot.x && high.x <= plot.x + plot.width, "\(what): \(box.text)")
            #expect(low.y >= plot.y && high.y <= plot.y + plot.height, "\(what): \(box.text)")
            for mark in canvas.marks {
                let isCovered =
                    mark.x > low.x && mark.x < high.x && mark.y > low.y && mark.y < high.y
                #expect(!isCovered, "\(what): \(box.text) covers a point")
            }
        }
    }

    private func names(_ canvas: Canvas) -> Set<String> {
        Set(canvas.textBoxes.filter { $0.role == .point }.map(\.text))
    }

    @Test("the strongest points are named, and no others")
    func named() throws {
        let spread = try ScatterPlot(Self.line(Self.spread), labelPrefix: "L5N").drawn(as: .svg)
        #expect(spread.marks.count == 8)
        #expect(names(spread) == Set((0..<8).map { "L5N\((1777 + 331 * $0) % 3072)" }))
        let clustered = try ScatterPlot(Self.line(Self.clustered)).drawn(as: .svg)
        #expect(clustered.marks.count == 8 && names(clustered).count >= 6)
        #expect(names(clustered).contains("N1507"))
        let table = try RankPlot(Self.table(12, 256, Self.spread)).drawn(as: .svg)
        #expect(names(table).contains("L6N241"), "1777 = 6 · 256 + 241")
        for values: [Float] in [
            [2], Array(repeating: 3, count: 100), Array(repeating: 0, count: 50),
        ] {
            let none = try ScatterPlot(Self.line(values)).drawn(as: .svg)
            #expect(none.marks.isEmpty && names(none).isEmpty)
        }
        let style = ScatterPlot.Style(namedPoints: 0)
        #expect(try ScatterPlot(Self.line(Self.spread), style: style).drawn(as: .svg).marks == [])
    }

    @Test("points lie at the numbers of their labels")
    func subset() throws {
        let array = Self.line([0, 0, 0, 0, 5], labels: ["0", "10", "20", "30", "1000"])
        let canvas = try ScatterPlot(array).drawn(as: .png)
        let mark = try #require(canvas.marks.first)
        let share = (mark.x - canvas.plotArea.x) / canvas.plotArea.width
        #expect(abs(share - 1020 / 1040) < 1e-3)
        #expect(names(canvas) == ["N1000"])
    }

    @Test("a PNG is as wide as asked, and drawing twice gives the same bytes")
    func files() throws {
        let plot = try ScatterPlot(Self.line(Self.spread), style: .init(width: 3.25, dpi: 200))
        #expect(try PNGFile(plot.encoded(as: .png)).width == 650)
        for format in FigureFormat.allCases {
            #expect(try plot.encoded(as: format) == plot.encoded(as: format), "\(format)")
        }
        let figures: [any Figure] = [plot, try RankPlot(Self.table(12, 256, Self.heavy))]
        for figure in figures {
            let files = try figure.files(in: "out", as: [.png, .svg])
            #expect(files.map(\.path) == ["out/neuron-effects.png", "out/neuron-effects.svg"])
        }
    }

    @Test("files of 36,864 points stay small", arguments: FigureFormat.allCases)
    func sizes(format: FigureFormat) throws {
        var generator = SeededGenerator(seed: 3, stream: "points")
        let uniform = (0..<36_864).map { _ in Float.random(in: -1...1, using: &generator) }
        for values in [Self.normal(36_864), uniform] {
            let table = try RankPlot(Self.table(12, 3072, values)).encoded(as: format)
            #expect(table.count < 1_000_000)
            #expect(try ScatterPlot(Self.line(values)).encoded(as: format).count < 1_000_000)
        }
    }

    @Test("the preview ranks the largest values")
    func preview() throws {
        let array = Self.line([0.5, -2, .nan, 0.25])
        #expect(
            try ScatterPlot(array, labelPrefix: "L5N").preview(width: 60) == """
                Logit difference restored (share)
                 1  L5N1  -2.000
                 2  L5N0   0.500
                 3  L5N3   0.250
                … 1 more values

                """)
        let lines = try RankPlot(Self.table(12, 256, Self.spread)).preview(colour: false)
            .split(separator: "\n")
        #expect(lines.count == 12 && lines[0].hasPrefix("Normalised"))
        #expect(lines.last == "… 3062 more values")
    }

    @Test("refuses results with another number of axes")
    func refusals() throws {
        let (line, table) = (Self.line([1, 2]), Self.table(1, 2, [1, 2]))
        let error = #expect(throws: FigureError.self) { try ScatterPlot(table) }
        #expect("\(try #require(error))".contains("scatter plot needs 1 axis"))
        #expect(throws: FigureError.self) { try RankPlot(line) }
        #expect(throws: FigureError.self) {
            try ScatterPlot(line, style: .init(width: 1)).encoded(as: .png)
        }
    }

    /// A tall strip beside a cluster of strong points, whose names have room on the other side.
    @Test("names do not lie among the points of a neighbouring strip")
    func namesOfStrips() throws {
        let (rows, columns) = (13, 100)
        let values = (0..<rows * columns).map { index -> Float in
            let (row, column) = (index / columns, index % columns)
            if row == 1 && column >= 96 { return 0.3 + Float(column - 96) / 200 }
            return row < 2 ? 0.25 * Float(column) / 100 : 0
        }
        let canvas = try RankPlot(
            Self.table(rows, columns, values), labelPrefixes: ("", " ")
        ).drawn(as: .svg)
        // Heights of values, from two of the axis's labels.
        let ticks = canvas.textBoxes.filter { $0.role == .rowLabel }.compactMap { box in
            Double(box.text).map { (value: $0, y: (box.corners[0].y + box.corners[2].y) / 2) }
        }
        let scale = (ticks[1].y - ticks[0].y) / (ticks[1].value - ticks[0].value)
        let top = ticks[0].y + scale * (0.25 - ticks[0].value)
        let plot = canvas.plotArea
        let middle = plot.x + 0.5 / Double(rows) * plot.width
        let names = canvas.textBoxes.filter { $0.role == .point && $0.text.hasPrefix("1 ") }
        #expect(names.count >= 3)
        for name in names where name.corners[2].y > top {
            #expect(!(name.corners[0].x...name.corners[1].x).contains(middle), "\(name.text)")
        }
    }
}
