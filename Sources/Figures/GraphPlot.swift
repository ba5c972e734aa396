public import Results
internal import Tensors

/// A graph in levels whose edges all lead upwards, such as a model's parts that read what those
/// before them wrote.
///
/// An edge's colour tells its sign and its width its magnitude; it may enter a node at one of
/// several named ports. Edges that pass levels keep clear of the nodes there.
///
/// ```swift
/// try GraphPlot(scores, levels: levels, edges: edges).write("circuit.pdf")
/// ```
public struct GraphPlot: Figure {
    /// The result that the edges are taken from.
    public let array: LabelledArray
    /// The nodes, from the bottom to the top.
    public let levels: [Level]
    /// The edges.
    public let edges: [Edge]
    /// How it is drawn.
    public var style: Style

    /// Nodes at one height.
    public struct Level: Sendable, Hashable {
        /// The number to the left; neighbouring levels may share one. Empty for none.
        public let label: String
        /// Their names, which no other node has.
        public let nodes: [String]
        /// Where edges enter each node, from left to right; empty for the middle.
        public let ports: [String]

        /// Names the nodes of a level.
        public init(_ label: String, nodes: [String], ports: [String] = []) {
            (self.label, self.nodes, self.ports) = (label, nodes, ports)
        }
    }

    /// A line from one node to another above it.
    public struct Edge: Sendable, Hashable {
        /// The lower node.
        public let from: String
        /// The upper node.
        public let to: String
        /// The upper node's port; `nil` for the middle.
        public let port: String?
        /// The value.
        public let value: Float

        /// Connects two nodes.
        public init(from: String, to: String, port: String? = nil, value: Float) {
            (self.from, self.to, self.port, self.value) = (from, to, port, value)
        }
    }

    /// Prepares a graph; edges that lead to no node above their own are left out.
    ///
    /// - Parameters:
    ///   - array: The result that the edges are taken from, which says what their values measure.
    ///   - levels: The nodes, from the bottom to the top.
    ///   - edges: The edges.
    ///   - style: How it is drawn.
    public init(
        _ array: LabelledArray, levels: [Level], edges: [Edge], style: Style = Style()
    ) {
        (self.array, self.levels, self.style) = (array, levels, style)
        let heights = Dictionary(
            levels.enumerated().flatMap { height, level in level.nodes.map { ($0, height) } },
            uniquingKeysWith: { first, _ in first })
        self.edges = edges.filter { edge in
            guard let low = heights[edge.from], let high = heights[edge.to] else { return false }
            return low < high && edge.value.isFinite
        }
    }

    /// The bytes of the figure's file.
    public func encoded(as format: FigureFormat) throws(FigureError) -> [UInt8] {
        try drawn(as: format).finish()
    }

    /// The drawing before it becomes a file.
    package func drawn(as format: FigureFormat) throws(FigureError) -> Canvas {
        try style.checkSize()
        let typeface = Typeface()
        let layout = GraphLayout(self, typeface: typeface)
        let canvas = page(format, layout.page, style, typeface: typeface)
        GraphDrawing(plot: self, layout: layout, canvas: canvas).draw()
        return canvas
    }

    /// The edges by falling magnitude.
    public func preview(colour: Bool, width: Int) -> String {
        let list = LabelledArray(
            array.name, quantity: array.quantity, axes: [Axis("edge", labels: edges.map(\.name))],
            values: Tensor([edges.count], edges.map(\.value)))
        return ValueList(ranking: list) { edges[$0].name }
            .text(bars: colour ? .coloured : .none, width: width)
    }
}

extension GraphPlot.Edge {
    /// Both ends, the port after the second.
    var name: String { "\(from)->\(to)" + (port.map { "<\($0)>" } ?? "") }
}

extension GraphPlot {
    /// What a figure's maker may choose.
    public struct Style: Sendable, PageStyle {
        /// The words above the plot; `nil` for the result's name, empty for none.
        public var title: String?
        /// The width on paper, in inches; the height follows.
        public var width: Double
        /// Pixels per inch of a PNG.
        public var dpi: Double
        /// What the levels' labels count.
        public var levelTitle: String
        /// What edges of either sign are; empty for no key. A sign without edges is left out.
        public var signs: (negative: String, positive: String)
        /// Negative edges are in its low colour, positive ones in its high colour.
        public var colourMap: ColourMap

        /// A style; what is not given is what a paper's column needs.
        public init(
            title: String? = nil, width: Double = 3.25, dpi: Double = 300,
            levelTitle: String = "Layer",
            signs: (negative: String, positive: String) = ("negative", "positive"),
            colourMap: ColourMap = .redBlue
        ) {
            (self.title, self.width, self.dpi) = (title, width, dpi)
            (self.levelTitle, self.signs, self.colourMap) = (levelTitle, signs, colourMap)
        }
    }
}
