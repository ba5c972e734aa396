public import Results
internal import Statistics
internal import Tensors

/// The distribution of the values of each row of a table as a violin.
///
/// Made for what an encoder says of several kinds of texts. A violin is as wide as values are
/// dense at its height, all of them equally wide at their widest; the bar inside goes from the
/// first to the third quartile and the white point is the median. A row with few values shows
/// points instead. Values that are not finite are left out, so that rows may have different
/// numbers of them.
///
/// ```swift
/// try ViolinPlot(encoded, style: .init(limits: -1...1)).write("encoder.png")
/// ```
public struct ViolinPlot: Figure {
    /// What is drawn.
    public let array: LabelledArray
    /// How it is drawn.
    public var style: Style

    /// Prepares a violin plot of a result with two axes, whose first becomes the violins.
    public init(_ array: LabelledArray, style: Style = Style()) throws(FigureError) {
        try Self.require(2, "violin plot", of: array)
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
        let all = array.values.values.map(Double.init) + style.references.map(\.value)
        let limits = NumberScale.limits(all, given: style.limits, zero: .inside)
        let layout = PlotLayout(
            self, style: style,
            horizontal: .entries(AxisText(array.axes[0]), count: array.axes[0].count),
            vertical: .numbers(
                NumberScale(quantity: array.quantity, limits: limits, kind: .linear)),
            typeface: typeface)
        let canvas = page(format, layout.page, style, typeface: typeface)
        ViolinDrawing(plot: self, layout: layout, canvas: canvas).draw()
        return canvas
    }

    /// Name, number of values, and quartiles of each row.
    public func preview(colour: Bool, width: Int) -> String {
        let text = AxisText(array.axes[0])
        let names = (0..<array.axes[0].count).map { TerminalText.cut(text.label($0), to: 32) }
        let widest = names.map(TerminalText.width).max() ?? 0
        func number(_ value: Double) -> String {
            TerminalText.padded(NumberText.fixed(value, decimals: 3, minus: "-"), to: 9)
        }
        let lines = names.enumerated().map { row, name in
            let sorted = values(of: row)
            let quartiles = [0.25, 0.5, 0.75].map { share in
                sorted.isEmpty ? .nan : quantile(share, ofSorted: sorted)
            }
            return TerminalText.padded(name, to: widest)
                + TerminalText.padded("\(sorted.count)", to: 7)
                + quartiles.map(number).joined()
        }
        let header =
            String(repeating: " ", count: widest) + " values       q1   median       q3"
        return ([header] + lines).joined(separator: "\n") + "\n"
    }

    /// The finite values of a row, rising.
    func values(of row: Int) -> [Double] {
        let columns = array.axes[1].count
        return array.values.values[(row * columns)..<((row + 1) * columns)]
            .filter(\.isFinite).map(Double.init).sorted()
    }
}

extension ViolinPlot {
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
        /// Values to compare with, as level lines.
        public var references: [ReferenceLine]

        /// A style; what is not given is what a paper's column needs.
        public init(
            title: String? = nil, width: Double = 3.25, dpi: Double = 300,
            limits: ClosedRange<Double>? = nil, references: [ReferenceLine] = []
        ) {
            self.title = title
            self.width = width
            self.dpi = dpi
            self.limits = limits
            self.references = references
        }
    }
}
