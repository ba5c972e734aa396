internal import RealModule

/// A colour in sRGB, each channel from 0 to 1.
public struct Colour: Sendable, Hashable {
    /// The red channel.
    public let red: Double
    /// The green channel.
    public let green: Double
    /// The blue channel.
    public let blue: Double

    /// Creates a colour from channels from 0 to 1; others are clamped.
    public init(red: Double, green: Double, blue: Double) {
        self.red = min(max(red, 0), 1)
        self.green = min(max(green, 0), 1)
        self.blue = min(max(blue, 0), 1)
    }

    /// Creates a grey from 0, black, to 1, white.
    public init(grey: Double) {
        self.init(red: grey, green: grey, blue: grey)
    }

    static let white = Colour(grey: 1)
    static let black = Colour(grey: 0)
    /// Frames, ticks and text: softer than black on paper.
    static let ink = Colour(grey: 0.13)
    /// Cells without a number.
    static let missing = Colour(grey: 0.62)

    /// The channels as bytes, as they appear in a PNG.
    public var bytes: (red: UInt8, green: UInt8, blue: UInt8) {
        (
            UInt8((red * 255).rounded()), UInt8((green * 255).rounded()),
            UInt8((blue * 255).rounded())
        )
    }

    /// Relative luminance, 0 to 1 (WCAG 2.1, https://www.w3.org/TR/WCAG21/#dfn-relative-luminance).
    public var luminance: Double {
        0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
    }

    /// Black or white, whichever contrasts more with this colour; both contrast 4.6 : 1 or better.
    public var contrasting: Colour {
        luminance > 0.179 ? .black : .white
    }
}

/// A point of the Oklab space, where equal steps look equal.
///
/// Ottosson 2020, https://bottosson.github.io/posts/oklab/; the matrices are given there.
struct Oklab: Sendable {
    var lightness: Double
    var a: Double
    var b: Double

    /// A point by its lightness from 0 to 1, its chroma from 0 to about 0.3 and its hue in degrees.
    init(lightness: Double, chroma: Double, hue: Double) {
        self.lightness = lightness
        a = chroma * .cos(hue * .pi / 180)
        b = chroma * .sin(hue * .pi / 180)
    }

    /// The point a fraction of the way to another.
    func mixed(with other: Oklab, _ fraction: Double) -> Oklab {
        var point = self
        point.lightness += fraction * (other.lightness - lightness)
        point.a += fraction * (other.a - a)
        point.b += fraction * (other.b - b)
        return point
    }

    var colour: Colour {
        let cone = (
            long: lightness + 0.3963377774 * a + 0.2158037573 * b,
            medium: lightness - 0.1055613458 * a - 0.0638541728 * b,
            short: lightness - 0.0894841775 * a - 1.2914855480 * b
        )
        let (l, m, s) = (cube(cone.long), cube(cone.medium), cube(cone.short))
        return Colour(
            red: encoded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
            green: encoded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
            blue: encoded(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s))
    }
}

private func cube(_ x: Double) -> Double { x * x * x }

/// sRGB's transfer function: linear light from the stored channel.
private func linear(_ channel: Double) -> Double {
    channel <= 0.04045 ? channel / 12.92 : .pow((channel + 0.055) / 1.055, 2.4)
}

/// sRGB's transfer function: the stored channel from linear light.
private func encoded(_ light: Double) -> Double {
    light <= 0.0031308 ? 12.92 * light : 1.055 * .pow(light, 1 / 2.4) - 0.055
}
