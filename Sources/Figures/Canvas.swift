internal import CCairo

/// A page to draw on, in points from its top left corner, whatever the format.
///
/// Figures draw on it and ask for the file's bytes with ``finish()``. It is white and opaque. It
/// keeps where text was put, so that a test can tell whether any is clipped or overlaps.
package final class Canvas {
    /// What is written into the file beside the drawing.
    struct Metadata {
        var title = ""
        var software = ""
        /// When the result was made, ISO 8601; `nil` where it is not known.
        var time: String?
        var text: [(key: String, value: String)] = []
    }

    /// The size of the page, in points.
    package let size: (width: Double, height: Double)
    /// The boxes of all text drawn so far.
    package internal(set) var textBoxes: [TextBox] = []
    /// The points that stand out, as drawn so far.
    package internal(set) var marks: [Point] = []
    /// The point that drawing counts from.
    var origin = Point(x: 0, y: 0)
    /// The area between the axes, once something is drawn there.
    package var plotArea = Rectangle(x: 0, y: 0, width: 0, height: 0)
    let typeface: Typeface
    private let format: FigureFormat
    let dpi: Double
    private let metadata: Metadata
    private let sink = ByteSink()
    private let surface: OpaquePointer
    let context: OpaquePointer

    /// A white page; its size is whole in pixels.
    init(
        _ format: FigureFormat, width: Double, height: Double, dpi: Double, metadata: Metadata,
        typeface: Typeface
    ) {
        self.format = format
        self.dpi = dpi
        self.metadata = metadata
        self.typeface = typeface
        size = (width, height)
        let scale = dpi / 72
        let write: cairo_write_func_t = { context, bytes, count in
            ByteSink.append(context, bytes, Int(count))
            return CAIRO_STATUS_SUCCESS
        }
        switch format {
        case .png:
            surface = cairo_image_surface_create(
                CAIRO_FORMAT_RGB24, Int32((width * scale).rounded()),
                Int32((height * scale).rounded()))
        case .pdf: surface = cairo_pdf_surface_create_for_stream(write, sink.context, width, height)
        case .svg: surface = cairo_svg_surface_create_for_stream(write, sink.context, width, height)
        }
        context = cairo_create(surface)
        if format == .png { cairo_scale(context, scale, scale) }
        describe()
        prepare()
    }

    deinit {
        cairo_destroy(context)
        cairo_surface_destroy(surface)
    }

    private func prepare() {
        cairo_set_source_rgb(context, 1, 1, 1)
        cairo_paint(context)
        cairo_select_font_face(
            context, Typeface.family, CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL)
        let options = Typeface.options()
        cairo_set_font_options(context, options)
        cairo_font_options_destroy(options)
    }

    /// Puts the metadata into a PDF.
    private func describe() {
        guard format == .pdf else { return }
        let provenance = metadata.text.map { "\($0.key): \($0.value)" }.joined(separator: "; ")
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, metadata.title)
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, metadata.software)
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT, provenance)
        // Cairo would write the hour of drawing, and the same figure would be another file.
        let time = metadata.time ?? ""
        cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, time)
    }

    /// Ends the drawing and gives the file's bytes.
    func finish() throws(FigureError) -> [UInt8] {
        cairo_surface_flush(surface)
        try check(cairo_status(context))
        if format == .png { return try encodePNG() }
        cairo_surface_finish(surface)
        try check(cairo_surface_status(surface))
        return format == .svg ? describedSVG() : sink.bytes
    }

    private func check(_ status: cairo_status_t) throws(FigureError) {
        if status == CAIRO_STATUS_SUCCESS { return }
        throw FigureError.drawing(reason: String(cString: cairo_status_to_string(status)))
    }

    private func encodePNG() throws(FigureError) -> [UInt8] {
        guard let start = cairo_image_surface_get_data(surface) else {
            throw FigureError.drawing(reason: "no pixels")
        }
        let pixels = Pixels(
            start: start, width: Int(cairo_image_surface_get_width(surface)),
            height: Int(cairo_image_surface_get_height(surface)),
            stride: Int(cairo_image_surface_get_stride(surface)))
        let standard = [
            (key: "Title", value: metadata.title), (key: "Software", value: metadata.software),
        ]
        return try PNG.encode(pixels, dpi: dpi, text: standard + metadata.text)
    }

    /// The SVG with its title and provenance, which Cairo cannot write.
    private func describedSVG() -> [UInt8] {
        guard let root = sink.bytes.firstRange(of: Array("<svg".utf8)),
            let end = sink.bytes[root.upperBound...].firstIndex(of: UInt8(ascii: ">"))
        else { return sink.bytes }
        let provenance = metadata.text.map { "\($0.key): \($0.value)" }.joined(separator: "; ")
        let words =
            "\n<title>\(escaped(metadata.title))</title>\n<desc>\(escaped(provenance))</desc>"
        let bytes = sink.bytes[...end] + Array(words.utf8) + sink.bytes[(end + 1)...]
        return Array(bytes).removingSurfaceNames()
    }

    private func escaped(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            switch scalar {
            case "<": result += "&lt;"
            case "&": result += "&amp;"
            case "\u{0}"..<" ": result += " "
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}

extension [UInt8] {
    /// An SVG without the names of Cairo's surfaces, which count up from one figure to the next.
    fileprivate func removingSurfaceNames() -> [UInt8] {
        guard let name = firstRange(of: Array(" id=\"surface".utf8)),
            let end = self[name.upperBound...].firstIndex(of: UInt8(ascii: "\""))
        else { return self }
        let bytes = Array(self[..<name.lowerBound] + self[(end + 1)...])
        // An image is referred to by its name; there is one at most.
        guard let image = bytes.firstRange(of: Array(" id=\"image".utf8)),
            let last = bytes[image.upperBound...].firstIndex(of: UInt8(ascii: "\""))
        else { return bytes }
        let number = Array("image".utf8) + bytes[image.upperBound...last]
        return bytes.replacing(number, with: Array("image\"".utf8))
    }
}
