/// GPT-2's spelling of the 256 bytes as printable characters, used by its vocabulary files.
///
/// The bytes that Latin-1 prints as themselves keep their character; the other 68, in order, take
/// the characters from U+0100 on. A space is `Ġ`, a newline `Ċ`. `bytes_to_unicode` in
/// https://github.com/openai/gpt-2/blob/master/src/encoder.py.
enum ByteAlphabet {
    /// The character of each byte.
    static let scalars: [Unicode.Scalar] = {
        var spare = 0x100 as UInt16
        return (0...255 as ClosedRange<UInt8>).map { byte in
            if isPrinted(byte) { return Unicode.Scalar(byte) }
            defer { spare += 1 }
            return Unicode.Scalar(spare) ?? Unicode.Scalar(byte)
        }
    }()

    /// The byte of each character from U+0000 to the last one used; −1 for characters not used.
    private static let bytes: [Int16] = {
        var bytes = [Int16](repeating: -1, count: 0x144)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = Int16(byte) }
        return bytes
    }()

    private static func isPrinted(_ byte: UInt8) -> Bool {
        (0x21...0x7e).contains(byte) || (0xa1...0xac).contains(byte) || byte >= 0xae
    }

    /// The UTF-8 bytes of the spelling of some bytes.
    static func spelling(of bytes: ArraySlice<UInt8>) -> [UInt8] {
        var spelled = String.UnicodeScalarView()
        spelled.append(contentsOf: bytes.lazy.map { scalars[Int($0)] })
        return Array(String(spelled).utf8)
    }

    /// Appends the bytes that an entry of the vocabulary spells.
    ///
    /// An entry with any character outside the alphabet stands for its own text, as in the
    /// `tokenizers` library; added tokens may be of that kind.
    static func append(bytesOf entry: String, to output: inout [UInt8]) {
        let start = output.count
        for scalar in entry.unicodeScalars {
            let byte = scalar.value < bytes.count ? bytes[Int(scalar.value)] : -1
            guard let byte = UInt8(exactly: byte) else {
                output.removeSubrange(start...)
                output.append(contentsOf: entry.utf8)
                return
            }
            output.append(byte)
        }
    }
}
