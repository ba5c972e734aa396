internal import CCairo

/// What figures draw: areas, lines, points, pixels and text.
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

    /// Draws pixels, each as large as one of a PNG, from a place between two pixels on.
    func image(_ pixels: [Colour], width: Int, height: Int, at place: Point) {
        precondition(
            pixels.count == width * height, "\(pixels.count) pixels, not \(width * height)")
        guard !pixels.isEmpty,
            let image = cairo_image_surface_create(
                CAIRO_FORMAT_RGB24, Int32(width), Int32(height)),
            let bytes = cairo_image_surface_get_data(image)
        else { return }
        let stride = Int(cairo_image_surface_get_stride(image))
        for (index, pixel) in pixels.enumerated() {
            let (red, green, blue) = pixel.bytes
            let word = UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
            UnsafeMutableRawPointer(bytes + index / width * stride + index % width * 4)
                .storeBytes(of: word, as: UInt32.self)
        }
        cairo_surface_mark_dirty(image)
        cairo_save(context)
        cairo_translate(context, place.x, place.y)
        cairo_scale(context, 72 / dpi, 72 / dpi)
        cairo_set_source_surface(context, image, 0, 0)
        cairo_pattern_set_filter(cairo_get_source(context), CAIRO_FILTER_NEAREST)
        cairo_paint(context)
        cairo_restore(context)
        cairo_surface_destroy(image)
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
