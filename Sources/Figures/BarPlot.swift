public import Results
internal import Tensors

/// One value per entry of an axis as a bar from zero.
///
/// Made for the direct attribution of a logit to components: negative bars are red and positive
/// ones blue. More than eight entries with words for names lie below each other, so that all names
/// can be read; fewer, and numbers, stand side by side. Of a result with two axes the second one's
/// entries are bars in colours of their own, side by side within each entry of the first, or one
/// on the other.
///
/// ```swift
/// try BarPlot(attribution).write("direct-logit-attribution.pdf")
/// ```
public struct BarPlot: Figure {
    /// What is drawn.
    public let array: LabelledArray
    /// How it is drawn.
    public var style: Style

    /// Prepares a bar plot of a result with one or two axes.
    public init(_ array: LabelledArray, style: Style = Style()) throws(FigureError) {
        try Self.require(1...2, "bar plot", of: array)
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
        let entries = PlotAxis.entries(entryText, count: array.axes[0].count)
        let layout = PlotLayout(
            self, style: style, horizontal: isHorizontal ? values : entries,
            vertical: isHorizontal ? entries : values,
            entryHeight: max(PlotLayout.entryHeight, 2 + Self.groupHeight * Double(barCount)),
            legend: legend, typeface: typeface)
        let canvas = page(format, layout.page, style, typeface: typeface)
        BarDrawing(plot: self, layout: layout, canvas: canvas).draw()
        return canvas
    }

    /// Names, values and bars of block characters.
    public func preview(colour: Bool, width: Int) -> String {
        let (text, groups) = (entryText, groupText)
        let list = ValueList(array) { index in
            let name = text.label(index / groupCount)
            return groups.map { name + " " + $0.label(index % groupCount) } ?? name
        }
        return list.text(bars: colour ? .coloured : .blocks, width: width)
    }
}

extension BarPlot {
    private var entryText: AxisText { AxisText(array.axes[0]) }
    private var groupText: AxisText? { array.axes.count == 1 ? nil : AxisText(array.axes[1]) }
    /// The number of bars of an entry.
    var groupCount: Int { array.axes.count == 1 ? 1 : array.axes[1].count }

    /// How many bars of an entry lie side by side.
    var barCount: Int { style.isStacked ? 1 : groupCount }

    /// Where a value's bar begins: where bars of its entry and sign end, if they are stacked.
    func start(of index: Int) -> Double {
        guard style.isStacked else { return 0 }
        let values = array.values.values
        let first = index - index % groupCount
        return values[first..<index].filter { ($0 < 0) == (values[index] < 0) && $0.isFinite }
            .reduce(0) { $0 + Double($1) }
    }

    /// With more entries words do not fit below bars.
    private static let mostUpright = 8
    /// The least height of a bar of a group, in points.
    private static let groupHeight = 3.5

    /// Whether bars lie below each other.
    var isHorizontal: Bool {
        switch style.direction {
        case .automatic: array.axes[0].count > Self.mostUpright && !entryText.isCounted
        case .horizontal: true
        case .vertical: false
        }
    }

    /// The axis of the values, which holds zero and the references.
    private var values: PlotAxis {
        let ends = array.values.values.enumerated().map { start(of: $0) + Double($1) }
        let all = ends + style.references.map(\.value)
        let limits = NumberScale.limits(all, given: style.limits, zero: .shown)
        return .numbers(NumberScale(quantity: array.quantity, limits: limits, kind: .linear))
    }

    private var legend: [Legend.Entry] {
        guard let text = groupText else { return [] }
        return (0..<min(groupCount, SeriesStyle.all.count)).map { group in
            let name = (text.isCounted ? text.title + " " : "") + text.label(group)
            return Legend.Entry(text: name, style: SeriesStyle[group], isLine: false)
        }
    }
}

extension BarPlot {
    /// What a figure's maker may choose.
    public struct Style: Sendable, PageStyle {
        /// The words above the plot; `nil` for the result's name, empty for none.
        public var title: String?
        /// The width on paper, in inches; the height follows.
        public var width: Double
        /// Pixels per inch of a PNG.
        public var dpi: Double
        /// The values at the ends of the axis; `nil` to take them from the values.
        public var limits: ClosedRange<Double>?
        /// Where bars go from zero.
        public var direction: Direction
        /// Values to compare with, as lines across the bars.
        public var references: [ReferenceLine]
        /// Negative bars are in its low colour, positive ones in its high colour.
        public var colourMap: ColourMap
        /// Whether the bars of an entry stand one on the other instead of side by side.
        public var isStacked: Bool

        /// Where bars go from zero.
        public enum Direction: Sendable {
            /// Sideways if there are more than eight entries with words for names, else upwards.
            case automatic
            /// Sideways.
            case horizontal
            /// Upwards.
            case vertical
        }

        /// A style; what is not given is what a paper's column needs.
        public init(
            title: String? = nil, width: Double = 3.25, dpi: Double = 300,
            limits: ClosedRange<Double>? = nil, direction: Direction = .automatic,
            references: [ReferenceLine] = [], colourMap: ColourMap = .redBlue,
            isStacked: Bool = false
        ) {
            self.title = title
            self.width = width
            self.dpi = dpi
            self.limits = limits
            self.direction = direction
            self.references = references
            self.colourMap = colourMap
            self.isStacked = isStacked
        }
    }
}
