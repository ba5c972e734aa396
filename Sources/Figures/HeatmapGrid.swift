public import Results
internal import Tensors

/// A result with more than two axes as heat maps side by side, one for each entry of the first
/// axes.
///
/// The last two axes are rows and columns; all panels share one colour scale. Of many panels those
/// with the largest effects are drawn.
public struct HeatmapGrid: Figure {
    /// What is drawn.
    public let array: LabelledArray
    /// How each panel is drawn; its width is that of a panel.
    public var style: Heatmap.Style
    /// The most panels drawn.
    public var mostPanels: Int

    /// Prepares the panels of a result with at least three axes.
    public init(
        _ array: LabelledArray, style: Heatmap.Style = Heatmap.Style(), mostPanels: Int = 12
    ) throws(FigureError) {
        guard array.axes.count > 2 else {
            throw FigureError.axes(
                figure: "a grid of heat maps", needed: 3, name: array.name,
                axes: array.axes.map(\.name))
        }
        self.array = array
        self.style = style
        self.mostPanels = max(mostPanels, 1)
    }

    /// The panels in the order of the axes; those with the largest effects, if there are too many.
    private var panels: [Heatmap] {
        let all = array.slices
        let strongest = all.indices.sorted { (all[$0].largest, $1) > (all[$1].largest, $0) }
        let limits = ColourScale(
            style.colourMap, values: array.values.values, limits: style.limits
        ).limits
        return strongest.prefix(mostPanels).sorted().compactMap { index in
            var style = style
            style.title = all[index].name
            style.limits = limits
            return try? Heatmap(all[index], style: style)
        }
    }

    /// The bytes of the figure's file.
    public func encoded(as format: FigureFormat) throws(FigureError) -> [UInt8] {
        try drawn(as: format).finish()
    }

    /// The drawing before it becomes a file.
    package func drawn(as format: FigureFormat) throws(FigureError) -> Canvas {
        try style.checkSize()
        let panels = panels
        let typeface = Typeface()
        let layouts = panels.map { HeatmapLayout($0, typeface: typeface) }
        // Two columns of a page.
        let columns = min(2, max(panels.count, 1))
        let rows = (panels.count + columns - 1) / columns
        let width = layouts.map(\.page.width).max() ?? 0
        let height = layouts.map(\.page.height).max() ?? 0
        let canvas = page(
            format, (Double(columns) * width, Double(rows) * height), style, typeface: typeface)
        for (index, (panel, layout)) in zip(panels, layouts).enumerated() {
            let (row, column) = index.quotientAndRemainder(dividingBy: columns)
            canvas.moveOrigin(to: Point(x: Double(column) * width, y: Double(row) * height))
            HeatmapDrawing(map: panel, layout: layout, canvas: canvas).draw()
        }
        return canvas
    }

    /// The panels one after the other.
    public func preview(colour: Bool, width: Int) -> String {
        panels.map { panel in
            panel.array.name + "\n" + panel.preview(colour: colour, width: width)
        }.joined(separator: "\n")
    }
}

extension LabelledArray {
    /// The tables of the last two axes, each named by its place in the others.
    fileprivate var slices: [LabelledArray] {
        guard axes.count > 2 else { return [self] }
        return axes[0].labels.indices.flatMap { index in
            let label = axes[0].labels[index]
            // A number needs its axis's name, a word such as `L9H7` does not.
            let name = Int(label) == nil ? label : "\(axes[0].name) \(label)"
            let part = part(index)
            return part.slices.map { slice in
                var slice = slice
                slice.name = part.axes.count > 2 ? "\(name), \(slice.name)" : name
                return slice
            }
        }
    }

    fileprivate var largest: Float {
        values.values.lazy.filter { !$0.isNaN }.map(\.magnitude).max() ?? 0
    }
}
