/// What stands in the cells of a heat map, all in one size.
struct CellTexts {
    /// One text per cell.
    let texts: [String]
    /// The size of the type, in points.
    let size: Double

    /// Words are shortened rather than made smaller than this.
    private static let smallestWord = 4.5
    /// How much of a cell's width and height a text may fill.
    private static let share = (number: 0.82, word: 0.88, height: 0.85)

    /// The values as numbers; `nil` where they would be too small to read.
    init?(
        numbers values: [Float], decimals: Int, in cell: (width: Double, height: Double),
        typeface: Typeface
    ) {
        texts = values.map { NumberText.fixed(Double($0), decimals: decimals) }
        let widest = texts.map { typeface.width(of: $0, size: 1) }.max() ?? 1
        size = min(
            FigureMetrics.labelSize, Self.share.number * cell.width / widest,
            Self.share.height * cell.height)
        if size < FigureMetrics.smallestCellSize { return nil }
    }

    /// Words, cut with an ellipsis where they do not fit; `nil` where cells are too small for any.
    ///
    /// The size is that of the longest word that can be shown whole: those that are cut anyhow do
    /// not make the others smaller.
    init?(words: [String], in cell: (width: Double, height: Double), typeface: Typeface) {
        let (room, height) = (Self.share.word * cell.width, Self.share.height * cell.height)
        let shortest = typeface.width(of: "m…", size: Self.smallestWord)
        guard height >= Self.smallestWord, room >= shortest else { return nil }
        let drawable = words.map { typeface.drawable(AxisText.visible($0)) }
        let fitting = drawable.map { typeface.width(of: $0, size: 1) }
            .filter { Self.smallestWord * $0 <= room }
        let widest = fitting.max().map { max($0, 1e-9) } ?? .infinity
        let size = max(
            min(FigureMetrics.labelSize, height, room / widest), Self.smallestWord)
        self.size = size
        texts = drawable.map { typeface.shortened($0, keeping: "", to: room, size: size) }
    }
}
