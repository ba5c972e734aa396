import Foundation
import TestSupport
import Tokenization

/// The files the tests read, found from this file's own place.
enum GoldenFiles {
    private static let gpt2Folder = Repository.shared + "/data/tokenizers/gpt2"

    /// Whether GPT-2's files are here; they are not part of the repository.
    static let hasGPT2 = Repository.exists(gpt2Folder + "/merges.txt")

    static func golden() throws -> Golden {
        try JSONDecoder().decode(Golden.self, from: Data(goldenJSON()))
    }

    static func goldenJSON() throws -> [UInt8] {
        try Repository.bytes(Repository.golden("tokenization/golden.json"))
    }

    static func organismJSON() throws -> [UInt8] {
        try Repository.bytes(Repository.root + "/Sources/COrganism/tokenizer.json")
    }

    static func organism() throws -> Tokenizer {
        try Tokenizer(tokenizerJSON: organismJSON(), source: "tokenizer.json")
    }

    static func gpt2() throws -> Tokenizer {
        try Tokenizer(
            vocabularyJSON: Repository.bytes(gpt2Folder + "/vocab.json"),
            merges: Repository.bytes(gpt2Folder + "/merges.txt"),
            sources: ("vocab.json", "merges.txt"))
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

    let organismSize: Int
    let cases: [Case]
    let lossy: [String: [Lossy]]
    let variants: [Variant]

    private enum CodingKeys: String, CodingKey {
        case organismSize = "organism_size"
        case cases, lossy, variants
    }
}
