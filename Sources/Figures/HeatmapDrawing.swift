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
        drawTexts(values, scale)
        canvas.plotArea = layout.plot
        canvas.frame(layout.plot, width: FigureMetrics.line, .ink)
        drawAxes()
        let all = layout.rowBars?.area(with: layout.plot) ?? layout.plot
        canvas.title(layout.title, over: all)
        layout.rowBars?.draw(
            rows: (0..<rows).map { cell($0, 0) }, labelHeight: layout.columnLabels.height,
            on: canvas)
        layout.bar.draw(beside: all, on: canvas)
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

    /// Writes into every cell its text or its number.
    private func drawTexts(_ values: [Float], _ scale: ColourScale) {
        let (size, typeface) = (layout.cell, canvas.typeface)
        let texts: CellTexts?
        if let words = map.texts {
            texts = CellTexts(words: words, in: size, typeface: typeface)
        } else {
            texts = map.style.cellDecimals.flatMap {
                CellTexts(numbers: values, decimals: $0, in: size, typeface: typeface)
            }
        }
        guard let texts else { return }
        for index in values.indices where !texts.texts[index].isEmpty {
            canvas.text(
                texts.texts[index], .cell, at: cell(index / columns, index % columns).centre,
                size: texts.size, scale.colour(of: values[index]).contrasting)
        }
    }

    private func drawAxes() {
        let rows = layout.rowLabels.shown(spacing: layout.cell.height)
        canvas.rowAxis(
            of: layout.plot, marks: rows.map { (cell($0.entry, 0).centre.y, $0.text) },
            width: layout.rowLabels.width, title: layout.rowTitle)
        let labels = layout.columnLabels
        canvas.columnAxis(
            of: layout.plot,
            marks: zip(labels.entries, labels.texts).map { (cell(0, $0).centre.x, $1) },
            angle: labels.angle, height: labels.height, title: layout.columnTitle)
    }
}
