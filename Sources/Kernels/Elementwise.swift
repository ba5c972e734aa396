public import Tensors

/// Adds `x` to `y`, in place.
///
/// - Parameters:
///   - x: [rows, columns], or one row that is added to each row of `y`.
///   - y: [rows, columns].
public func add(_ x: Rows, to y: MutableRows) {
    precondition(
        x.columns == y.columns && (x.count == y.count || x.count == 1),
        "add: [\(x.count), \(x.columns)] to [\(y.count), \(y.columns)]")
    for row in 0..<y.count {
        let (x, y) = (x[x.count == 1 ? 0 : row], y[row])
        for i in 0..<y.count { y[i] += x[i] }
    }
}

/// Copies rows.
///
/// - Parameters:
///   - x: [rows, columns].
///   - y: Receives the copy, [rows, columns].
public func copy(_ x: Rows, into y: MutableRows) {
    requireSameShape(x, y, "copy")
    for row in 0..<x.count {
        if let source = x[row].baseAddress {
            y[row].baseAddress?.update(from: source, count: x.columns)
        }
    }
}
