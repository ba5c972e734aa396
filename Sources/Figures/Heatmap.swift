// Figures: results drawn for paper and terminal. A `Figure` is a public type: `Heatmap`,
// `HeatmapGrid` and `HeatmapMosaic` for tables, `ScatterPlot` and `RankPlot` for points, `LinePlot`
// and `BarPlot`. It lays itself out by measured text and draws on a `Canvas`; `ColourMap`, `Ticks`,
// `ColourBar`, `FittedText` and the axes are shared by all. Nothing here computes results or knows
// a model.

public import Results
internal import Tensors

/// A table of values as coloured cells, fit for one column of a paper as it comes.
///
/// Rows are the result's first axis and columns its second; layer 0 is on top, red is negative and
/// blue positive, as the field draws patching results. Text is never clipped and never overlaps:
/// labels turn, thin out or shorten to the room there is. A value of each row, such as the effect
/// of all heads of a layer together, can stand beside it as a bar.
///
/// ```swift
/// try Heatmap(effects).write("figures/patch-residual.png")
/// ```
public struct Heatmap: Figure {
    /// What is drawn.
    public let array: LabelledArray
    /// The rows' values that stand beside them as bars; `nil` for none.
    public let rowValues: LabelledArray?
    /// How it is drawn.
    public var style: Style

    /// Prepares a heat map of a result with two axes.
    ///
    /// - Parameters:
    ///   - array: The result.
    ///   - rowValues: A result with one axis, which has the rows' number of entries; its quantity
    ///     is written below the bars.
    ///   - style: How it is drawn.
    public init(
        _ array: LabelledArray, beside rowValues: LabelledArray? = nil, style: Style = Style()
    ) throws(FigureError) {
        try Self.require(2, "heat map", of: array)
        if let rowValues {
            try Self.require(1, "row of bars", of: rowValues)
            guard rowValues.axes[0].count == array.axes[0].count else {
                throw .entries(
                    figure: "heat map with bars", needed: array.axes[0].count,
                    name: rowValues.name, axis: rowValues.axes[0].name,
                    count: rowValues.axes[0].count)
            }
        }
        self.array = array
        self.rowValues = rowValues
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
        let layout = HeatmapLayout(self, typeface: typeface)
        let canvas = page(format, layout.page, style, typeface: typeface)
        HeatmapDrawing(map: self, layout: layout, canvas: canvas).draw()
        return canvas
    }

    /// What the cells say, if they say words.
    var texts: [String]? { style.showsTexts ? array.texts?.values : nil }

    var scale: ColourScale {
        ColourScale(style.colourMap, values: array.values.values, limits: style.limits)
    }
}

extension Heatmap {
    /// What a figure's maker may choose.
    public struct Style: Sendable, PageStyle {
        /// The words above the plot; `nil` for the result's name, empty for none.
        public var title: String?
        /// The width on paper, in inches; the height follows from the cells.
        public var width: Double
        /// Pixels per inch of a PNG; edges in PDF and SVG lie on the same grid.
        public var dpi: Double
        /// Where the first row is.
        public var origin: Origin
        /// The colours.
        public var colourMap: ColourMap
        /// The values at the colour bar's ends; `nil` to take them from the values.
        public var limits: ClosedRange<Double>?
        /// How many decimals of its value a cell shows; `nil` for no numbers.
        ///
        /// Numbers are left out where they would be smaller than 3.5 points.
        public var cellDecimals: Int?
        /// Whether cells show the result's texts, where it has them, instead of numbers.
        ///
        /// They are shortened rather than smaller than 4.5 points, and left out of cells that are
        /// too small for that.
        public var showsTexts: Bool

        /// Where the first row of a heat map is.
        public enum Origin: Sendable {
            /// On top, as in a table.
            case top
            /// At the bottom, as on a number axis.
            case bottom
        }

        /// A style; what is not given is what a paper's column needs.
        public init(
            title: String? = nil, width: Double = 3.25, dpi: Double = 300, origin: Origin = .top,
            colourMap: ColourMap = .redBlue, limits: ClosedRange<Double>? = nil,
            cellDecimals: Int? = nil, showsTexts: Bool = true
        ) {
            self.title = title
            self.width = width
            self.dpi = dpi
            self.origin = origin
            self.colourMap = colourMap
            self.limits = limits
            self.cellDecimals = cellDecimals
            self.showsTexts = showsTexts
        }
    }
}
