internal import Results

/// Where everything of a graph goes, in points; computed from measured text before drawing.
struct GraphLayout {
    /// A node's box, and where each of its ports is.
    struct Box {
        let name: String
        let rectangle: Rectangle
        /// The ports that edges enter, by name.
        let ports: [(name: String, x: Double)]

        /// Where an edge enters.
        func entry(_ port: String?) -> Double {
            ports.first { $0.name == port }?.x ?? rectangle.centre.x
        }
    }

    /// The page's size.
    let page: (width: Double, height: Double)
    /// The area of the levels.
    let plot: Rectangle
    let title: FittedText
    let legend: Legend?
    /// The words below the plot: what widths mean.
    let note: FittedText
    /// The labels to the left: the middle of their levels, and the band that they share.
    let labels: [(y: Double, text: String, band: Rectangle)]
    let labelWidth: Double
    let rowTitle: FittedText
    /// The boxes of all nodes.
    let boxes: [Box]
    /// The points that each edge goes through; from one to the next it bends upwards.
    let paths: [[Point]]

    static let nameSize = FigureMetrics.pointLabelSize
    static let portSize = 5.0
    private static let (boxHeight, portHeight) = (10.0, 5.5)
    /// The distance between a row's boxes and between rows.
    private static let (gap, closest, widest, tallest) = (4.0, 10.0, 16.0, 620.0)

    init(_ plot: GraphPlot, typeface: Typeface) {
        let style = plot.style
        let grid = PixelGrid(dpi: style.dpi)
        let (margin, gap) = (FigureMetrics.margin, FigureMetrics.gap)
        let pageWidth = grid.rounded(style.width * 72)
        title = FittedText(
            plot.title(style), width: pageWidth - 2 * margin, size: FigureMetrics.titleSize,
            lines: 3, in: typeface)
        let size = FigureMetrics.labelSize
        labelWidth = plot.levels.map { typeface.width(of: $0.label, size: size) }.max() ?? 0
        let line = typeface.lineHeight(FigureMetrics.axisTitleSize)
        let left = grid.up(
            margin + (labelWidth > 0 ? line + labelWidth + 1.5 * gap + 2 * gap : 0))
        let room = pageWidth - left - margin

        let rows = GraphLayout.rows(of: plot, room: room, typeface: typeface)
        let heading = Double(title.lines.count) * typeface.lineHeight(title.size) + 2 * gap
        legend = GraphLayout.legend(
            plot, at: Point(x: left, y: margin + heading), width: room, typeface)
        let top = grid.up(margin + heading + (legend?.height ?? 0))
        let boxHeights = rows.map { row in
            Self.boxHeight + (row.contains { !$0.ports.isEmpty } ? Self.portHeight : 0)
        }
        let between = max(
            Self.closest,
            min(
                Self.widest,
                (Self.tallest - boxHeights.reduce(0, +)) / Double(max(rows.count, 1))))
        let height = grid.rounded(
            max(boxHeights.reduce(0, +) + Double(rows.count) * between, 40))
        self.plot = Rectangle(x: left, y: top, width: room, height: height)

        let graph = GraphRows(rows, edges: plot.edges, room: room)
        var bottoms: [Double] = []
        var y = self.plot.bottom - between / 2
        for height in boxHeights {
            bottoms.append(y)
            y -= height + between
        }
        (boxes, paths) = GraphLayout.places(
            plot, rows, graph, left: left, bottoms: bottoms, heights: boxHeights)
        labels = GraphLayout.labels(
            rows, self.plot, bottoms: bottoms, heights: boxHeights, between: between)
        rowTitle = FittedText(
            labels.isEmpty ? "" : style.levelTitle, width: height,
            size: FigureMetrics.axisTitleSize, lines: 1, in: typeface)
        note = FittedText(
            GraphLayout.note(plot), width: pageWidth - 2 * margin, size: size, lines: 2,
            in: typeface)
        let words = Double(note.lines.count) * typeface.lineHeight(note.size)
        page = (pageWidth, grid.up(self.plot.bottom + 2 * gap + words + margin))
    }
}

extension GraphLayout {
    /// A node of a row: its label, the ports that are used, and the room for it.
    fileprivate struct Node {
        let name: String
        let label: String
        let ports: [String]
        let used: Set<String>
        let width: Double
    }

    /// The levels' nodes, in several rows where they would not stand side by side.
    private static func rows(
        of plot: GraphPlot, room: Double, typeface: Typeface
    ) -> [[Node]] {
        var used: [String: Set<String>] = [:]
        for edge in plot.edges { used[edge.to, default: []].formUnion([edge.port ?? ""]) }
        return plot.levels.flatMap { level -> [[Node]] in
            var rows: [[Node]] = []
            var end = Double.infinity
            for name in level.nodes {
                let text = typeface.drawable(AxisText.visible(name))
                let width = min(
                    max(typeface.width(of: text, size: nameSize), 6 * Double(level.ports.count))
                        + 4 + gap, room)
                // Passing edges need some of the row too.
                if end + width > 0.85 * room { (end, rows) = (0, rows + [[]]) }
                end += width
                let node = Node(
                    name: name, label: level.label, ports: level.ports, used: used[name] ?? [],
                    width: width)
                rows[rows.count - 1].append(node)
            }
            return rows
        }
    }

    private static func legend(
        _ plot: GraphPlot, at place: Point, width: Double, _ typeface: Typeface
    ) -> Legend? {
        let (signs, map) = (plot.style.signs, plot.style.colourMap)
        let isUsed = { (sign: Float) in plot.edges.contains { sign * $0.value > 0 } }
        let entries = [(signs.negative, Float(-1)), (signs.positive, 1)].filter {
            !$0.0.isEmpty && isUsed($0.1)
        }.map {
            Legend.Entry(
                text: $0.0,
                style: SeriesStyle(
                    colour: map.colour(ofSign: $0.1), shape: .disc, isHollow: false),
                isLine: false)
        }
        return entries.isEmpty ? nil : Legend(entries, at: place, width: width, in: typeface)
    }

    /// What a line's width means.
    private static func note(_ plot: GraphPlot) -> String {
        let largest = plot.edges.map { Double($0.value.magnitude) }.max() ?? 0
        guard largest > 0 else { return "" }
        let exponent = Ticks(0...largest, count: 2).exponent
        let number = NumberText.fixed(
            largest / NumberText.power(exponent),
            decimals: NumberText.decimals(showing: largest / NumberText.power(exponent)))
        return "Line width: |\(plot.array.quantity.title(exponent: exponent))|, at most \(number)"
    }

    /// Boxes and paths on the page.
    private static func places(
        _ plot: GraphPlot, _ rows: [[Node]], _ graph: GraphRows, left: Double, bottoms: [Double],
        heights: [Double]
    ) -> (boxes: [Box], paths: [[Point]]) {
        let rowOfNode = rows.indices.flatMap { row in rows[row].map { _ in row } }
        let boxes = rows.joined().enumerated().map { index, node in
            let (item, row) = (graph.items[index], rowOfNode[index])
            let width = item.width - gap
            let x = left + item.x - width / 2
            let spacing = width / Double(max(node.ports.count, 1))
            let ports = node.ports.enumerated().filter { node.used.contains($0.element) }
            return Box(
                name: node.name,
                rectangle: Rectangle(
                    x: x, y: bottoms[row] - heights[row], width: width, height: heights[row]),
                ports: ports.map { ($0.element, x + (Double($0.offset) + 0.5) * spacing) })
        }
        let paths = zip(plot.edges, graph.chains).map { edge, chain in
            let (source, target) = (boxes[chain[0]], boxes[chain[chain.count - 1]])
            let first = rowOfNode[chain[0]]
            let passed = chain.dropFirst().dropLast().enumerated().flatMap { step, item in
                let (row, x) = (first + 1 + step, left + graph.items[item].x)
                return [
                    Point(x: x, y: bottoms[row]), Point(x: x, y: bottoms[row] - heights[row]),
                ]
            }
            return [Point(x: source.rectangle.centre.x, y: source.rectangle.y)] + passed
                + [Point(x: target.entry(edge.port), y: target.rectangle.bottom)]
        }
        return (boxes, paths)
    }

    /// The labels of neighbouring rows that share one.
    private static func labels(
        _ rows: [[Node]], _ plot: Rectangle, bottoms: [Double], heights: [Double],
        between: Double
    ) -> [(y: Double, text: String, band: Rectangle)] {
        var labels: [(y: Double, text: String, band: Rectangle)] = []
        var start = 0
        while start < rows.count {
            let label = rows[start].first?.label ?? ""
            let end =
                rows[start...].firstIndex { $0.first?.label != label } ?? rows.count
            let (low, high) = (
                bottoms[start] + between / 2, bottoms[end - 1] - heights[end - 1] - between / 2
            )
            if !label.isEmpty {
                labels.append(
                    (
                        (low + high) / 2, label,
                        Rectangle(x: plot.x, y: high, width: plot.width, height: low - high)
                    ))
            }
            start = end
        }
        return labels
    }
}

extension GraphRows {
    /// Arranges named nodes.
    fileprivate init(_ rows: [[GraphLayout.Node]], edges: [GraphPlot.Edge], room: Double) {
        let nodes = rows.flatMap(\.self)
        let indices = Dictionary(
            nodes.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        var next = 0
        let numbered = rows.map { row in
            defer { next += row.count }
            return Array(next..<next + row.count)
        }
        let largest = edges.map { Double($0.value.magnitude) }.max() ?? 0
        self.init(
            numbered, widths: nodes.map(\.width),
            edges: edges.map { edge in
                (
                    indices[edge.from] ?? 0, indices[edge.to] ?? 0,
                    largest > 0 ? Double(edge.value.magnitude) / largest : 0
                )
            }, room: room)
    }
}
