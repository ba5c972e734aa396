internal import RealModule

/// Numbers of either sign by their logarithms, with zero set apart between or beside them.
///
/// ```
/// place(0) = 0,    place(x) = ±(gap + log₁₀(|x| / least))
/// ```
/// For amounts of change, such as rates, where zero is the thing unchanged.
struct ZeroAnchor {
    /// What zero is called.
    let name: String
    /// The least and the largest magnitudes but zero.
    private let (least, largest): (Double, Double)
    /// The signs that occur, the negative first.
    private let signs: [Double]
    /// From zero to the least magnitude, in powers of ten.
    private let gap: Double

    init(name: String, _ numbers: [Double]) {
        self.name = name
        let sizes = numbers.map(abs).filter { $0 > 0 }
        (least, largest) = (sizes.min() ?? 1, sizes.max() ?? 1)
        signs = [-1.0, 1].filter { sign in numbers.contains { $0 * sign > 0 } }
        // Wide enough for the words at zero beside the first labels.
        let powers = Double.log10(largest) - Double.log10(least)
        gap = max(0.5, (signs.count > 1 ? 0.4 : 0.15) * powers)
    }

    /// Where a number lies, in powers of ten from zero.
    func place(of number: Double) -> Double {
        if number == 0 { return 0 }
        let distance = gap + Double.log10(abs(number)) - Double.log10(least)
        return number < 0 ? -distance : distance
    }

    /// The powers of ten among the magnitudes, every first, second, … so that there are at most
    /// `count` at each sign; where there is none, the least and the largest magnitude.
    private func magnitudes(_ count: Int) -> [Double] {
        let first = Int((Double.log10(least) - 1e-9).rounded(.up))
        let last = Int((Double.log10(largest) + 1e-9).rounded(.down))
        guard first <= last else { return least == largest ? [least] : [least, largest] }
        let step = LabelThinning(
            spacing: 1, needed: Double(last - first + 1) / Double(max(count, 1))
        ).step
        return stride(from: first, through: last, by: step).map { Double.pow(10, Double($0)) }
    }

    /// Zero and the marked numbers on either side.
    func marks(_ count: Int) -> [(value: Double, text: String)] {
        let sizes = magnitudes(count / max(signs.count, 1))
        let sided = signs.flatMap { sign in
            sizes.map { size in (sign * size, (sign < 0 ? "−" : "") + Self.text(size)) }
        }
        return ([(0, name)] + sided).sorted { $0.0 < $1.0 }
    }

    private static func text(_ size: Double) -> String {
        let exponent = Double.log10(size)
        guard abs(exponent - exponent.rounded()) < 1e-9, !(-2...3).contains(exponent.rounded())
        else {
            let decimals = max(0, -Int((exponent + 1e-9).rounded(.down)))
            return NumberText.fixed(size, decimals: decimals)
        }
        return "10" + NumberText.superscript(Int(exponent.rounded()))
    }
}
