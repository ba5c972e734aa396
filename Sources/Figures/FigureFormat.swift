/// The file formats of figures.
public enum FigureFormat: String, Sendable, CaseIterable {
    /// Pixels, with density and provenance in the file.
    case png
    /// Vectors for LaTeX, fonts embedded.
    case pdf
    /// Vectors for the web and for editing; text as outlines.
    case svg

    /// The format that a path's ending names.
    public init(path: String) throws(FigureError) {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."),
            let format = FigureFormat(rawValue: name[name.index(after: dot)...].lowercased())
        else { throw FigureError.unknownFormat(path: path) }
        self = format
    }
}
