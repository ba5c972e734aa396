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
    package private(set) var textBoxes: [TextBox] = []
    /// The points that stand out, as drawn so far.
    package private(set) var marks: [Point] = []
    /// The point that drawing counts from.
    private var origin = Point(x: 0, y: 0)
    /// The area between the axes, once something is drawn there.
    package var plotArea = Rectangle(x: 0, y: 0, width: 0, height: 0)
    let typeface: Typeface
    private let format: FigureFormat
    private let dpi: Double
    private let metadata: Metadata
    private let sink = ByteSink()
    private let surface: OpaquePointer
    private let context: OpaquePointer

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
        return Array(self[..<name.lowerBound] + self[(end + 1)...])
    }
}

extension Canvas {
    /// The nearest place between two pixels, so that an edge there is crisp.
    func snapped(_ length: Double) -> Double {
        (length * dpi / 72).rounded() * 72 / dpi
    }

    /// Sets the colour in whole bytes, so that the pixels are the colour's bytes whatever the
    /// rounding.
    private func choose(_ colour: Colour) {
        let (red, green, blue) = colour.bytes
        cairo_set_source_rgb(
            context, Double(red) / 255, Double(green) / 255, Double(blue) / 255)
    }

    /// Fills a rectangle.
    func fill(_ rectangle: Rectangle, _ colour: Colour) {
        choose(colour)
        cairo_rectangle(context, rectangle.x, rectangle.y, rectangle.width, rectangle.height)
        cairo_fill(context)
    }

    /// Draws a frame around a rectangle, outside it, so that nothing in it is covered.
    func frame(_ rectangle: Rectangle, width: Double, _ colour: Colour) {
        let width = max(snapped(width), 72 / dpi)
        choose(colour)
        cairo_set_line_width(context, width)
        cairo_rectangle(
            context, rectangle.x - width / 2, rectangle.y - width / 2, rectangle.width + width,
            rectangle.height + width)
        cairo_stroke(context)
    }

    /// Draws a straight line.
    func line(_ start: Point, _ end: Point, width: Double, _ colour: Colour) {
        choose(colour)
        cairo_set_line_width(context, width)
        cairo_move_to(context, start.x, start.y)
        cairo_line_to(context, end.x, end.y)
        cairo_stroke(context)
    }

    /// Draws a line through points.
    ///
    /// - Parameter dashes: The lengths of dashes and the gaps between them; 0 for none.
    func polyline(_ points: [Point], width: Double, _ colour: Colour, dashes: Double = 0) {
        guard points.count > 1 else { return }
        choose(colour)
        cairo_set_line_width(context, width)
        cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
        if dashes > 0 { cairo_set_dash(context, [dashes], 1, 0) }
        trace(points)
        cairo_stroke(context)
        cairo_set_dash(context, nil, 0, 0)
        cairo_set_line_join(context, CAIRO_LINE_JOIN_MITER)
    }

    /// Fills the area within points.
    ///
    /// - Parameter opacity: How much of what is below it covers, from 0 to 1.
    func polygon(_ points: [Point], _ colour: Colour, opacity: Double = 1) {
        let (red, green, blue) = colour.bytes
        cairo_set_source_rgba(
            context, Double(red) / 255, Double(green) / 255, Double(blue) / 255, opacity)
        trace(points)
        cairo_close_path(context)
        cairo_fill(context)
    }

    /// Makes a path of points, rounded so that vector files stay small.
    private func trace(_ points: [Point]) {
        for (index, point) in points.enumerated() {
            let (x, y) = ((point.x * 100).rounded() / 100, (point.y * 100).rounded() / 100)
            if index == 0 { cairo_move_to(context, x, y) } else { cairo_line_to(context, x, y) }
        }
    }

    /// Draws within a rectangle only.
    func clipped(to area: Rectangle, _ draw: () -> Void) {
        cairo_save(context)
        cairo_rectangle(context, area.x, area.y, area.width, area.height)
        cairo_clip(context)
        draw()
        cairo_restore(context)
    }

    /// Draws round points; those that overlap each other are no darker where they do.
    ///
    /// - Parameters:
    ///   - centres: Where they are.
    ///   - radius: Their size.
    ///   - opacity: How much of what is below they cover, from 0 to 1.
    func discs(_ centres: [Point], radius: Double, _ colour: Colour, opacity: Double) {
        let (red, green, blue) = colour.bytes
        cairo_set_source_rgba(
            context, Double(red) / 255, Double(green) / 255, Double(blue) / 255, opacity)
        cairo_set_line_width(context, 2 * radius)
        cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND)
        // A line without length and with round ends is a disc, in few bytes.
        for centre in centres {
            let (x, y) = ((centre.x * 100).rounded() / 100, (centre.y * 100).rounded() / 100)
            cairo_move_to(context, x, y)
            cairo_line_to(context, x, y)
        }
        cairo_stroke(context)
        cairo_set_line_cap(context, CAIRO_LINE_CAP_BUTT)
    }

    /// Draws a point that stands out, with a white rim by which it is told from its neighbours.
    func mark(_ centre: Point, radius: Double, _ colour: Colour) {
        discs([centre], radius: radius + 0.3, .white, opacity: 1)
        discs([centre], radius: radius, colour, opacity: 1)
        marks.append(centre)
    }

    /// Which point of a text lies at the place it is drawn at.
    enum Anchor: Double {
        case start = 0
        case middle = 0.5
        case end = 1
    }

    /// Draws a line of text, centred across its direction by the height of its capitals.
    ///
    /// - Parameters:
    ///   - text: One line.
    ///   - role: What it is for.
    ///   - place: Where its anchor goes.
    ///   - size: The size of the type, in points.
    ///   - anchor: The part of the text that lies at the place.
    ///   - angle: The direction of writing, clockwise from rightwards, in radians.
    ///   - halo: The width of a white rim that sets the text off from what is below.
    func text(
        _ text: String, _ role: TextBox.Role, at place: Point, size: Double,
        anchor: Anchor = .middle, angle: Double = 0, halo: Double = 0,
        _ colour: Colour = .ink
    ) {
        let width = typeface.width(of: text, size: size)
        var rotation = cairo_matrix_t()
        cairo_matrix_init_rotate(&rotation, angle)
        var (x, y) = (-anchor.rawValue * width, typeface.capital(size) / 2)
        cairo_matrix_transform_point(&rotation, &x, &y)
        let origin = Point(x: place.x + x, y: place.y + y)
        cairo_set_font_size(context, size)
        cairo_save(context)
        cairo_translate(context, origin.x, origin.y)
        cairo_rotate(context, angle)
        if halo > 0 { drawHalo(text, width: halo) }
        choose(colour)
        cairo_move_to(context, 0, 0)
        cairo_show_text(context, text)
        cairo_restore(context)
        let corner = Point(x: origin.x + self.origin.x, y: origin.y + self.origin.y)
        textBoxes.append(
            TextBox(
                text, role, origin: corner, width: width, ascent: 0.78 * size,
                descent: typeface.descent(size), angle: angle))
    }

    /// Puts the point that drawing counts from elsewhere on the page, for several panels.
    func moveOrigin(to place: Point) {
        cairo_translate(context, place.x - origin.x, place.y - origin.y)
        origin = place
    }

    private func drawHalo(_ text: String, width: Double) {
        choose(.white)
        cairo_set_line_width(context, width)
        cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
        cairo_move_to(context, 0, 0)
        cairo_text_path(context, text)
        cairo_stroke(context)
        cairo_set_line_join(context, CAIRO_LINE_JOIN_MITER)
    }
}
