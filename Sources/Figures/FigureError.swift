/// Why a figure could not be drawn.
public enum FigureError: Error, Hashable, CustomStringConvertible {
    /// The file's ending names no format that can be drawn.
    case unknownFormat(path: String)
    /// A figure was asked of a result with another number of axes.
    case axes(figure: String, needed: Int, name: String, axes: [String])
    /// A figure was asked of a result with another number of entries along an axis.
    case entries(figure: String, needed: Int, name: String, axis: String, count: Int)
    /// The page or the pixel density cannot be drawn.
    case size(inches: Double, dpi: Double)
    /// Cairo could not draw.
    case drawing(reason: String)
    /// libpng could not encode.
    case encoding(reason: String)

    /// A sentence for the person at the terminal.
    public var description: String {
        switch self {
        case .unknownFormat(let path):
            "cannot tell the figure format of \(path); end its name in "
                + FigureFormat.allCases.map { ".\($0.rawValue)" }.joined(separator: ", ")
        case .axes(let figure, let needed, let name, let axes):
            """
            a \(figure) needs \(needed) \(needed == 1 ? "axis" : "axes"), and \(name) has \
            \(axes.count) (\(axes.joined(separator: ", "))); \
            \(axes.count > needed ? "take one entry of the others first" : "draw another figure")
            """
        case .entries(let figure, let needed, let name, let axis, let count):
            "a \(figure) needs \(needed) entries of \(axis), and \(name) has \(count)"
        case .size(let inches, let dpi):
            """
            cannot draw a figure \(inches) inches wide at \(dpi) dots per inch; \
            choose a width from 2 to 40 inches and 30 to 2400 dots per inch
            """
        case .drawing(let reason):
            "cannot draw the figure: \(reason); try a smaller size or another format"
        case .encoding(let reason):
            "cannot encode the PNG: \(reason); try a smaller size or another format"
        }
    }
}
