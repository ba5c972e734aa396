import Results
public import Tensors

/// A clean and a corrupted prompt with the answers that tell them apart.
public struct PromptPair: Hashable, Sendable, Codable {
    /// The prompt whose activations are put in.
    public let clean: String
    /// The prompt that is run and patched.
    public let corrupted: String
    /// The right answer to the clean prompt.
    public let answer: String
    /// The wrong answer.
    public let wrong: String

    /// Reads pairs from a file: CSV with a header that names the four columns, or JSON lines.
    ///
    /// A file whose first character is `{` is JSON lines.
    ///
    /// - Throws: ``CSVError`` with the line of what is wrong.
    public static func read(_ file: Blob) throws -> [PromptPair] {
        defer { withExtendedLifetime(file) {} }
        let isJSON = file.bytes.first { !" \n\r\t".utf8.contains($0) } == UInt8(ascii: "{")
        let pairs = try isJSON ? jsonLines(file) : csv(file)
        guard !pairs.isEmpty else {
            throw CSVError(source: file.name, line: 1, reason: "it has no prompt pairs")
        }
        return pairs
    }

    private static func jsonLines(_ file: Blob) throws(CSVError) -> [PromptPair] {
        var pairs: [PromptPair] = []
        let lines = file.bytes.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated()
        where !line.allSatisfy({ " \r\t".utf8.contains($0) }) {
            do {
                pairs.append(try decodeJSON(PromptPair.self, from: line))
            } catch {
                throw CSVError(source: file.name, line: index + 1, reason: error.description)
            }
        }
        return pairs
    }

    private static func csv(_ file: Blob) throws(CSVError) -> [PromptPair] {
        let table = try CSVTable(file.bytes, source: file.name)
        var columns: [Int] = []
        for name in ["clean", "corrupted", "answer", "wrong"] {
            guard let column = table.header.firstIndex(of: name) else {
                throw CSVError(
                    source: file.name, line: 1,
                    reason: "there is no column \(name); needed are clean, corrupted, answer, wrong"
                )
            }
            columns.append(column)
        }
        return table.rows.map { row in
            PromptPair(
                clean: row.fields[columns[0]], corrupted: row.fields[columns[1]],
                answer: row.fields[columns[2]], wrong: row.fields[columns[3]])
        }
    }
}
