/// A row-major array of 32-bit floats with a shape.
///
/// A value: copies are cheap and independent, memory is shared until one of them is written. The
/// last axis is contiguous. Kernels do not see tensors but ``rows``: the tensor as a matrix whose
/// columns are the last axis.
///
/// A wrong shape is a programmer's error and traps.
public struct Tensor: Sendable {
    /// The length of each axis; empty for a single number.
    public private(set) var shape: [Int]
    @usableFromInline var storage: TensorStorage
    @usableFromInline var offset: Int

    private init(shape: [Int], storage: TensorStorage, offset: Int) {
        self.shape = shape
        self.storage = storage
        self.offset = offset
    }

    /// Creates a tensor whose memory is not set; the caller writes every element before reading.
    public init(uninitialized shape: [Int]) {
        precondition(shape.allSatisfy { $0 >= 0 }, "negative axis in shape \(shape)")
        let storage = TensorStorage(uninitializedCount: shape.reduce(1, *))
        self.init(shape: shape, storage: storage, offset: 0)
    }

    /// Creates a tensor with one value everywhere.
    public init(_ shape: [Int], repeating value: Float = 0) {
        self.init(uninitialized: shape)
        storage.base.initialize(repeating: value, count: storage.count)
    }

    /// Creates a tensor from its elements in row-major order.
    public init(_ shape: [Int], _ values: [Float]) {
        precondition(
            shape.reduce(1, *) == values.count, "\(values.count) values cannot have shape \(shape)")
        self.init(uninitialized: shape)
        values.withUnsafeBufferPointer { source in
            if let start = source.baseAddress {
                storage.base.initialize(from: start, count: source.count)
            }
        }
    }

    /// Wraps memory that holds exactly the elements of `shape`.
    public init(_ shape: [Int], storage: TensorStorage) {
        precondition(
            shape.reduce(1, *) == storage.count,
            "\(storage.count) floats cannot have shape \(shape)")
        self.init(shape: shape, storage: storage, offset: 0)
    }

    /// The number of axes.
    public var rank: Int { shape.count }

    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// A copy of the elements in row-major order.
    public var values: [Float] {
        [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            buffer.baseAddress?.initialize(from: storage.base + offset, count: count)
            initialized = count
        }
    }

    /// The same elements under another shape, without a copy.
    public func reshaped(_ shape: [Int]) -> Tensor {
        precondition(
            shape.reduce(1, *) == count, "shape \(self.shape) cannot be reshaped to \(shape)")
        return Tensor(shape: shape, storage: storage, offset: offset)
    }

    /// One entry of the first axis, without a copy.
    public subscript(at index: Int) -> Tensor {
        precondition(
            rank > 0 && index >= 0 && index < shape[0], "index \(index) outside shape \(shape)")
        let inner = Array(shape.dropFirst())
        return Tensor(shape: inner, storage: storage, offset: offset + index * inner.reduce(1, *))
    }

    /// A run of entries of the first axis, without a copy.
    public subscript(at range: Range<Int>) -> Tensor {
        precondition(
            rank > 0 && range.lowerBound >= 0 && range.upperBound <= shape[0],
            "range \(range) outside shape \(shape)")
        let inner = Array(shape.dropFirst())
        return Tensor(
            shape: [range.count] + inner, storage: storage,
            offset: offset + range.lowerBound * inner.reduce(1, *))
    }

    /// One element, by one index per axis; for tests, tables and edits, not for inner loops.
    public subscript(indices: Int...) -> Float {
        get { storage.base[offset + position(of: indices)] }
        set {
            let position = position(of: indices)
            makeUnique()
            storage.base[offset + position] = newValue
        }
    }

    /// The row-major position of an element among this tensor's own.
    private func position(of indices: [Int]) -> Int {
        precondition(indices.count == rank, "\(indices.count) indices into shape \(shape)")
        return zip(indices, shape).reduce(0) { position, axis in
            precondition(
                axis.0 >= 0 && axis.0 < axis.1, "indices \(indices) outside shape \(shape)")
            return position * axis.1 + axis.0
        }
    }

    /// Makes the memory this tensor's alone, so that it may be written.
    mutating func makeUnique() {
        if !storage.isBorrowed && isKnownUniquelyReferenced(&storage) { return }
        let own = TensorStorage(uninitializedCount: count)
        // A mapped file's pages are let go as soon as they are copied: both never stand in memory
        // together.
        let chunk = 1 << 21
        for start in stride(from: 0, to: count, by: chunk) {
            let part = min(chunk, count - start)
            (own.base + start).initialize(from: storage.base + offset + start, count: part)
            storage.release(from: offset + start, count: part)
        }
        storage = own
        offset = 0
    }
}
