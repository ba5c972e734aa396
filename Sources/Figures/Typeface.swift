internal import CCairo

/// The figures' typeface, to measure text with before anything is drawn.
///
/// Measures are unhinted, so that a figure has one layout at every pixel density and in every
/// format.
final class Typeface {
    /// DejaVu Sans; where it is not installed the system's own sans-serif.
    static let family = "DejaVu Sans"
    /// The font at a size of 1000, whose measures scale.
    private let font: OpaquePointer

    init() {
        let face = cairo_toy_font_face_create(
            Typeface.family, CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL)
        var (size, unit) = (cairo_matrix_t(), cairo_matrix_t())
        cairo_matrix_init_scale(&size, 1000, 1000)
        cairo_matrix_init_identity(&unit)
        let options = Typeface.options()
        font = cairo_scaled_font_create(face, &size, &unit, options)
        cairo_font_options_destroy(options)
        cairo_font_face_destroy(face)
    }

    deinit {
        cairo_scaled_font_destroy(font)
    }

    /// Options without hinting; the caller destroys them.
    static func options() -> OpaquePointer? {
        let options = cairo_font_options_create()
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
        return options
    }

    /// How far a line of text reaches, in points.
    func width(of text: String, size: Double) -> Double {
        var extents = cairo_text_extents_t()
        cairo_scaled_font_text_extents(font, text, &extents)
        return max(extents.x_advance, extents.x_bearing + extents.width) * size / 1000
    }

    /// The height above the baseline that a line needs, accents included, in points.
    func ascent(_ size: Double) -> Double { 0.93 * size }

    /// The depth below the baseline that a line needs, in points.
    func descent(_ size: Double) -> Double { 0.24 * size }

    /// The height of capitals and digits, by which text is centred, in points.
    func capital(_ size: Double) -> Double { 0.73 * size }

    /// The distance from one line to the next, in points.
    func lineHeight(_ size: Double) -> Double { 1.17 * size }

    /// The text with the characters that the font lacks written by number, as in `\u4e2d`.
    func drawable(_ text: String) -> String {
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return text }
        return text.unicodeScalars.reduce(into: "") { result, scalar in
            // Variation selectors say how to draw an emoji that is not drawn.
            if scalar.properties.isVariationSelector { return }
            result += hasGlyph(scalar) ? String(scalar) : AxisText.escaped(scalar)
        }
    }

    private func hasGlyph(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return true }
        let text = String(scalar)
        var glyphs: UnsafeMutablePointer<cairo_glyph_t>?
        var count: Int32 = 0
        let status = cairo_scaled_font_text_to_glyphs(
            font, 0, 0, text, Int32(text.utf8.count), &glyphs, &count, nil, nil, nil)
        defer { cairo_glyph_free(glyphs) }
        guard status == CAIRO_STATUS_SUCCESS, let glyphs, count > 0 else { return false }
        return (0..<Int(count)).allSatisfy { glyphs[$0].index != 0 }
    }
}
