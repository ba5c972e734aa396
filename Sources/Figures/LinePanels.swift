public import Results

/// Line plots one below the other over one axis, such as the means and the correlation of a run.
///
/// The lowest has the axis's labels; the first one's title stands above all.
///
/// ```swift
/// try LinePanels([means, correlation], of: result).write("training.png")
/// ```
public struct LinePanels: Figure {
    /// What is drawn.
    public let array: LabelledArray
    /// The plots, from above.
    public let panels: [LinePlot]

    /// The height of a panel by the page's width.
    private static let aspect = 0.3

    /// Puts plots together that have the same last axis.
    ///
    /// - Parameters:
    ///   - panels: At least one.
    ///   - array: The result that they show parts of.
    public init(_ panels: [LinePlot], of array: LabelledArray) {
        precondition(!panels.isEmpty, "no panels")
        precondition(
            panels.allSatisfy { $0.axis.labels == panels[0].axis.labels }, "panels of several axes")
        self.panels = panels
        self.array = array
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
        func names(room: Double) -> [LineNames] {
            panels.enumerated().map { number, panel in
                LineNames(
                    panel, typeface: typeface, aspect: Self.aspect, room: room,
                    isAbove: number < panels.count - 1)
            }
        }
        // The names of all panels' lines take the same room, so that steps stand below each other.
        let room = names(room: 0).map(\.room).max() ?? 0
        let all = names(room: room)
        let height = all.reduce(0) { $0 + $1.layout.page.height }
        let canvas = page(
            format, (all[0].layout.page.width, height), style, typeface: typeface)
        var y = 0.0
        for (panel, names) in zip(panels, all) {
            canvas.moveOrigin(to: Point(x: 0, y: y))
            LineDrawing(plot: panel, names: names, canvas: canvas).draw()
            y += names.layout.page.height
        }
        return canvas
    }

    /// The panels' values as tables of numbers.
    public func preview(colour: Bool, width: Int) -> String {
        panels.map { $0.preview(colour: colour, width: width) }.joined(separator: "\n")
    }
}
