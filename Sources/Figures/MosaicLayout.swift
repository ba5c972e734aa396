internal import Results

/// Where everything of a mosaic of heat maps goes, in points, and the drawing of it.
struct MosaicLayout {
    /// The page's size.
    let page: (width: Double, height: Double)
    /// The area of all panels.
    private let plot: Rectangle
    private let panels: MosaicPanels
    private let title: FittedText
    private let rowTitle: FittedText
    private let columnTitle: FittedText
    /// What a panel's rows and columns are.
    private let note: FittedText
    private let rowLabels: RowLabels
    private let columnLabels: ColumnLabels
    private let bar: ColourBar

    private static let noteSize = 6.5
    private static let between = FigureMetrics.tick + FigureMetrics.gap
    private static let leastHeight = 60.0

    init(_ mosaic: HeatmapMosaic, typeface: Typeface) {
        let texts = mosaic.array.axes.map(AxisText.init)
        let grid = PixelGrid(dpi: mosaic.style.dpi)
        let margin = FigureMetrics.margin
        let pageWidth = grid.rounded(mosaic.style.width * 72)
        let axisSize = FigureMetrics.axisTitleSize
        let line = typeface.lineHeight(axisSize)
        title = FittedText(
            mosaic.title(mosaic.style), width: pageWidth - 2 * margin,
            size: FigureMetrics.titleSize, lines: 3, in: typeface)
        rowLabels = RowLabels(
            texts[0], count: mosaic.array.axes[0].count, room: 0.25 * pageWidth, in: typeface)
        let left = grid.up(
            margin + line + 1.5 * FigureMetrics.gap + rowLabels.width + Self.between)

        (bar, panels) = Self.sizes(
            mosaic, room: pageWidth - left - margin, tallest: 1.3 * pageWidth, grid: grid,
            typeface: typeface)
        let heading = Double(title.lines.count) * typeface.lineHeight(title.size)
        // What whole pixels leave over is shared by both sides.
        let spare = pageWidth - left - margin - bar.width - panels.width
        plot = Rectangle(
            x: grid.rounded(left + max(0, spare) / 2),
            y: grid.up(margin + heading + 2 * FigureMetrics.gap), width: panels.width,
            height: panels.height)
        rowTitle = FittedText(
            texts[0].title, width: plot.height, size: axisSize, lines: 1, in: typeface)
        columnTitle = FittedText(
            texts[1].title, width: plot.width, size: axisSize, lines: 1, in: typeface)
        note = FittedText(
            "In each panel " + texts[2].title.lowercased() + " down, "
                + texts[3].title.lowercased() + " across",
            width: pageWidth - 2 * margin, size: Self.noteSize, lines: 2, in: typeface)
        columnLabels = ColumnLabels(
            texts[1], count: mosaic.array.axes[1].count, spacing: panels.step.x,
            left: plot.x - margin, right: ColourBar.roomBelow, in: typeface)
        let words = Double(note.lines.count) * typeface.lineHeight(note.size)
        let below = Self.between + columnLabels.height + line + FigureMetrics.gap + words + margin
        page = (pageWidth, grid.up(plot.bottom + below))
    }

    /// The colour bar and the panels: its width depends on their height, and that on the room which
    /// the bar leaves.
    private static func sizes(
        _ mosaic: HeatmapMosaic, room: Double, tallest: Double, grid: PixelGrid, typeface: Typeface
    ) -> (ColourBar, MosaicPanels) {
        let counts = mosaic.array.axes.map(\.count)
        func bar(_ height: Double) -> ColourBar {
            ColourBar(mosaic.scale, of: mosaic.array.quantity, height: height, in: typeface)
        }
        func panels(beside bar: ColourBar) -> MosaicPanels {
            MosaicPanels(counts, width: room - bar.width, tallest: tallest, pixel: grid.pixel)
        }
        let first = panels(beside: bar(leastHeight))
        let second = panels(beside: bar(first.height))
        let last = bar(second.height)
        return (last, panels(beside: last))
    }

    func draw(_ values: [Float], _ scale: ColourScale, on canvas: Canvas) {
        canvas.plotArea = plot
        if values.isEmpty {
            canvas.text("no values", .cell, at: plot.centre, size: FigureMetrics.labelSize)
        } else {
            let (width, height) = panels.size
            canvas.image(
                panels.pixels(values, scale), width: width, height: height,
                at: Point(x: plot.x, y: plot.y))
        }
        canvas.frame(plot, width: FigureMetrics.line, .ink)
        let middle = (x: panels.side.x / 2, y: panels.side.y / 2)
        canvas.rowAxis(
            of: plot,
            marks: rowLabels.shown(spacing: panels.step.y).map {
                (plot.y + Double($0.entry) * panels.step.y + middle.y, $0.text)
            }, width: rowLabels.width, title: rowTitle, hasTicks: false)
        canvas.columnAxis(
            of: plot,
            marks: zip(columnLabels.entries, columnLabels.texts).map {
                (plot.x + Double($0) * panels.step.x + middle.x, $1)
            }, angle: columnLabels.angle, height: columnLabels.height, title: columnTitle,
            hasTicks: false)
        canvas.title(title, over: plot)
        let words = Double(note.lines.count) * canvas.typeface.lineHeight(note.size)
        canvas.title(
            note, over: plot, top: page.height - FigureMetrics.margin - words, role: .note)
        bar.draw(beside: plot, on: canvas)
    }
}
