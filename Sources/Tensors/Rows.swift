/// A matrix to read: rows of `columns` floats that start `stride` floats apart.
///
/// What kernels take. It may be a whole tensor, or a strided part of one, such as the queries of
/// one head inside [pos, 3 · d_model]. It keeps the memory alive. A row is checked against the
/// bounds when it is taken, so the inner loop over the row needs no checks and no index arithmetic.
public struct Rows: @unchecked Sendable {
    private let storage: TensorStorage
    /// The first element of the first row.
    public let base: UnsafePointer<Float>
    /// The number of rows.
    public let count: Int
    /// The length of a row.
    public let columns: Int
    /// The distance from the start of one row to the start of the next, in floats.
    public let stride: Int

    init(_ storage: TensorStorage, at start: Int, count: Int, columns: Int, stride: Int) {
        requireInside(storage, start: start, count: count, columns: columns, stride: stride)
        self.storage = storage
        base = UnsafePointer(storage.base + start)
        self.count = count
        self.columns = columns
        self.stride = stride
    }

    /// One row.
    @inlinable public subscript(row: Int) -> UnsafeBufferPointer<Float> {
        precondition(row >= 0 && row < count, "row outside the matrix")
        return UnsafeBufferPointer(start: base + row * stride, count: columns)
    }

    /// All elements of a matrix without gaps between its rows.
    public var elements: UnsafeBufferPointer<Float> {
        precondition(stride == columns, "elements of a strided matrix are not in one run")
        return UnsafeBufferPointer(start: base, count: count * columns)
    }

    /// A matrix inside a single row.
    ///
    /// - Parameters:
    ///   - offset: Where its first element is in the row.
    ///   - count: Its rows.
    ///   - columns: The length of its rows, which lie without gaps.
    public func block(at offset: Int, _ count: Int, _ columns: Int) -> Rows {
        precondition(
            self.count == 1 && offset >= 0 && offset + count * columns <= self.columns,
            "a block outside its row")
        return Rows(
            storage, at: base - UnsafePointer(storage.base) + offset, count: count,
            columns: columns,
            stride: columns)
    }

    /// The part of the matrix in some rows and columns.
    public subscript(rows: Range<Int>, columns: Range<Int>) -> Rows {
        precondition(
            rows.lowerBound >= 0 && rows.upperBound <= count
                && columns.lowerBound >= 0 && columns.upperBound <= self.columns,
            "part \(rows) × \(columns) outside \(count) × \(self.columns)")
        let start = base - UnsafePointer(storage.base) + rows.lowerBound * stride
        return Rows(
            storage, at: start + columns.lowerBound, count: rows.count, columns: columns.count,
            stride: stride)
    }
}

/// A matrix to write; see ``Rows``.
///
/// Taken from a tensor after its memory became its own. Several threads may write different parts.
public struct MutableRows: @unchecked Sendable {
    private let storage: TensorStorage
    /// The first element of the first row.
    public let base: UnsafeMutablePointer<Float>
    /// The number of rows.
    public let count: Int
    /// The length of a row.
    public let columns: Int
    /// The distance from the start of one row to the start of the next, in floats.
    public let stride: Int

    init(_ storage: TensorStorage, at start: Int, count: Int, columns: Int, stride: Int) {
        requireInside(storage, start: start, count: count, columns: columns, stride: stride)
        self.storage = storage
        base = storage.base + start
        self.count = count
        self.columns = columns
        self.stride = stride
    }

    /// One row.
    @inlinable public subscript(row: Int) -> UnsafeMutableBufferPointer<Float> {
        precondition(row >= 0 && row < count, "row outside the matrix")
        return UnsafeMutableBufferPointer(start: base + row * stride, count: columns)
    }

    /// The part of the matrix in some rows and columns.
    public subscript(rows: Range<Int>, columns: Range<Int>) -> MutableRows {
        let part = reading[rows, columns]
        return MutableRows(
            storage, at: part.base - UnsafePointer(storage.base), count: part.count,
            columns: part.columns, stride: part.stride)
    }

    /// A matrix inside a single row.
    ///
    /// - Parameters:
    ///   - offset: Where its first element is in the row.
    ///   - count: Its rows.
    ///   - columns: The length of its rows, which lie without gaps.
    public func block(at offset: Int, _ count: Int, _ columns: Int) -> MutableRows {
        let part = reading.block(at: offset, count, columns)
        return MutableRows(
            storage, at: part.base - UnsafePointer(storage.base), count: count, columns: columns,
            stride: columns)
    }

    /// All elements of a matrix without gaps between its rows.
    public var elements: UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(mutating: reading.elements)
    }

    /// The same matrix, to read.
    public var reading: Rows {
        Rows(
            storage, at: base - storage.base, count: count, columns: columns, stride: stride)
    }
}

private func requireInside(
    _ storage: TensorStorage, start: Int, count: Int, columns: Int, stride: Int
) {
    precondition(count >= 0 && columns >= 0 && stride >= columns, "rows overlap")
    let end = count == 0 ? start : start + (count - 1) * stride + columns
    precondition(start >= 0 && end <= storage.count, "rows reach outside their memory")
}

extension Tensor {
    /// The tensor as a matrix to read: all leading axes are rows, the last axis is columns.
    public var rows: Rows { rows(of: shape.last ?? 1) }

    /// The tensor as a matrix to write; copies the memory first if it is shared.
    public var mutableRows: MutableRows {
        mutating get { mutableRows(of: shape.last ?? 1) }
    }

    /// The elements as rows of `columns`, to read.
    public func rows(of columns: Int) -> Rows {
        Rows(
            storage, at: offset, count: rowCount(of: columns), columns: columns, stride: columns)
    }

    /// The elements as rows of `columns`, to write; copies the memory first if it is shared.
    public mutating func mutableRows(of columns: Int) -> MutableRows {
        makeUnique()
        return MutableRows(
            storage, at: offset, count: rowCount(of: columns), columns: columns, stride: columns)
    }

    private func rowCount(of columns: Int) -> Int {
        if count == 0 { return 0 }
        precondition(
            columns > 0 && count % columns == 0, "shape \(shape) has no rows of \(columns)")
        return count / columns
    }
}
