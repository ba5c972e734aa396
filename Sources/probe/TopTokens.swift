import ArgumentParser
import Models

/// How many tokens tables list, and how they write them.
enum TopTokens {
    /// How tokens are written.
    static let convention = "without their leading space; # before those that have none"

    static func validate(_ count: Int) throws {
        if count < 1 { throw ValidationError("--top is \(count); give at least 1") }
    }

    /// Refuses more tokens than the vocabulary has.
    static func check(_ count: Int, in model: Transformer) throws {
        if count > model.config.dVocab { throw TooMany(count: count, model: model) }
    }

    private struct TooMany: Error, CustomStringConvertible {
        let count: Int
        let model: Transformer

        var description: String {
            "--top is \(count), but \(model.name) has \(model.config.dVocab) tokens; give 1 to "
                + "\(model.config.dVocab)"
        }
    }
}
