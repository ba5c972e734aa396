/// The pairs of a merges file as it spells them, in order, with their places for error messages.
struct MergeList {
    /// The file's name.
    let source: String
    private var bytes: [UInt8] = []
    /// Of each pair: where its left part starts in `bytes`, where the right one starts and ends.
    private var bounds: [(left: Int, right: Int, end: Int)] = []
    /// The line of each pair, when the file is a text of lines.
    private var lines: [Int] = []

    /// The number of pairs.
    var count: Int { bounds.count }

    /// The two parts of a pair and what they become together, as UTF-8.
    subscript(
        index: Int
    ) -> (left: ArraySlice<UInt8>, right: ArraySlice<UInt8>, joined: ArraySlice<UInt8>) {
        let (left, right, end) = bounds[index]
        return (bytes[left..<right], bytes[right..<end], bytes[left..<end])
    }

    /// Where a pair is in its file.
    func place(of index: Int) -> String {
        lines.isEmpty ? "model.merges[\(index)]" : "line \(lines[index])"
    }

    /// Reads `merges.txt`: one pair on each line, its parts separated by a space.
    ///
    /// Lines that start with `#version` and empty lines are no pairs.
    init(text: [UInt8], source: String) throws {
        self.source = source
        bytes.reserveCapacity(text.count)
        let newline = UInt8(ascii: "\n")
        let rows = text.split(separator: newline, omittingEmptySubsequences: false)
        for (number, row) in rows.enumerated() {
            let row = row.last == UInt8(ascii: "\r") ? row.dropLast() : row
            if row.isEmpty || row.starts(with: "#version".utf8) { continue }
            lines.append(number + 1)
            try append(row)
        }
    }

    /// Reads the merges of a `tokenizer.json`, in either of its spellings.
    init(_ merges: TokenizerFile.Merges, source: String) throws {
        self.source = source
        switch merges {
        case .joined(let rows):
            for row in rows { try append(Array(row.utf8)[...]) }
        case .pairs(let pairs):
            for pair in pairs {
                guard pair.count == 2 else { throw malformed("has \(pair.count) parts, not two") }
                append(Array(pair[0].utf8)[...], Array(pair[1].utf8)[...])
            }
        }
    }

    /// Appends a pair written as its two parts with one space between.
    private mutating func append(_ row: ArraySlice<UInt8>) throws {
        let space = UInt8(ascii: " ")
        guard let middle = row.firstIndex(of: space) else {
            throw malformed("should be two parts with a space between, but has no space")
        }
        let (left, right) = (row[..<middle], row[(middle + 1)...])
        guard !left.isEmpty, !right.isEmpty, !right.contains(space) else {
            throw malformed("should be two parts with one space between")
        }
        append(left, right)
    }

    private mutating func append(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) {
        let start = bytes.count
        bytes.append(contentsOf: left)
        let middle = bytes.count
        bytes.append(contentsOf: right)
        bounds.append((start, middle, bytes.count))
    }

    /// The error for the pair that would be next.
    private func malformed(_ reason: String) -> TokenizerError {
        .malformed(source: source, place: place(of: count), reason: "a merge " + reason)
    }
}
