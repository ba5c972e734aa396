internal import RealModule
internal import Results
internal import Tensors

/// Puts a heat map on its page.
struct HeatmapDrawing {
    let map: Heatmap
    let layout: HeatmapLayout
    let canvas: Canvas

    private var rows: Int { map.array.axes[0].count }
    private var columns: Int { map.array.axes[1].count }

    func draw() {
        let (values, scale) = (map.array.values.values, map.scale)
        if values.isEmpty { drawEmpty() } else { drawCells(values, scale) }
        if let decimals = map.style.cellDecimals { drawNumbers(values, scale, decimals) }
        canvas.plotArea = layout.plot
        canvas.frame(layout.plot, width: FigureMetrics.line, .ink)
        drawRowAxis()
        drawColumnAxis()
        drawTitle()
        layout.bar.draw(beside: layout.plot, on: canvas)
    }

    /// The area of a cell, between pixels.
    private func cell(_ row: Int, _ column: Int) -> Rectangle {
        let (plot, size) = (layout.plot, layout.cell)
        let fromTop = map.style.origin == .top ? row : rows - 1 - row
        let x = canvas.snapped(plot.x + Double(column) * size.width)
        let y = canvas.snapped(plot.y + Double(fromTop) * size.height)
        return Rectangle(
            x: x, y: y, width: canvas.snapped(plot.x + Double(column + 1) * size.width) - x,
            height: canvas.snapped(plot.y + Double(fromTop + 1) * size.height) - y)
    }

    private func drawCells(_ values: [Float], _ scale: ColourScale) {
        let pixel = PixelGrid(dpi: map.style.dpi).pixel
        if min(layout.cell.width, layout.cell.height) < pixel {
            drawTinyCells(values, scale, pixel)
            return
        }
        // From the top left on, each cell reaches under its right and lower neighbours, which cover
        // it: edges that only met would show as hairlines in a PDF viewer.
        for fromTop in 0..<rows {
            let row = map.style.origin == .top ? fromTop : rows - 1 - fromTop
            for column in 0..<columns {
                var area = cell(row, column)
                if column + 1 < columns { area.width += layout.cell.width / 2 }
                if fromTop + 1 < rows { area.height += layout.cell.height / 2 }
                canvas.fill(area, scale.colour(of: values[row * columns + column]))
            }
        }
    }

    /// Draws cells smaller than a pixel: of those that share one, the largest magnitude is seen.
    private func drawTinyCells(_ values: [Float], _ scale: ColourScale, _ pixel: Double) {
        let magnitudes = values.map { $0.isNaN ? -1 : $0.magnitude }
        for index in values.indices.sorted(by: { magnitudes[$0] < magnitudes[$1] }) {
            var area = cell(index / columns, index % columns)
            area.width = max(area.width, pixel)
            area.height = max(area.height, pixel)
            area.x = min(area.x, layout.plot.right - area.width)
            area.y = min(area.y, layout.plot.bottom - area.height)
            canvas.fill(area, scale.colour(of: values[index]))
        }
    }

    private func drawEmpty() {
        canvas.text(
            "no values", .cell, at: layout.plot.centre, size: FigureMetrics.labelSize)
    }

    /// Writes every cell's value, all in one size; not at all where that would be too small to
    /// read.
    private func drawNumbers(_ values: [Float], _ scale: ColourScale, _ decimals: Int) {
        let texts = values.map { NumberText.fixed(Double($0), decimals: decimals) }
        let widest = texts.map { canvas.typeface.width(of: $0, size: 1) }.max() ?? 1
        let size = min(
            FigureMetrics.labelSize, 0.82 * layout.cell.width / widest, 0.85 * layout.cell.height)
        guard size >= FigureMetrics.smallestCellSize else { return }
        for index in values.indices {
            canvas.text(
                texts[index], .cell, at: cell(index / columns, index % columns).centre, size: size,
                scale.colour(of: values[index]).contrasting)
        }
    }

    private func drawRowAxis() {
        let plot = layout.plot
        let end = plot.x - FigureMetrics.tick
        for (row, text) in layout.rowLabels.shown(spacing: layout.cell.height) {
            let y = cell(row, 0).centre.y
            canvas.line(
                Point(x: plot.x, y: y), Point(x: end, y: y), width: FigureMetrics.line, .ink)
            canvas.text(
                text, .rowLabel, at: Point(x: end - FigureMetrics.gap, y: y),
                size: FigureMetrics.labelSize, anchor: .end)
        }
        let labels = layout.rowLabels.width + 2.5 * FigureMetrics.gap
        let x = end - labels - canvas.typeface.lineHeight(layout.rowTitle.size) / 2
        for line in layout.rowTitle.lines {
            canvas.text(
                line, .rowTitle, at: Point(x: x, y: plot.centre.y), size: layout.rowTitle.size,
                angle: -.pi / 2)
        }
    }

    private func drawColumnAxis() {
        let (plot, labels) = (layout.plot, layout.columnLabels)
        let end = plot.bottom + FigureMetrics.tick
        let size = FigureMetrics.labelSize
        let middle = canvas.typeface.capital(size) / 2 * .cos(labels.angle)
        for (column, text) in zip(labels.entries, labels.texts) {
            let x = cell(0, column).centre.x
            canvas.line(
                Point(x: x, y: plot.bottom), Point(x: x, y: end), width: FigureMetrics.line, .ink)
            canvas.text(
                text, .columnLabel, at: Point(x: x, y: end + FigureMetrics.gap + middle),
                size: size, anchor: labels.angle == 0 ? .middle : .end, angle: labels.angle)
        }
        let line = canvas.typeface.lineHeight(layout.columnTitle.size)
        let y = end + FigureMetrics.gap + labels.height + line / 2
        for text in layout.columnTitle.lines {
            canvas.text(
                text, .columnTitle, at: Point(x: plot.centre.x, y: y),
                size: layout.columnTitle.size)
        }
    }

    private func drawTitle() {
        let (typeface, size) = (canvas.typeface, layout.title.size)
        // Over the plot, or as near as the page's edges let the widest line be.
        let widest = layout.title.lines.map { typeface.width(of: $0, size: size) }.max() ?? 0
        let end = canvas.size.width - FigureMetrics.margin - widest / 2
        let x = max(min(layout.plot.centre.x, end), FigureMetrics.margin + widest / 2)
        for (index, text) in layout.title.lines.enumerated() {
            let y = FigureMetrics.margin + (Double(index) + 0.5) * typeface.lineHeight(size)
            canvas.text(text, .title, at: Point(x: x, y: y), size: size)
        }
    }
}
