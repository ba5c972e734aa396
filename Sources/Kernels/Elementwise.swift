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

/// Multiplies each row by its factor, in place: `diag(factors) x`.
///
/// - Parameters:
///   - x: [rows, columns].
///   - factors: [1, rows].
public func scaleRows(_ x: MutableRows, by factors: Rows) {
    precondition(
        factors.count == 1 && factors.columns == x.count, "scaleRows: one factor for each row")
    parallelBlocks(of: x.count, size: 64) { rows in
        for row in rows {
            let (x, factor) = (x[row], factors[0][row])
            for i in 0..<x.count { x[i] *= factor }
        }
    }
}

/// Subtracts from each column its mean, in place.
///
/// The sums are in double precision: a column may be as long as the vocabulary.
///
/// - Parameter x: [rows, columns].
public func centreColumns(_ x: MutableRows) {
    guard x.count > 0 else { return }
    parallelBlocks(of: x.columns, size: 256) { columns in
        let part = x[0..<x.count, columns]
        var sums = [Double](repeating: 0, count: columns.count)
        for row in 0..<part.count {
            let x = part[row]
            sums.withUnsafeMutableBufferPointer { sums in
                for i in 0..<x.count { sums[i] += Double(x[i]) }
            }
        }
        let means = sums.map { Float($0 / Double(part.count)) }
        means.withUnsafeBufferPointer { means in
            for row in 0..<part.count {
                let x = part[row]
                for i in 0..<x.count { x[i] -= means[i] }
            }
        }
    }
}
