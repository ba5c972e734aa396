extension SafetensorsFile {
    /// A tensor of whole numbers or of true and false, in row-major order.
    ///
    /// - Throws: ``SafetensorsError`` for floats, and for numbers that a signed 32-bit one cannot
    ///   hold.
    public func integers(_ name: String) throws(SafetensorsError) -> [Int32] {
        let (type, bytes) = try bytes(of: name)
        let count = bytes.count / type.size
        switch type {
        case .int32:
            return (0..<count).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self) }
        case .uint8, .bool: return bytes.map { Int32($0) }
        case .int64:
            var values: [Int32] = []
            values.reserveCapacity(count)
            for index in 0..<count {
                let wide = bytes.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self)
                guard let value = Int32(exactly: wide) else {
                    throw .invalid(
                        path: path, "tensor \(shown(name)) holds \(wide), which is too large")
                }
                values.append(value)
            }
            return values
        default:
            throw .invalid(
                path: path,
                "tensor \(shown(name)) is \(type.rawValue); I32, I64, U8 and BOOL can be read here")
        }
    }

    /// Writes tensors of whole numbers beside `path`; the caller commits the file.
    ///
    /// - Parameter isBytes: Whether each is stored in one byte (U8) instead of four (I32).
    public static func stage(
        _ path: String, integers tensors: [(name: String, shape: [Int], values: [Int32])],
        isBytes: Bool
    ) throws -> AtomicFile {
        let file = try AtomicFile(path)
        let type: ElementType = isBytes ? .uint8 : .int32
        try file.write(try header(tensors.map { ($0.name, $0.shape) }, type, [:]))
        for (name, shape, values) in tensors {
            precondition(shape.reduce(1, *) == values.count, "\(name): \(values.count) values")
            if isBytes {
                try file.write(values.map { UInt8(truncatingIfNeeded: $0) })
            } else {
                try values.withUnsafeBytes { try file.write($0) }
            }
        }
        return file
    }
}
