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
    parallelBlocks(of: y.count, size: 65_536 / max(y.columns, 1)) { rows in
        for row in rows {
            let (x, y) = (x[x.count == 1 ? 0 : row], y[row])
            for i in 0..<y.count { y[i] += x[i] }
        }
    }
}

/// The sum of all rows: a bias's gradient.
///
/// In fixed blocks of rows, whose sums are added in order: rounding errors stay small, and threads
/// do not matter.
///
/// - Parameters:
///   - x: [rows, columns].
///   - sum: Receives the sum, [1, columns].
///   - accumulating: Whether it is added to what is there.
public func sumRows(_ x: Rows, into sum: MutableRows, accumulating: Bool = false) {
    precondition(
        sum.count == 1 && sum.columns == x.columns,
        "sumRows: [\(x.count), \(x.columns)] into [\(sum.count), \(sum.columns)]")
    let size = 128
    var partial = Tensor([max((x.count + size - 1) / size, 1), x.columns])
    let sums = partial.mutableRows
    parallelBlocks(of: x.count, size: size) { rows in
        let total = sums[rows.lowerBound / size]
        for row in rows {
            let x = x[row]
            for i in 0..<x.count { total[i] += x[i] }
        }
    }
    if !accumulating { sum[0].update(repeating: 0) }
    for block in 0..<sums.count { add(sums.reading[block..<block + 1, 0..<x.columns], to: sum) }
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

/// Copies a matrix with rows and columns exchanged.
///
/// - Parameters:
///   - x: [rows, columns].
///   - y: Receives the copy, [columns, rows].
public func transpose(_ x: Rows, into y: MutableRows) {
    precondition(
        x.count == y.columns && x.columns == y.count,
        "transpose: [\(x.count), \(x.columns)] into [\(y.count), \(y.columns)]")
    // Tiles of both fit the first cache.
    let tile = 32
    parallelBlocks(of: y.count, size: tile) { columns in
        for start in stride(from: 0, to: x.count, by: tile) {
            for row in start..<min(start + tile, x.count) {
                let source = x[row]
                for column in columns { y[column][row] = source[column] }
            }
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
