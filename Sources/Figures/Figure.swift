public import Results
internal import Tensors

/// A result drawn for paper and terminal: what commands ask of every figure, whatever its form.
public protocol Figure: Sendable {
    /// What is drawn.
    var array: LabelledArray { get }

    /// The bytes of the figure's file.
    func encoded(as format: FigureFormat) throws(FigureError) -> [UInt8]

    /// The figure in characters.
    ///
    /// - Parameters:
    ///   - colour: Whether the terminal shows colours.
    ///   - width: The terminal's width in characters.
    func preview(colour: Bool, width: Int) -> String
}

extension Figure {
    /// Draws the figure into a file, in the format of the path's ending: png, pdf or svg.
    public func write(_ path: String) throws {
        let format = try FigureFormat(path: path)
        try AtomicFile.write(encoded(as: format), to: path)
    }

    /// The figure's files `<name>.<format>` in a folder, to be written together with the result's.
    public func files(
        in folder: String, as formats: [FigureFormat]
    ) throws(FigureError) -> [(path: String, bytes: [UInt8])] {
        var files: [(path: String, bytes: [UInt8])] = []
        for format in formats {
            let path = "\(folder)/\(array.fileStem).\(format.rawValue)"
            files.append((path, try encoded(as: format)))
        }
        return files
    }

    /// The figure in 80 characters' width.
    public func preview(colour: Bool) -> String { preview(colour: colour, width: 80) }

    /// The figure without colour, as pipes ask for.
    public func preview(width: Int) -> String { preview(colour: false, width: width) }
}

/// What every figure's style says of its page.
protocol PageStyle {
    /// The words above the plot; `nil` for the result's name, empty for none.
    var title: String? { get }
    /// The width on paper, in inches.
    var width: Double { get }
    /// Pixels per inch of a PNG.
    var dpi: Double { get }
}

extension PageStyle {
    /// Refuses a page that cannot be drawn.
    func checkSize() throws(FigureError) {
        guard (2...40).contains(width), (30...2400).contains(dpi), width * dpi < 30000
        else { throw FigureError.size(inches: width, dpi: dpi) }
    }
}

extension Figure {
    /// The words above the plot.
    func title(_ style: some PageStyle) -> String { style.title ?? array.name }

    /// The white page, with the result's provenance.
    func page(
        _ format: FigureFormat, _ size: (width: Double, height: Double), _ style: some PageStyle,
        typeface: Typeface
    ) -> Canvas {
        let provenance = array.provenance
        let metadata = Canvas.Metadata(
            title: title(style), software: provenance.map { "probe " + $0.version } ?? "probe",
            time: provenance?.time, text: provenance?.text ?? [])
        return Canvas(
            format, width: size.width, height: size.height, dpi: style.dpi, metadata: metadata,
            typeface: typeface)
    }

    /// Refuses a result with another number of axes than a figure shows.
    static func require(
        _ count: Int, _ figure: String, of array: LabelledArray
    ) throws(FigureError) {
        try require(count...count, figure, of: array)
    }

    /// Refuses a result with fewer or more axes than a figure shows.
    static func require(
        _ counts: ClosedRange<Int>, _ figure: String, of array: LabelledArray
    ) throws(FigureError) {
        let count = array.axes.count
        guard counts.contains(count) else {
            let needed = min(max(count, counts.lowerBound), counts.upperBound)
            throw FigureError.axes(
                figure: figure, needed: needed, name: array.name, axes: array.axes.map(\.name))
        }
    }
}
