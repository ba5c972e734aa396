internal import RealModule

/// Numbers as figures and tables write them.
package enum NumberText {
    /// A number with a fixed count of decimals, such as `−0.25`.
    ///
    /// - Parameters:
    ///   - value: The number; one that is not finite is spelt out.
    ///   - decimals: How many digits follow the point, at most 15.
    ///   - minus: The sign of negative numbers: the typographic one in figures, a hyphen for
    ///     machines.
    package static func fixed(_ value: Double, decimals: Int, minus: String = "−") -> String {
        if value.isNaN { return "NaN" }
        let sign = value < 0 ? minus : ""
        if value.isInfinite { return sign + "∞" }
        let digits = min(max(decimals, 0), 15)
        let scale = (0..<digits).reduce(1.0) { product, _ in product * 10 }
        let scaled = (value.magnitude * scale).rounded()
        guard scaled < 1e18 else { return sign + "\(value.magnitude)" }
        var text = String(Int(scaled))
        text = String(repeating: "0", count: max(0, digits + 1 - text.count)) + text
        if digits > 0 { text.insert(".", at: text.index(text.endIndex, offsetBy: -digits)) }
        // What rounds to zero has no sign.
        return (scaled == 0 ? "" : sign) + text
    }

    /// A label with the minus of figures, if it is a number as machines write it, such as `-0.2`.
    static func typographic(_ label: String) -> String {
        Double(label) == nil ? label : String(label.map { $0 == "-" ? "−" : $0 })
    }

    /// Two decimals, and more where a column's largest number would show fewer than two digits.
    static func decimals(showing largest: Double) -> Int {
        largest > 0 ? min(max(2, 1 - Int(Double.log10(largest).rounded(.down))), 12) : 2
    }

    /// A power of ten.
    static func power(_ exponent: Int) -> Double { Double.pow(10, Double(exponent)) }

    /// An integer in raised digits, such as `⁻⁷`.
    static func superscript(_ value: Int) -> String {
        let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
        return String(
            String(value).map { $0.wholeNumberValue.map { digits[$0] } ?? "⁻" })
    }
}
