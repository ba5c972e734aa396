internal import RealModule
internal import Results
internal import Tensors

extension Heatmap {
    /// A drawing of the heat map for the terminal.
    ///
    /// With colour, cells are two columns of 24-bit background colour, with a legend below;
    /// without, as `NO_COLOR` and pipes ask for, it is a table of the texts, or of numbers with two
    /// decimals, more where all are small. What is wider than the terminal continues in panels
    /// below; very large tables end with a note.
    ///
    /// - Parameters:
    ///   - colour: Whether the terminal shows colours.
    ///   - width: The terminal's width in characters.
    public func preview(colour: Bool, width: Int) -> String {
        let preview = HeatmapPreview(self, width: max(width, 40))
        return colour ? preview.coloured() : preview.table()
    }
}

/// Draws a heat map with characters.
private struct HeatmapPreview {
    let rows: AxisText
    let columns: AxisText
    let rowCount: Int
    let columnCount: Int
    let values: [Float]
    let texts: [String]?
    let scale: ColourScale
    let quantity: Quantity
    let width: Int
    let isTop: Bool
    let rowLabels: [String]
    let rowWidth: Int

    /// Two, and more where the largest value would otherwise show fewer than two digits.
    private var decimals: Int {
        NumberText.decimals(
            showing: Double(values.lazy.filter(\.isFinite).map(\.magnitude).max() ?? 0))
    }

    private static let mostRows = 64
    /// No text of a cell takes more columns.
    private static let widestText = 14
    private static let mostPanels = 16

    init(_ map: Heatmap, width: Int) {
        rows = AxisText(map.array.axes[0])
        columns = AxisText(map.array.axes[1])
        (rowCount, columnCount) = (map.array.axes[0].count, map.array.axes[1].count)
        values = map.array.values.values
        texts = map.texts
        scale = map.scale
        quantity = map.array.quantity
        self.width = width
        isTop = map.style.origin == .top
        let text = rows
        rowLabels = (0..<min(rowCount, Self.mostRows)).map {
            TerminalText.cut(text.label($0), to: 20)
        }
        rowWidth = max(
            rowLabels.map(TerminalText.width).max() ?? 0, TerminalText.width(of: rows.title),
            TerminalText.width(of: columns.title))
    }

    /// The shown rows from top to bottom.
    private var shownRows: [Int] {
        isTop ? Array(rowLabels.indices) : rowLabels.indices.reversed()
    }

    /// Runs of columns that fit the width, when each takes its `size` in characters.
    private func panels(size: (Int) -> Int) -> [Range<Int>] {
        var panels: [Range<Int>] = []
        var (start, used) = (0, rowWidth + 1)
        for column in 0..<columnCount {
            if used + size(column) > width && column > start {
                panels.append(start..<column)
                if panels.count == Self.mostPanels { return panels }
                (start, used) = (column, rowWidth + 1)
            }
            used += size(column)
        }
        return start < columnCount ? panels + [start..<columnCount] : panels
    }

    /// A note of what the panels leave out.
    private func rest(after panels: [Range<Int>]) -> [String] {
        let missing = (
            rows: rowCount - rowLabels.count, columns: columnCount - (panels.last?.upperBound ?? 0)
        )
        if missing.rows == 0 && missing.columns == 0 { return [] }
        return ["… \(missing.rows) more rows, \(missing.columns) more columns"]
    }

    /// What the table's cells say.
    private var words: [String] {
        if let texts {
            return texts.map { TerminalText.cut(AxisText.visible($0), to: Self.widestText) }
        }
        let decimals = decimals
        return values.map { NumberText.fixed(Double($0), decimals: decimals, minus: "-") }
    }

    func table() -> String {
        let words = words
        let labels = (0..<columnCount).map { TerminalText.cut(columns.label($0), to: 15) }
        let sizes = (0..<columnCount).map { column in
            let cells = shownRows.map { words[$0 * columnCount + column] } + [labels[column]]
            return 2 + (cells.map(TerminalText.width).max() ?? 0)
        }
        let panels = panels { sizes[$0] }
        var lines: [String] = []
        for panel in panels {
            let heads = panel.map { TerminalText.padded(labels[$0], to: sizes[$0]) }
            lines.append(TerminalText.padded(rows.title, to: rowWidth) + heads.joined())
            for row in shownRows {
                let cells = panel.map {
                    TerminalText.padded(words[row * columnCount + $0], to: sizes[$0])
                }
                lines.append(TerminalText.padded(rowLabels[row], to: rowWidth) + cells.joined())
            }
        }
        return (lines + rest(after: panels)).joined(separator: "\n") + "\n"
    }

    func coloured() -> String {
        let panels = panels { _ in 2 }
        var lines: [String] = []
        for panel in panels {
            for row in shownRows {
                let cells = panel.map { block(scale.colour(of: values[row * columnCount + $0])) }
                lines.append(
                    TerminalText.padded(rowLabels[row], to: rowWidth) + " " + cells.joined()
                        + TerminalText.reset)
            }
            lines.append(numbers(under: panel))
        }
        return (lines + tokens() + rest(after: panels) + [legend()]).joined(separator: "\n") + "\n"
    }

    private func block(_ colour: Colour) -> String { TerminalText.background(colour) + "  " }

    /// The columns' numbers below their cells, thinned so that they do not touch.
    private func numbers(under panel: Range<Int>) -> String {
        let widest = panel.map { TerminalText.width(of: columns.numbers[$0]) }.max() ?? 0
        let step = LabelThinning(spacing: 2, needed: Double(widest + 1)).step
        var line = TerminalText.padded(columns.title, to: rowWidth) + " "
        let start = TerminalText.width(of: line)
        for column in panel where column % step == 0 {
            let place = start + 2 * (column - panel.lowerBound)
            line += String(repeating: " ", count: max(0, place - TerminalText.width(of: line)))
            line += columns.numbers[column]
        }
        return line
    }

    /// The companions by number, such as the token at each position, in lines of the width.
    private func tokens() -> [String] {
        columns.names.indices.prefix(64).reduce(into: [String]()) { lines, column in
            let entry =
                columns.numbers[column] + " " + TerminalText.cut(columns.names[column], to: 20)
            let longer = (lines.last.map { $0 + "  " } ?? "") + entry
            if !lines.isEmpty && TerminalText.width(of: longer) <= width {
                lines[lines.count - 1] = longer
            } else {
                lines.append(entry)
            }
        }
    }

    private func legend() -> String {
        let (low, high) = (scale.limits.lowerBound, scale.limits.upperBound)
        let steps = 16
        let blocks = (0..<steps).map { step in
            let value = low + (Double(step) + 0.5) / Double(steps) * (high - low)
            return TerminalText.background(scale.colour(of: Float(value))) + " "
        }
        let unit = quantity.unit.map { " (\($0))" } ?? ""
        return NumberText.fixed(low, decimals: decimals, minus: "-") + " " + blocks.joined()
            + TerminalText.reset + " " + NumberText.fixed(high, decimals: decimals, minus: "-")
            + "  " + quantity.name + unit
    }
}
