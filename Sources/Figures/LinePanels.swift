public import Results

/// Line plots one above the other, with one horizontal axis for all.
///
/// Made for measures of different kinds along one thing that is changed, such as a model's quality
/// above what it says. The words above are those of the first panel; its page is that of all.
///
/// ```swift
/// try LinePanels(result, [quality, probabilities]).write("shift.png")
/// ```
public struct LinePanels: Figure {
    /// What the panels are part of.
    public let array: LabelledArray
    /// From the top.
    public let panels: [LinePlot]

    /// The height of a panel by the page's width.
    private static let aspect = 0.27

    /// Prepares panels whose last axes have the same labels.
    ///
    /// - Parameters:
    ///   - array: The result, which names the files.
    ///   - panels: At least one.
    public init(_ array: LabelledArray, _ panels: [LinePlot]) {
        precondition(
            !panels.isEmpty && panels.allSatisfy { $0.axis.labels == panels[0].axis.labels },
            "panels along different axes")
        self.array = array
        self.panels = panels
    }

    /// The bytes of the figure's file.
    public func encoded(as format: FigureFormat) throws(FigureError) -> [UInt8] {
        try drawn(as: format).finish()
    }

    /// The drawing before it becomes a file.
    package func drawn(as format: FigureFormat) throws(FigureError) -> Canvas {
        let style = panels[0].style
        try style.checkSize()
        let typeface = Typeface()
        // The first layouts tell the room that the widest labels need, which all then take.
        var plots = panels
        for index in plots.indices {
            plots[index].style.width = style.width
            plots[index].style.dpi = style.dpi
            plots[index].style.title = index == 0 ? title(style) : ""
            plots[index].frame.aspect = Self.aspect
        }
        let alone = plots.map { LineNames($0, typeface: typeface).layout }
        let left = alone.map(\.plot.x).max() ?? 0
        let right = alone.map { $0.page.width - $0.plot.right }.max() ?? 0
        for index in plots.indices {
            plots[index].frame.left = left
            plots[index].frame.right = right - FigureMetrics.margin
            plots[index].frame.hasColumnLabels = index == plots.count - 1
        }
        let names = plots.map { LineNames($0, typeface: typeface) }
        let height = names.reduce(0) { $0 + $1.layout.page.height }
        let canvas = page(
            format, (names[0].layout.page.width, height), style, typeface: typeface)
        var top = 0.0
        for (plot, names) in zip(plots, names) {
            canvas.moveOrigin(to: Point(x: 0, y: top))
            LineDrawing(plot: plot, names: names, canvas: canvas).draw()
            top += names.layout.page.height
        }
        return canvas
    }

    /// The panels' values one after the other.
    public func preview(colour: Bool, width: Int) -> String {
        panels.map { $0.array.quantity.name + "\n" + $0.preview(colour: colour, width: width) }
            .joined(separator: "\n")
    }
}
