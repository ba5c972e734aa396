internal import RealModule

/// Numbers at which an axis is marked: multiples of 1, 2 or 5 times a power of ten.
package struct Ticks: Sendable {
    /// The marked values, ascending, all within the limits.
    package let values: [Double]
    /// What to write at each value, to be multiplied by 10 to ``exponent``.
    package let labels: [String]
    /// The power of ten left out of the labels; 0 for numbers of everyday size.
    package let exponent: Int

    /// Marks the numbers within limits with at most `count` ticks, but at least 2.
    package init(_ limits: ClosedRange<Double>, count: Int) {
        let step = Ticks.step(limits, count: max(count, 2))
        let first = (limits.lowerBound / step - 1e-9).rounded(.up)
        let last = (limits.upperBound / step + 1e-9).rounded(.down)
        values = stride(from: first, through: last, by: 1).map { $0 * step }
        let largest = max(abs(limits.lowerBound), abs(limits.upperBound))
        let magnitude = Ticks.power(of: largest)
        exponent = magnitude < -2 || magnitude > 4 ? magnitude : 0
        let unit = Double.pow(10, Double(exponent))
        let decimals = max(0, exponent - Ticks.power(of: step * (1 + 1e-9)))
        labels = values.map { NumberText.fixed($0 / unit, decimals: decimals) }
    }

    /// Marks whole numbers within limits, written in full.
    package init(whole limits: ClosedRange<Double>, count: Int) {
        // There are no more ticks than whole numbers.
        let most = Int(min(limits.upperBound - limits.lowerBound, 1e6)) + 1
        values = Ticks(limits, count: min(count, most)).values
        labels = values.map { NumberText.fixed($0, decimals: 0) }
        exponent = 0
    }

    /// Marks powers of ten within positive limits; where there are too few for that, other numbers.
    package init(logarithmic limits: ClosedRange<Double>, count: Int) {
        let decades = (
            first: Int((Double.log10(limits.lowerBound) - 1e-9).rounded(.up)),
            last: Int((Double.log10(limits.upperBound) + 1e-9).rounded(.down))
        )
        guard decades.last > decades.first else {
            self = Ticks(limits, count: count)
            return
        }
        let step = LabelThinning(
            spacing: 1, needed: Double(decades.last - decades.first + 1) / Double(max(count, 2))
        ).step
        let exponents = Array(stride(from: decades.first, through: decades.last, by: step))
        values = exponents.map { Double.pow(10, Double($0)) }
        labels = exponents.map {
            (-2...3).contains($0)
                ? NumberText.fixed(Double.pow(10, Double($0)), decimals: max(0, -$0))
                : "10" + NumberText.superscript($0)
        }
        exponent = 0
    }

    /// Marks zero by its name and powers of ten on either side.
    init(_ anchor: ZeroAnchor, count: Int) {
        let marks = anchor.marks(count)
        (values, labels) = (marks.map(\.value), marks.map(\.text))
        exponent = 0
    }

    /// The smallest nice step that gives no more than `count` ticks.
    private static func step(_ limits: ClosedRange<Double>, count: Int) -> Double {
        let width = limits.upperBound - limits.lowerBound
        let base = Double.pow(10, Double(power(of: width / Double(count))))
        for factor in [1, 2, 5, 10, 20, 50] {
            let step = base * Double(factor)
            let ticks =
                (limits.upperBound / step + 1e-9).rounded(.down)
                - (limits.lowerBound / step - 1e-9).rounded(.up) + 1
            if ticks <= Double(count) { return step }
        }
        return width
    }

    /// The exponent of the largest power of ten that is not above a number.
    private static func power(of value: Double) -> Int {
        guard value > 0, value.isFinite else { return 0 }
        return Int(Double.log10(value).rounded(.down))
    }
}

/// Which entries of an axis carry a label when not all have room: every first, second, fifth.
struct LabelThinning {
    /// The distance from one labelled entry to the next.
    let step: Int

    /// Chooses the smallest of 1, 2, 5, 10, 20, … that leaves `needed` between labels.
    ///
    /// - Parameters:
    ///   - spacing: The distance from one entry to the next.
    ///   - needed: The distance that two labels need.
    init(spacing: Double, needed: Double) {
        var (decade, step) = (1, 1)
        while Double(step) * spacing < needed && step < 1_000_000 {
            switch step / decade {
            case 1: step = 2 * decade
            case 2: step = 5 * decade
            default:
                decade *= 10
                step = decade
            }
        }
        self.step = step
    }
}
