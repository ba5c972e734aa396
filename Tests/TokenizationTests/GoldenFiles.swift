import Foundation
import Tokenization

/// The files the tests read, found from this file's own place.
enum GoldenFiles {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    private static let repository = folder.deletingLastPathComponent().deletingLastPathComponent()

    /// The folder of large data: `PROBE_SHARED`, or `shared` beside the repository.
    private static let shared =
        ProcessInfo.processInfo.environment["PROBE_SHARED"].map { URL(fileURLWithPath: $0) }
        ?? repository.deletingLastPathComponent().appendingPathComponent("shared")

    private static let gpt2Folder = shared.appendingPathComponent("data/tokenizers/gpt2")

    /// Whether GPT-2's files are here; they are not part of the repository.
    static let hasGPT2 = FileManager.default.fileExists(
        atPath: gpt2Folder.appendingPathComponent("merges.txt").path)

    static func golden() throws -> Golden {
        try JSONDecoder().decode(Golden.self, from: Data(goldenJSON()))
    }

    static func goldenJSON() throws -> [UInt8] {
        try bytes(folder.appendingPathComponent("Golden/golden.json"))
    }

    static func organismJSON() throws -> [UInt8] {
        try bytes(repository.appendingPathComponent("Sources/COrganism/tokenizer.json"))
    }

    static func organism() throws -> Tokenizer {
        try Tokenizer(tokenizerJSON: organismJSON(), source: "tokenizer.json")
    }

    static func gpt2() throws -> Tokenizer {
        try Tokenizer(
            vocabularyJSON: bytes(gpt2Folder.appendingPathComponent("vocab.json")),
            merges: bytes(gpt2Folder.appendingPathComponent("merges.txt")),
            sources: ("vocab.json", "merges.txt"))
    }

    private static func bytes(_ file: URL) throws -> [UInt8] {
        Array(try Data(contentsOf: file))
    }
}

/// `golden.json`, made by `make_golden.py` beside it.
struct Golden: Decodable {
    struct Case: Decodable {
        let text: String
        let gpt2: [Int]
        let organism: [Int]
    }

    struct Lossy: Decodable {
        let ids: [Int]
        let text: String
    }

    struct Variant: Decodable {
        struct Case: Decodable {
            let text: String
            let ids: [Int]
            let decoded: String
            let skipping: String
        }
        let name: String
        let cases: [Case]
    }

    let cases: [Case]
    let lossy: [String: [Lossy]]
    let variants: [Variant]
}
