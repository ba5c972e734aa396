internal import RealModule
internal import Results

/// How an axis of a plot is divided.
enum PlotAxis {
    /// An axis of numbers.
    case numbers(NumberScale)
    /// Entries side by side, each with its label in the middle.
    case entries(AxisText, count: Int)

    /// Where a number or the middle of an entry lies, from 0 to 1.
    func fraction(of position: Double) -> Double {
        switch self {
        case .numbers(let scale): scale.fraction(of: position)
        case .entries(_, let count): (position + 0.5) / Double(max(count, 1))
        }
    }
}

/// How numbers become places along an axis.
struct NumberScale {
    /// How the places of numbers and the marked ones are chosen.
    enum Kind {
        case linear
        /// Linear, with only whole numbers marked, as for neurons.
        case whole
        case logarithmic
        /// Logarithmic to either side of zero.
        case anchored(ZeroAnchor)
    }

    /// What the numbers are.
    let quantity: Quantity
    /// The numbers at the ends; the places of them for an anchored scale.
    let limits: ClosedRange<Double>
    let kind: Kind

    /// Where a number lies, from 0 to 1; not a number for one that has no place.
    func fraction(of value: Double) -> Double {
        let (low, high) = (limits.lowerBound, limits.upperBound)
        switch kind {
        case .linear, .whole: return (value - low) / (high - low)
        case .logarithmic:
            return value > 0 ? Double.log(value / low) / Double.log(high / low) : .nan
        case .anchored(let anchor): return (anchor.place(of: value) - low) / (high - low)
        }
    }

    /// At most `count` marked numbers, but at least 2.
    func ticks(_ count: Int) -> Ticks {
        switch kind {
        case .linear: Ticks(limits, count: count)
        case .whole: Ticks(whole: limits, count: count)
        case .logarithmic: Ticks(logarithmic: limits, count: count)
        case .anchored(let anchor): Ticks(anchor, count: count)
        }
    }
}

extension NumberScale {
    /// Limits that leave some room at both ends of positions.
    static func limits(of positions: [Double], room: Double = 0.02, least: Double = 0.5)
        -> ClosedRange<Double>
    {
        let (low, high) = (positions.min() ?? 0, positions.max() ?? 1)
        let pad = low == high ? 0.5 : max(least, room * (high - low))
        return (low - pad)...(high + pad)
    }

    /// How much of an axis of values is empty at each end.
    private static let room = 0.07

    /// Limits for values, with room at both ends.
    ///
    /// - Parameters:
    ///   - values: Those that are not finite have no say.
    ///   - given: What the figure's maker wants.
    ///   - rule: What is done about zero.
    static func limits(
        _ values: [Double], given: ClosedRange<Double>?, zero rule: ZeroRule
    ) -> ClosedRange<Double> {
        if let given, given.lowerBound < given.upperBound, given.lowerBound.isFinite,
            given.upperBound.isFinite
        {
            return given
        }
        let finite = values.lazy.filter(\.isFinite)
        guard var low = finite.min(), var high = finite.max() else { return -1...1 }
        // Zero is shown unless it would squeeze the values into less than half of the axis.
        if rule != .whereNear || max(low, -high) < high - low {
            (low, high) = (min(low, 0), max(high, 0))
        }
        if low == high { return low == 0 ? -1...1 : (low - abs(low) / 2)...(low + abs(low) / 2) }
        let pad = room * (high - low)
        if rule == .inside { return (low - pad)...(high + pad) }
        return (low == 0 ? 0 : low - pad)...(high == 0 ? 0 : high + pad)
    }

    /// What limits do about zero.
    enum ZeroRule {
        /// It is inside them, so that points at zero are whole.
        case inside
        /// It is inside them or an end.
        case shown
        /// It is inside them or an end, if values are not far from it.
        case whereNear
    }

    /// Limits of positive values on a logarithmic axis.
    static func logarithmicLimits(
        _ values: [Double], given: ClosedRange<Double>?
    ) -> ClosedRange<Double> {
        if let given, given.lowerBound > 0, given.lowerBound < given.upperBound,
            given.upperBound.isFinite
        {
            return given
        }
        let positive = values.lazy.filter { $0 > 0 && $0.isFinite }
        guard let low = positive.min(), let high = positive.max() else { return 0.1...1 }
        let pad = low == high ? 2 : Double.pow(high / low, room)
        return (low / pad)...(high * pad)
    }
}
