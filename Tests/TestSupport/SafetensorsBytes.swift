/// The bytes of a safetensors file with any header, right or wrong.
///
/// - Parameters:
///   - header: The JSON text.
///   - data: What follows it.
///   - length: What the first eight bytes say; the header's length if `nil`.
public func safetensors(
    header: String, data: [UInt8] = [], length: UInt64? = nil
) -> [UInt8] {
    let json = Array(header.utf8)
    let length = length ?? UInt64(json.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + json + data
}

/// 16-bit numbers as a file stores them.
public func littleEndian(_ numbers: some Sequence<UInt16>) -> [UInt8] {
    numbers.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
}
