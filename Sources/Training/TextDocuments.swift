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
        let isJSON = file.name.hasSuffix(".jsonl")
        var documents: [String] = []
        for (number, line) in file.lines() {
            if isJSON {
                do {
                    documents.append(try decodeJSON(Line.self, from: line).text)
                } catch {
                    throw .badText(path: file.name, line: number, reason: error.description)
                }
            } else {
                guard let text = String(validating: line, as: UTF8.self) else {
                    throw .badText(path: file.name, line: number, reason: "it is not UTF-8")
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
