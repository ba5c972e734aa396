public import Tensors
public import Testing

/// Expects |actual − expected| ≤ atol + rtol · |expected| for every element, and reports the worst.
///
/// Infinities must be equal; a NaN on either side fails.
public func expectClose(
    _ actual: Tensor, _ expected: Tensor, rtol: Float = 0, atol: Float, _ what: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    guard actual.shape == expected.shape else {
        Issue.record(
            "\(what) shape \(actual.shape) ≠ \(expected.shape)", sourceLocation: sourceLocation)
        return
    }
    var worst: (excess: Float, index: Int)?
    let (a, e) = (actual.values, expected.values)
    for index in a.indices where a[index] != e[index] {
        let excess = abs(a[index] - e[index]) - (atol + rtol * abs(e[index]))
        if !(excess <= 0), !(excess <= worst?.excess ?? -.infinity) { worst = (excess, index) }
    }
    if let worst {
        Issue.record(
            """
            \(what) differs most at element \(worst.index) of shape \(actual.shape): \
            \(a[worst.index]) ≠ \(e[worst.index])
            """, sourceLocation: sourceLocation)
    }
}
