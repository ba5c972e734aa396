internal import Results

/// Where everything of a heat map goes, in points; computed from measured text before drawing.
struct HeatmapLayout {
    /// The page's size.
    let page: (width: Double, height: Double)
    /// The cells' area.
    let plot: Rectangle
    /// The size of a cell.
    let cell: (width: Double, height: Double)
    let title: FittedText
    let rowTitle: FittedText
    let columnTitle: FittedText
    let rowLabels: RowLabels
    let columnLabels: ColumnLabels
    /// The rows' values beside them.
    let rowBars: RowBars?
    let bar: ColourBar

    /// The least height of the plot, so that the colour bar can be read.
    private static let leastHeight = 60.0
    /// The height of a cell that is wide enough.
    private static let cellHeight = 14.0

    init(_ map: Heatmap, typeface: Typeface) {
        let (axes, style) = (map.array.axes, map.style)
        let (rowText, columnText) = (AxisText(axes[0]), AxisText(axes[1]))
        let grid = PixelGrid(dpi: style.dpi)
        let pageWidth = grid.rounded(style.width * 72)
        let margin = FigureMetrics.margin
        let between = FigureMetrics.tick + FigureMetrics.gap
        title = FittedText(
            map.title(style), width: pageWidth - 2 * margin, size: FigureMetrics.titleSize,
            lines: 3,
            in: typeface)
        // On a narrow page the cells and the colour bar come first.
        let labelRoom = min(0.3 * pageWidth, max(20, pageWidth - 164))
        rowLabels = RowLabels(rowText, count: axes[0].count, room: labelRoom, in: typeface)
        let axisLine = typeface.lineHeight(FigureMetrics.axisTitleSize)
        let left = grid.up(
            margin + axisLine + 1.5 * FigureMetrics.gap + rowLabels.width + between)

        let cells = CellSizes(
            rows: axes[0].count, columns: axes[1].count, tallest: 1.5 * pageWidth, grid: grid)
        var rowBars = map.rowValues.map {
            RowBars($0, style: style, room: pageWidth - left - margin, in: typeface)
        }
        let room = pageWidth - left - margin - (rowBars?.room ?? 0)
        bar = Self.bar(map, cells: cells, room: room, typeface: typeface)
        cell = cells.size(in: room - bar.width)
        let size = cells.plot(of: cell, in: room - bar.width)
        let heading = Double(title.lines.count) * typeface.lineHeight(title.size)
        let top = grid.up(margin + heading + 2 * FigureMetrics.gap)
        plot = Rectangle(x: left, y: top, width: size.width, height: size.height)
        rowBars?.move(beside: plot, grid)
        self.rowBars = rowBars

        rowTitle = FittedText(
            rowText.title, width: plot.height, size: FigureMetrics.axisTitleSize, lines: 1,
            in: typeface)
        columnTitle = FittedText(
            columnText.title, width: plot.width, size: FigureMetrics.axisTitleSize, lines: 1,
            in: typeface)
        columnLabels = ColumnLabels(
            columnText, count: axes[1].count, spacing: cell.width, left: left - margin,
            right: rowBars == nil ? ColourBar.roomBelow : RowBars.roomBelow, in: typeface)
        let below = between + columnLabels.height + axisLine + margin
        page = (pageWidth, grid.up(plot.bottom + below))
    }

    /// The colour bar, whose width and height depend on each other through its title's lines.
    private static func bar(
        _ map: Heatmap, cells: CellSizes, room: Double, typeface: Typeface
    ) -> ColourBar {
        let (scale, quantity) = (map.scale, map.array.quantity)
        var height = leastHeight
        var bar = ColourBar(scale, of: quantity, height: height, in: typeface)
        for _ in 0..<3 {
            let width = room - bar.width
            height = cells.plot(of: cells.size(in: width), in: width).height
            bar = ColourBar(scale, of: quantity, height: height, in: typeface)
        }
        return bar
    }

    /// How large cells are in a given width.
    private struct CellSizes {
        let rows: Int
        let columns: Int
        /// The most height for all rows.
        let tallest: Double
        let grid: PixelGrid

        /// As high as wide where that looks well, never flatter than 4 : 1 in a short table.
        func size(in width: Double) -> (width: Double, height: Double) {
            let (rows, columns) = (Double(max(rows, 1)), Double(max(columns, 1)))
            let cellWidth = grid.cell(max(width, 12) / columns)
            var height = max(min(cellWidth, HeatmapLayout.cellHeight), cellWidth / 4)
            height = max(min(height, tallest / rows), HeatmapLayout.leastHeight / rows)
            return (cellWidth, grid.cell(height, up: height * rows < 2 * leastHeight))
        }

        func plot(
            of cell: (width: Double, height: Double), in width: Double
        ) -> (width: Double, height: Double) {
            (
                grid.rounded(columns == 0 ? width : Double(columns) * cell.width),
                grid.rounded(rows == 0 ? leastHeight : Double(rows) * cell.height)
            )
        }
    }
}

/// The pixels of a page, on which cells begin and end so that their edges are crisp.
struct PixelGrid {
    /// The size of a pixel, in points.
    let pixel: Double

    init(dpi: Double) { pixel = 72 / dpi }

    func rounded(_ length: Double) -> Double { (length / pixel).rounded() * pixel }

    /// The next whole number of pixels.
    func up(_ length: Double) -> Double { (length / pixel - 1e-6).rounded(.up) * pixel }

    /// The side of a cell in whole pixels, so that all are equal; as it is where that would shrink
    /// the plot by more than a twentieth.
    func cell(_ length: Double, up: Bool = false) -> Double {
        if up && length >= 3 * pixel { return self.up(length) }
        let whole = (length / pixel + 1e-6).rounded(.down) * pixel
        return whole < 0.95 * length ? length : whole
    }
}
