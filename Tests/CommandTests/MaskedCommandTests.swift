import Foundation
import Models
import TestSupport
import Testing

/// Commands on a masked-language model: what they do there, and what they refuse.
@Suite(.enabled(if: Program.probe.isBuilt, "probe is not built beside the tests"))
struct MaskedCommandTests {
    /// Gives a folder with a small random BERT that reads English, as `bert`, to `body`.
    private func withBERT(_ body: (String) throws -> Void) throws {
        try Repository.withTemporaryFolder { folder in
            let golden = Repository.golden("encoder/bert")
            var config = try Transformer.load(golden).config
            (config.dVocab, config.nCtx) = (900, 24)
            try Transformer(randomly: config, seed: 1).save(to: "\(folder)/bert")
            try Repository.write(
                Repository.bytes(Repository.golden("wordpiece/uncased.json")),
                to: "\(folder)/bert/tokenizer.json")
            try body(folder)
        }
    }

    private func run(_ arguments: [String], in folder: String) throws -> Program.Outcome {
        try Program.probe.run(
            [arguments[0], "--model", "bert"] + arguments.dropFirst(), in: folder)
    }

    @Test func promptsAreReadAtTheMask() throws {
        try withBERT { folder in
            let text = "The doctor said that [MASK] was tired."
            let outcome = try run(["prompt", text, "--top", "3"], in: folder)
            #expect(outcome.end == .exit(0), "\(outcome.errors)")
            #expect(outcome.output.contains("['[CLS]', 'the', 'doctor'"))
            #expect(outcome.output.contains("Performance on answer token:"))
            let chosen = try run(["prompt", text, "--top", "3", "--position", "5"], in: folder)
            #expect(chosen.output == outcome.output)
            let elsewhere = try run(["prompt", text, "--top", "3", "--position", "-1"], in: folder)
            #expect(elsewhere.output != outcome.output)
            let tokens = try run(["tokens", text], in: folder)
            #expect(tokens.output.contains("\"[CLS]\"") && tokens.output.contains("\"[MASK]\""))
        }
    }

    @Test(arguments: [
        "patch-residual", "patch-residual --site resid_post", "patch-heads", "patch-mlp",
        "patch --site normalized_resid_post --by layer,pos",
        "attribute-patch --site z", "neuron-effects --layer 0 --screen 3", "ablate --part neurons",
        "ablate --baseline resample", "logit-lens", "attention", "detect-heads --length 5",
        "cache --names all", "prompt",
    ])
    func commandsThatWork(_ command: String) throws {
        try withBERT { folder in
            let outcome = try run(command.split(separator: " ").map(String.init), in: folder)
            #expect(outcome.end == .exit(0), "\(command): \(outcome.errors)")
        }
    }

    /// The default position is that of the mask.
    @Test func metricsAreReadAtTheMask() throws {
        try withBERT { folder in
            let results = try [[], ["--position", "6"], ["--position", "-1"]].map { place in
                let outcome = try run(["patch-heads"] + place + ["--out", "out"], in: folder)
                #expect(outcome.end == .exit(0), "\(outcome.errors)")
                return try Repository.bytes("\(folder)/out/patch-heads.csv")
            }
            #expect(results[0] == results[1] && results[0] != results[2])
        }
    }

    @Test(arguments: [
        ("generate", "both directions"), ("svd-ov L0H0", "normalises the stream"),
        ("svd-mlp L0", "normalises the stream"), ("svd-neuron L0N1", "normalises the stream"),
        ("composition", "normalises the stream"), ("attribute", "normalises the stream"),
        (
            "attribute-edges --clean-ids 1,2,4 --corrupted-ids 1,3,4 --answer-id 5 --wrong-id 6 "
                + "--position 1", "normalises the stream"
        ),
        ("audit", "normalises the stream"), ("logit-lens --mid", "normalises the stream"),
        ("prompt word", "no mask"), ("prompt [MASK][MASK]", "2 masks"),
        ("prompt [MASK] --answer walked-working", "tokens, but only one stands at position 1"),
        ("prompt --process fold_ln", "fold_ln would change what bert predicts"),
        ("ablate she", "no mask"),
    ])
    func commandsThatAreRefused(_ command: String, _ says: String) throws {
        try withBERT { folder in
            let outcome = try run(command.split(separator: " ").map(String.init), in: folder)
            #expect(outcome.end == .exit(1), "\(command): \(outcome.output)")
            #expect(outcome.errors.contains(says), "\(command): \(outcome.errors)")
            #expect(!Repository.exists("\(folder)/probe-out"))
        }
    }
}
