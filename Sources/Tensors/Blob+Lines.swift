/// A file of text, line by line.
extension Blob {
    /// The lines that hold more than spaces, each with its number from 1.
    ///
    /// Line ends and a byte-order mark are left out; nothing is said of the encoding.
    public func lines() -> [(number: Int, bytes: [UInt8])] {
        withExtendedLifetime(self) {
            let start = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
            let lines = bytes[start...].split(
                separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            return lines.enumerated().compactMap { index, line in
                guard !line.allSatisfy({ " \r\t".utf8.contains($0) }) else { return nil }
                return (index + 1, Array(line.last == UInt8(ascii: "\r") ? line.dropLast() : line))
            }
        }
    }
}
