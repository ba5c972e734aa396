import Results
public import Tensors

/// A clean and a corrupted prompt with the answers that tell them apart.
public struct PromptPair: Hashable, Sendable {
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
        let table = try TextTable(file)
        try table.require(["clean", "corrupted", "answer", "wrong"])
        guard !table.rows.isEmpty else {
            throw CSVError(source: file.name, line: 1, reason: "it has no prompt pairs")
        }
        return try table.rows.map { row in
            PromptPair(
                clean: try table.required("clean", of: row),
                corrupted: try table.required("corrupted", of: row),
                answer: try table.required("answer", of: row),
                wrong: try table.required("wrong", of: row))
        }
    }
}
