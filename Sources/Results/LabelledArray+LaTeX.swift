private import Glibc
internal import Tensors

extension LabelledArray {
    /// A result with two axes as a LaTeX table, for the package booktabs.
    ///
    /// - Parameter digits: How many significant digits numbers have at most.
    public func latex(digits: Int = 4) -> String {
        precondition(axes.count == 2, "a table of \(axes.count) axes")
        let columns = axes[1].labels.map(escaped)
        var lines = [
            "\\begin{tabular}{l" + String(repeating: "r", count: columns.count) + "}", "\\toprule",
            ([escaped(axes[0].name)] + columns).joined(separator: " & ") + " \\\\", "\\midrule",
        ]
        for (row, label) in axes[0].labels.enumerated() {
            let numbers = values.rows[row].map { "$\(rounded(Double($0), digits))$" }
            lines.append(([escaped(label)] + numbers).joined(separator: " & ") + " \\\\")
        }
        return (lines + ["\\bottomrule", "\\end{tabular}"]).joined(separator: "\n") + "\n"
    }
}

/// A text with LaTeX's special characters in their safe forms.
private func escaped(_ text: String) -> String {
    text.reduce(into: "") { result, character in
        switch character {
        case "\\": result += "\\textbackslash{}"
        case "_", "%", "&", "#", "$", "{", "}": result += "\\\(character)"
        case "~": result += "\\textasciitilde{}"
        case "^": result += "\\textasciicircum{}"
        default: result.append(character)
        }
    }
}

/// A number with some significant digits; with a power of ten where it is very small or large.
private func rounded(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "\\mathrm{\(value)}" }
    guard value != 0 else { return "0" }
    // What rounds up to the next power of ten has that one's exponent.
    let rounding = 1 + 0.5 * pow(10, 1 - Double(digits)) / 10
    let exponent = Int(log10(value.magnitude * rounding).rounded(.down))
    guard (-4..<12).contains(exponent) else {
        return rounded(value / pow(10, Double(exponent)), digits)
            + " \\cdot 10^{\(exponent)}"
    }
    let power = pow(10, Double(max(0, digits - 1 - exponent)))
    let shown = (value * power).rounded() / power
    return shown == shown.rounded() ? "\(Int(shown))" : "\(shown)"
}
