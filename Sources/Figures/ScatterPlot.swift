internal import RealModule
public import Results
internal import Tensors

/// One value per entry of an axis as points, the strongest coloured and named.
///
/// Made for thousands of neurons: points let others show through, and those that stand out carry
/// names where there is room. Entries whose labels are whole numbers lie at that number, others at
/// their place in the axis. Values that are not finite are left out.
///
/// ```swift
/// try ScatterPlot(effects, labelPrefix: "L5N").write("neuron-effects.png")
/// ```
public struct ScatterPlot: Figure {
    /// What is drawn.
    public let array: LabelledArray
    /// How it is drawn.
    public var style: Style
    /// What precedes an entry's label in a point's name.
    public let labelPrefix: String

    /// Prepares a scatter plot of a result with one axis.
    ///
    /// - Parameters:
    ///   - array: The result, such as the effect of each neuron of a layer.
    ///   - labelPrefix: What precedes an entry's label in its name, such as `L5N` for `L5N1777`;
    ///     `nil` for the axis's initial.
    ///   - style: How it is drawn.
    public init(
        _ array: LabelledArray, labelPrefix: String? = nil, style: Style = Style()
    ) throws(FigureError) {
        try Self.require(1, "scatter plot", of: array)
        self.array = array
        self.style = style
        self.labelPrefix = labelPrefix ?? AxisText(array.axes[0]).initial
    }

    /// The bytes of the figure's file.
    public func encoded(as format: FigureFormat) throws(FigureError) -> [UInt8] {
        try drawn(as: format).finish()
    }

    /// The drawing before it becomes a file.
    package func drawn(as format: FigureFormat) throws(FigureError) -> Canvas {
        try style.checkSize()
        let typeface = Typeface()
        let text = AxisText(array.axes[0])
        let positions = text.positions
        let scale = NumberScale(
            quantity: Quantity(text.title), limits: NumberScale.limits(of: positions), kind: .whole)
        let layout = PlotLayout(
            self, style: style, horizontal: .numbers(scale), vertical: vertical(style),
            typeface: typeface)
        let canvas = page(format, layout.page, style, typeface: typeface)
        let places = zip(positions, array.values.values).map { position, value in
            layout.place(
                x: scale.fraction(of: position), y: layout.vertical.fraction(of: Double(value)))
        }
        PointDrawing(
            layout: layout, places: places, values: array.values.values, style: style,
            name: name, canvas: canvas
        ).draw()
        return canvas
    }

    /// The values with the largest magnitudes, ranked.
    public func preview(colour: Bool, width: Int) -> String {
        ValueList(ranking: array, name: name).text(
            bars: colour ? .coloured : .none, width: width)
    }

    private var name: @Sendable (Int) -> String {
        let (text, prefix) = (AxisText(array.axes[0]), labelPrefix)
        return { prefix + text.label($0) }
    }
}

extension ScatterPlot {
    /// What a figure's maker may choose.
    public struct Style: Sendable, PageStyle {
        /// The words above the plot; `nil` for the result's name, empty for none.
        public var title: String?
        /// The width on paper, in inches; the height follows.
        public var width: Double
        /// Pixels per inch of a PNG.
        public var dpi: Double
        /// The values at the ends of the axis; `nil` to take them from the values.
        ///
        /// Points beyond them are left out.
        public var limits: ClosedRange<Double>?
        /// At most so many points are coloured and named.
        ///
        /// Those are the values with the largest magnitudes, if more than four times the median
        /// magnitude.
        public var namedPoints: Int
        /// Negative points that stand out are in its low colour, positive ones in its high colour.
        public var colourMap: ColourMap

        /// A style; what is not given is what a paper's column needs.
        public init(
            title: String? = nil, width: Double = 3.25, dpi: Double = 300,
            limits: ClosedRange<Double>? = nil, namedPoints: Int = 8,
            colourMap: ColourMap = .redBlue
        ) {
            self.title = title
            self.width = width
            self.dpi = dpi
            self.limits = limits
            self.namedPoints = namedPoints
            self.colourMap = colourMap
        }
    }
}

extension Figure {
    /// The axis of a plot of points: linear, zero inside.
    func vertical(_ style: ScatterPlot.Style) -> PlotAxis {
        let limits = NumberScale.limits(
            array.values.values.map(Double.init), given: style.limits, zero: .inside)
        return .numbers(NumberScale(quantity: array.quantity, limits: limits, kind: .linear))
    }
}

extension AxisText {
    /// What names of entries begin with: the axis's initial before numbers, nothing before words.
    var initial: String { isCounted ? String(title.prefix(1)) : "" }

    /// Where entries lie on an axis of numbers: at their own where all have one.
    var positions: [Double] {
        let own = numbers.compactMap { Int32($0).map(Double.init) }
        return own.count == numbers.count ? own : numbers.indices.map(Double.init)
    }
}
