internal import RealModule
public import Results
internal import Tensors

/// Values along an axis as lines, one per entry of the first axis.
///
/// Made for singular spectra, training losses, and effects against the number of edits. A result
/// with one axis is a single line; of two axes the first one's entries are the lines. Up to eight
/// are told apart by colour and by the shape of their points, and named at their right ends or,
/// where that is too narrow, above; of more lines the eight with the largest magnitudes, the others
/// being grey. Where all labels of the axis are numbers, points lie at them. A value that is not
/// finite breaks its line.
///
/// ```swift
/// try LinePlot(losses, style: .init(references: [ReferenceLine(2.3, "chance")])).write("loss.png")
/// ```
public struct LinePlot: Figure {
    /// What is drawn.
    public let array: LabelledArray
    /// How it is drawn.
    public var style: Style
    let band: (lower: [Float], upper: [Float])?
    /// The room that it shares with other panels of a page.
    var frame = PlotFrame()

    /// Prepares a line plot of a result with one or two axes.
    ///
    /// - Parameters:
    ///   - array: The result.
    ///   - band: Values below and above it, such as the ends of an interval, with the same axes;
    ///     the area between them is shaded.
    ///   - style: How it is drawn.
    public init(
        _ array: LabelledArray, band: (lower: LabelledArray, upper: LabelledArray)? = nil,
        style: Style = Style()
    ) throws(FigureError) {
        try Self.require(1...2, "line plot", of: array)
        let shape = array.values.shape
        precondition(
            band.map { $0.lower.values.shape == shape && $0.upper.values.shape == shape } ?? true,
            "a band of another shape than \(shape)")
        self.array = array
        self.style = style
        self.band = band.map { ($0.lower.values.values, $0.upper.values.values) }
    }

    /// The bytes of the figure's file.
    public func encoded(as format: FigureFormat) throws(FigureError) -> [UInt8] {
        try drawn(as: format).finish()
    }

    /// The drawing before it becomes a file.
    package func drawn(as format: FigureFormat) throws(FigureError) -> Canvas {
        try style.checkSize()
        let typeface = Typeface()
        let names = LineNames(self, typeface: typeface)
        let canvas = page(format, names.layout.page, style, typeface: typeface)
        LineDrawing(plot: self, names: names, canvas: canvas).draw()
        return canvas
    }

    /// The values as a table of numbers.
    public func preview(colour: Bool, width: Int) -> String {
        let heatmap = try? Heatmap(array.asTable, style: Heatmap.Style(showsTexts: false))
        return heatmap?.preview(colour: false, width: width) ?? ""
    }
}

extension LinePlot {
    /// The axis that lines run along.
    var axis: Axis { array.axes[array.axes.count - 1] }
    var lineCount: Int { array.axes.count == 1 ? 1 : array.axes[0].count }

    /// The lines that are told apart, in the axis's order: of many those with the largest
    /// magnitudes.
    var named: [Int] {
        let largest = (0..<lineCount).map { line in
            indices(of: line).map { array.values.values[$0] }.filter(\.isFinite)
                .map(\.magnitude).max() ?? -1
        }
        let ranked = largest.indices.sorted { (-largest[$0], $0) < (-largest[$1], $1) }
        return ranked.prefix(SeriesStyle.all.count).sorted()
    }

    /// The places of a line's values among all.
    func indices(of line: Int) -> Range<Int> { (line * axis.count)..<((line + 1) * axis.count) }

    /// What a line is called.
    func name(of line: Int) -> String {
        let text = AxisText(array.axes[0])
        return (text.isCounted ? text.title + " " : "") + text.label(line)
    }

    /// Where the entries lie on their axis, and how it is divided.
    var horizontal: (axis: PlotAxis, positions: [Double]) {
        let text = AxisText(axis)
        let own = text.names.isEmpty ? axis.labels.compactMap(Double.init) : []
        guard own.count == axis.count, own.allSatisfy(\.isFinite) else {
            return (.entries(text, count: axis.count), axis.labels.indices.map(Double.init))
        }
        if let zero = style.zero {
            let anchor = ZeroAnchor(name: zero, own)
            return (
                .numbers(
                    NumberScale(
                        quantity: Quantity(text.title),
                        limits: NumberScale.limits(
                            of: own.map(anchor.place), room: 0.04, least: 0),
                        kind: .anchored(anchor))), own
            )
        }
        let scale = NumberScale(
            quantity: Quantity(text.title),
            limits: NumberScale.limits(of: own, room: 0.03, least: 0),
            kind: own.allSatisfy { $0 == $0.rounded() } ? .whole : .linear)
        return (.numbers(scale), own)
    }

    /// The axis of the values, which holds band and references too.
    var vertical: PlotAxis {
        let values = array.values.values + (band?.lower ?? []) + (band?.upper ?? [])
        let all = values.map(Double.init) + style.references.map(\.value)
        let limits =
            style.isLogarithmic
            ? NumberScale.logarithmicLimits(all, given: style.limits)
            : NumberScale.limits(all, given: style.limits, zero: .whereNear)
        return .numbers(
            NumberScale(
                quantity: array.quantity, limits: limits,
                kind: style.isLogarithmic ? .logarithmic : .linear))
    }
}

extension LinePlot {
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
        /// Whether equal ratios of values are equal lengths; values that are not positive are left
        /// out then.
        public var isLogarithmic: Bool
        /// Values to compare with, as level lines.
        public var references: [ReferenceLine]
        /// Places of the axis that lines run along, as upright lines.
        public var marks: [ReferenceLine]
        /// What zero is called on the lines' axis, on which equal ratios are equal lengths then and
        /// zero stands apart, such as "base" for a model before any change; `nil` for an axis as
        /// its labels are.
        public var zero: String?
        /// A number of the lines' axis at which each line has a star; `nil` for none.
        public var star: Double?

        /// A style; what is not given is what a paper's column needs.
        public init(
            title: String? = nil, width: Double = 3.25, dpi: Double = 300,
            limits: ClosedRange<Double>? = nil, isLogarithmic: Bool = false,
            references: [ReferenceLine] = [], marks: [ReferenceLine] = [], zero: String? = nil,
            star: Double? = nil
        ) {
            self.title = title
            self.width = width
            self.dpi = dpi
            self.limits = limits
            self.isLogarithmic = isLogarithmic
            self.references = references
            self.marks = marks
            self.zero = zero
            self.star = star
        }
    }
}
