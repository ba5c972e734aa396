/// Reading scalars from the UTF-8 bytes of a `String`, which are known to be valid.
extension [UInt8] {
    /// The scalar that starts at an index, and its length in bytes.
    func scalar(at index: Int) -> (scalar: Unicode.Scalar, length: Int) {
        let first = UInt32(self[index])
        let length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
        // The lead byte of n bytes carries 7 − n bits of the value, and each byte after it 6.
        var value = length == 1 ? first : first & (0x7f >> UInt32(length))
        for byte in self[index + 1..<index + length] { value = value << 6 | UInt32(byte & 0x3f) }
        return (Unicode.Scalar(value) ?? "\u{FFFD}", length)
    }

    /// The scalar that ends before an index above 0, and its length in bytes.
    func scalar(before index: Int) -> (scalar: Unicode.Scalar, length: Int) {
        var start = index - 1
        while start > 0, self[start] & 0xc0 == 0x80 { start -= 1 }
        return scalar(at: start)
    }
}
