/// A scale of colours from low to high values.
///
/// Between its anchors it is straight in Oklab, so equal differences of value look about equal.
public struct ColourMap: Sendable {
    /// Whether the middle colour stands for zero.
    public let isDiverging: Bool
    private let anchors: [Oklab]

    init(isDiverging: Bool, anchors: [Oklab]) {
        self.isDiverging = isDiverging
        self.anchors = anchors
    }

    /// Red below zero, near-white at zero, blue above: the field's reading of patching results.
    ///
    /// The two arms have the same lightness, so that neither sign looks stronger than the other.
    public static let redBlue = ColourMap(
        isDiverging: true, anchors: arm(hues: [27, 27, 32, 40]) + [neutral] + blueArm)

    /// From near-white to dark blue, for quantities that start at zero.
    public static let blues = ColourMap(isDiverging: false, anchors: [neutral] + blueArm)

    private static let neutral = Oklab(lightness: 0.98, chroma: 0, hue: 0)
    private static let blueArm = Array(arm(hues: [258, 253, 248, 240]).reversed())

    /// An arm from its dark end towards neutral.
    private static func arm(hues: [Double]) -> [Oklab] {
        let (lightness, chroma) = ([0.36, 0.54, 0.71, 0.86], [0.115, 0.15, 0.12, 0.06])
        return hues.indices.map {
            Oklab(lightness: lightness[$0], chroma: chroma[$0], hue: hues[$0])
        }
    }

    /// The colour at a fraction of the scale, from 0 to 1; beyond it the end's colour.
    public func colour(at fraction: Double) -> Colour {
        let place = min(max(fraction, 0), 1) * Double(anchors.count - 1)
        let below = min(Int(place), anchors.count - 2)
        return anchors[below].mixed(with: anchors[below + 1], place - Double(below)).colour
    }

    /// The colour of a mark whose place tells its value: one for each sign.
    func colour(ofSign value: Float) -> Colour {
        colour(at: isDiverging && value < 0 ? 0.14 : 0.86)
    }
}

/// How values become colours: a colour map between limits.
struct ColourScale: Sendable {
    let map: ColourMap
    let limits: ClosedRange<Double>

    /// Chooses the limits from the values where none are given.
    ///
    /// A diverging map takes the largest magnitude on both sides, so that its middle is zero;
    /// others take the smallest and the largest value. Values that are not finite have no say, and
    /// where all are equal the scale has a width all the same.
    init(_ map: ColourMap, values: [Float], limits: ClosedRange<Double>?) {
        self.map = map
        if let limits, limits.lowerBound < limits.upperBound,
            limits.lowerBound.isFinite, limits.upperBound.isFinite
        {
            self.limits = limits
            return
        }
        let finite = values.lazy.filter(\.isFinite).map(Double.init)
        var (low, high) = (finite.min() ?? 0, finite.max() ?? 0)
        if map.isDiverging { (low, high) = (-max(-low, high), max(-low, high)) }
        if low == high { (low, high) = map.isDiverging ? (-1, 1) : (low, low + max(1, abs(low))) }
        self.limits = low...high
    }

    /// The colour of a value; grey for one that is not a number.
    func colour(of value: Float) -> Colour {
        value.isNaN ? .missing : map.colour(at: fraction(of: Double(value)))
    }

    /// Where on the map a value lies; a diverging map's middle is zero whatever the limits.
    private func fraction(of value: Double) -> Double {
        guard map.isDiverging else {
            return (value - limits.lowerBound) / (limits.upperBound - limits.lowerBound)
        }
        let reach = max(abs(limits.lowerBound), abs(limits.upperBound))
        return 0.5 + 0.5 * (value / reach)
    }
}
