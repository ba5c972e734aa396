import Models
import Tensors
import TestSupport
import Testing
import Tokenization

/// Seeded corruptions of a valid checkpoint: it loads and runs, or throws; it never traps or hangs.
@Suite struct DamagedCheckpointTests {
    /// A checkpoint in memory.
    private struct Files: ModelFiles {
        let name = "damaged"
        var contents: [String: Blob]

        func file(_ name: String) throws(FileError) -> Blob? { contents[name] }
    }

    private let names = ["config.json", "model.safetensors", "tokenizer.json"]

    /// A small model with the organism's vocabulary, as files.
    private func valid() throws -> [String: [UInt8]] {
        var config = Transformer.small().config
        let organism = try Transformer.embedded()
        (config.dVocab, config.endOfText) = (organism.config.dVocab, organism.config.endOfText)
        let model = Transformer(
            config: config, weights: Transformer(randomly: config, seed: 1).weights,
            source: organism.source)
        return try CheckpointFolder.with(model) { folder in
            #expect(try folder.load().tokens("The woman").count == 3)
            return try Dictionary(
                uniqueKeysWithValues: names.map { ($0, try Repository.bytes(folder.file($0))) })
        }
    }

    /// The weights' header most often: it decides what memory is read.
    private static let targets = [
        "model.safetensors", "model.safetensors", "config.json", "config.json", "tokenizer.json",
    ]

    @Test(.timeLimit(.minutes(1)), arguments: 0..<4 as Range<UInt64>)
    func damagedCheckpointsAreHarmless(_ seed: UInt64) throws {
        let valid = try valid()
        var generator = SeededGenerator(seed: seed, stream: "checkpoint")
        var outcomes = (loaded: 0, refused: 0)
        try Repository.withTemporaryFolder { folder in
            for round in 0..<600 {
                let target = Self.targets[round % Self.targets.count]
                var files = Files(contents: [:])
                for (name, bytes) in valid {
                    let path = "\(folder)/\(round)-\(name)"
                    let isTarget = name == target
                    let bytes =
                        isTarget ? Self.damaged(bytes, within: 8000, &generator) : bytes
                    if isTarget || round == 0 || files.contents[name] == nil {
                        try Repository.write(bytes, to: path)
                        files.contents[name] = try Blob(mapping: path)
                        try Repository.remove(path)
                    }
                }
                if try loads(files) { outcomes.loaded += 1 } else { outcomes.refused += 1 }
            }
        }
        // Both ends are met, so the damage is neither harmless nor always fatal at once.
        #expect(outcomes.loaded > 20 && outcomes.refused > 200, "\(outcomes)")
    }

    /// Whether the files load; then the model must run.
    private func loads(_ files: Files) throws -> Bool {
        let model: Transformer
        do {
            model = try Transformer.load(from: files, name: "damaged")
        } catch {
            #expect(
                error is CheckpointError || error is SafetensorsError || error is TokenizerError,
                "\(type(of: error)): \(error)")
            #expect("\(error)".utf8.count < 2000)
            return false
        }
        do {
            let tokens = try model.tokens("The woman was\u{0} wörking 😀")
            _ = try model.run([tokens], caching: .all)
            _ = try model.generate(from: tokens, count: 2)
        } catch {
            // Tokens that the model does not have, or too many of them.
            #expect(error is RunError, "\(error)")
        }
        return true
    }

    /// One to three changes near the start.
    private static func damaged(
        _ valid: [UInt8], within reach: Int, _ generator: inout SeededGenerator
    ) -> [UInt8] {
        var bytes = valid
        for _ in 0..<Int.random(in: 1...3, using: &generator) where !bytes.isEmpty {
            damage(
                &bytes, at: Int.random(in: 0..<min(bytes.count, reach), using: &generator),
                &generator)
        }
        return bytes
    }

    private static func damage(
        _ bytes: inout [UInt8], at place: Int, _ generator: inout SeededGenerator
    ) {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 2: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        case 3: bytes.removeSubrange(place..<min(place + 20, bytes.count))
        case 4: bytes.insert(contentsOf: bytes[place..<min(place + 30, bytes.count)], at: place)
        case 5: bytes.removeSubrange((Bool.random(using: &generator) ? place : bytes.count - 1)...)
        default: replaceNumber(in: &bytes, from: place, &generator)
        }
    }

    private static func replaceNumber(
        in bytes: inout [UInt8], from place: Int, _ generator: inout SeededGenerator
    ) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let start = bytes[place...].firstIndex(where: digits.contains) else { return }
        let end = bytes[start...].firstIndex { !digits.contains($0) } ?? bytes.count
        let numbers = [
            "-1", "0", "1", "2", "3", "4", "12", "31", "10000", "16777216", "1099511627776", "1e9",
            "9223372036854775807", "9223372036854775808", "0.5", "-0", "1e-400", "null", "[]",
        ]
        let number = numbers.randomElement(using: &generator) ?? ""
        bytes.replaceSubrange(start..<end, with: number.utf8)
    }
}
