extension Tensor {
    /// The tensor as a NumPy array file: version 1.0, `<f4`, C order.
    ///
    /// `numpy.load` opens it, also memory-mapped: the data starts at a multiple of 64 bytes.
    /// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
    public func npy() -> [UInt8] {
        var bytes = npyHeader()
        bytes.reserveCapacity(bytes.count + 4 * count)
        withUnsafeBytes { bytes.append(contentsOf: $0) }
        return bytes
    }

    /// Gives the elements' memory, in row-major order and in the machine's byte order, to `body`.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let start = UnsafeRawPointer(storage.base + offset)
        return try body(UnsafeRawBufferPointer(start: start, count: 4 * count))
    }

    /// Magic, version, the header's length and the header, padded with spaces to a multiple of 64.
    private func npyHeader() -> [UInt8] {
        let lengths = shape.map(String.init).joined(separator: ", ")
        let tuple = rank == 1 ? "(\(lengths),)" : "(\(lengths))"
        let header = "{'descr': '<f4', 'fortran_order': False, 'shape': \(tuple), }"
        let prefix = 10
        let total = (prefix + header.utf8.count + 1 + 63) / 64 * 64
        precondition(total - prefix <= UInt16.max, "too many axes for a NumPy 1.0 header")
        let length = UInt16(total - prefix)
        let padding = [UInt8](
            repeating: UInt8(ascii: " "), count: total - prefix - header.utf8.count - 1)
        return [0x93] + Array("NUMPY".utf8) + [1, 0]
            + [UInt8(truncatingIfNeeded: length), UInt8(length >> 8)]
            + Array(header.utf8) + padding + [UInt8(ascii: "\n")]
    }
}
