public import Tensors

/// The documents of a file: the lines of a text, or the `text` of each of JSON lines, whose file's
/// name ends in `.jsonl`.
public struct TextDocuments: Sendable {
    /// The documents, in order; lines without text are left out.
    public let documents: [String]

    /// Reads a file.
    ///
    /// - Throws: ``TrainingError/badText(path:line:reason:)`` with the line of what is wrong.
    public init(_ file: Blob) throws(TrainingError) {
        defer { withExtendedLifetime(file) {} }
        let isJSON = file.name.hasSuffix(".jsonl")
        // A byte-order mark is no text.
        let start = file.bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        var documents: [String] = []
        let lines = file.bytes[start...].split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated()
        where !line.allSatisfy({ " \r\t".utf8.contains($0) }) {
            let place = (path: file.name, line: index + 1)
            if isJSON {
                do {
                    documents.append(try decodeJSON(Line.self, from: line).text)
                } catch {
                    throw .badText(
                        path: place.path, line: place.line, reason: error.description)
                }
            } else {
                let bytes = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
                guard let text = String(validating: bytes, as: UTF8.self) else {
                    throw .badText(path: place.path, line: place.line, reason: "it is not UTF-8")
                }
                documents.append(text)
            }
        }
        guard !documents.isEmpty else {
            throw .badText(path: file.name, line: 1, reason: "there is no text")
        }
        self.documents = documents
    }

    private struct Line: Decodable {
        let text: String
    }

    /// Keeps some documents for validation.
    ///
    /// - Parameter share: The share that is kept; at least one document is left to train on.
    public static func split<Document>(
        _ documents: [Document], validationShare share: Double, seed: UInt64
    ) -> (training: [Document], validation: [Document]) {
        var (training, validation): ([Document], [Document]) = ([], [])
        var generator = SeededGenerator(seed: seed, stream: "validation")
        for document in documents {
            if generator.uniform() < share {
                validation.append(document)
            } else {
                training.append(document)
            }
        }
        return training.isEmpty ? (validation, []) : (training, validation)
    }
}
