public import Results
internal import Tensors

/// A result with four axes as a grid of small heat maps on one colour scale.
///
/// The first axis is the grid's rows and the second its columns; the last two are the rows and
/// columns of each panel, such as the query and key positions of every head's attention pattern.
/// Cells are whole pixels where that costs little room, and grey where a value is not a number, as
/// what a mask hides. Of cells smaller than a pixel the largest magnitude is seen.
///
/// ```swift
/// try HeatmapMosaic(patterns, style: .patterns).write("attention.png")
/// ```
public struct HeatmapMosaic: Figure {
    /// What is drawn.
    public let array: LabelledArray
    /// How it is drawn.
    public var style: Style

    /// Prepares the panels of a result with four axes.
    public init(_ array: LabelledArray, style: Style = Style()) throws(FigureError) {
        try Self.require(4, "mosaic of heat maps", of: array)
        self.array = array
        self.style = style
    }

    /// The bytes of the figure's file.
    public func encoded(as format: FigureFormat) throws(FigureError) -> [UInt8] {
        try drawn(as: format).finish()
    }

    /// The drawing before it becomes a file.
    package func drawn(as format: FigureFormat) throws(FigureError) -> Canvas {
        try style.checkSize()
        let typeface = Typeface()
        let layout = MosaicLayout(self, typeface: typeface)
        let canvas = page(format, layout.page, style, typeface: typeface)
        layout.draw(array.values.values, scale, on: canvas)
        return canvas
    }

    /// The place and the value of each panel's strongest cell, as a table of the panels.
    ///
    /// The first column has no say, since attention rests there when it is not needed.
    public func preview(colour: Bool, width: Int) -> String {
        let (y, x) = (array.axes[2], array.axes[3])
        let heading = "strongest \(y.name) → \(x.name) of each panel, the first column aside"
        let style = Heatmap.Style(colourMap: style.colourMap, limits: scale.limits)
        let table = try? Heatmap(strongest, style: style)
        return TerminalText.cut(heading, to: max(width, 40)) + "\n"
            + (table?.preview(colour: colour, width: width) ?? "")
    }

    var scale: ColourScale {
        ColourScale(style.colourMap, values: array.values.values, limits: style.limits)
    }

    /// Each panel's strongest value outside the first column, with its place as text.
    private var strongest: LabelledArray {
        let (values, y, x) = (array.values.values, AxisText(array.axes[2]), AxisText(array.axes[3]))
        let (height, width) = (array.axes[2].count, array.axes[3].count)
        let axes = Array(array.axes.prefix(2))
        let best = (0..<axes[0].count * axes[1].count).map { panel in
            (panel * height * width..<(panel + 1) * height * width)
                .filter { ($0 % width > 0 || width == 1) && values[$0].isFinite }
                .max { values[$0].magnitude < values[$1].magnitude }
        }
        var table = LabelledArray(
            array.name, quantity: array.quantity, axes: axes,
            values: Tensor(axes.map(\.count), best.map { $0.map { values[$0] } ?? .nan }))
        table.texts = .init(
            "strongest",
            best.map { index in
                guard let index else { return "–" }
                let place = y.numbers[index / width % height] + "→" + x.numbers[index % width]
                let value = Double(values[index])
                return place + " " + NumberText.fixed(value, decimals: 2, minus: "-")
            })
        return table
    }
}

extension HeatmapMosaic {
    /// What a figure's maker may choose.
    public struct Style: Sendable, PageStyle {
        /// The words above the plot; `nil` for the result's name, empty for none.
        public var title: String?
        /// The width on paper, in inches; the height follows from the panels.
        public var width: Double
        /// Pixels per inch; the panels of PDF and SVG have them too.
        public var dpi: Double
        /// The colours.
        public var colourMap: ColourMap
        /// The values at the colour bar's ends; `nil` to take them from the values.
        public var limits: ClosedRange<Double>?

        /// A style; what is not given is what a page's width needs.
        public init(
            title: String? = nil, width: Double = 6.5, dpi: Double = 300,
            colourMap: ColourMap = .blues, limits: ClosedRange<Double>? = nil
        ) {
            self.title = title
            self.width = width
            self.dpi = dpi
            self.colourMap = colourMap
            self.limits = limits
        }

        /// For attention patterns: blue from 0 to 1.
        public static var patterns: Style { Style(limits: 0...1) }
    }
}
