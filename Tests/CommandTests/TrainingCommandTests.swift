import Foundation
import GroundTruth
import Tensors
import TestSupport
import Testing

/// Training from the command line: killed and resumed, stopped by mistakes, and read back.
@Suite(.serialized, .enabled(if: Program.probe.isBuilt, "probe is not built beside the tests"))
struct TrainingCommandTests {
    private static let config = """
        {"n_layer": 2, "n_head": 2, "n_embd": 16, "n_positions": 24, "vocab_size": 400,
         "max_steps": 60, "per_device_train_batch_size": 8, "gradient_accumulation_steps": 2,
         "learning_rate": 0.01, "warmup_steps": 5, "eval_steps": 7, "save_steps": 4}
        """

    /// A folder with a text and a config.
    private func withTask(_ config: String = config, _ body: (String) throws -> Void) throws {
        let grammar = OrganismGrammar(seed: 2)
        let text = (0..<600).map { grammar.story($0).text + "\n" }.joined()
        try Repository.withTemporaryFolder { folder in
            try Repository.write(Array(text.utf8), to: "\(folder)/text.txt")
            try Repository.write(Array(config.utf8), to: "\(folder)/config.json")
            try body(folder)
        }
    }

    private func arguments(_ folder: String, out: String) -> [String] {
        [
            "train", "--data", "\(folder)/text.txt", "--config", "\(folder)/config.json", "--out",
            "\(folder)/\(out)",
        ]
    }

    @Test(.timeLimit(.minutes(5))) func killsDoNotChangeAByte() throws {
        try withTask { folder in
            let start = ContinuousClock.now
            let whole = try Program.probe.run(arguments(folder, out: "whole"), in: folder)
            #expect(whole.end == .exit(0), "\(whole.errors)")
            #expect(whole.output.contains("after step 60, loss in nats: training "))
            let duration = (ContinuousClock.now - start) / .seconds(1)
            var generator = SeededGenerator(seed: 4, stream: "kills")
            var kills = 0
            while true {
                let process = try Program.probe.start(arguments(folder, out: "cut"))
                Thread.sleep(forTimeInterval: duration * (0.2 + 0.3 * generator.uniform()))
                if kills < 6 { kill(process.processIdentifier, SIGKILL) }
                let end = Program.end(of: process)
                if end == .signal(SIGKILL) { kills += 1 }
                if end == .exit(0) { break }
            }
            #expect(kills > 0)
            let files = [
                "model.safetensors", "checkpoint.safetensors", "config.json", "tokenizer.json",
                "vocab.json", "merges.txt", "loss.csv", "loss.npy", "steps.csv",
            ]
            for file in files {
                #expect(
                    try Repository.bytes("\(folder)/whole/\(file)")
                        == Repository.bytes("\(folder)/cut/\(file)"), "\(file)")
            }
            #expect(Repository.exists("\(folder)/cut/loss.png"))
            let prompt = try Program.probe.run(
                ["prompt", "The nurse said that", "--model", "\(folder)/cut"], in: folder)
            #expect(prompt.end == .exit(0), "\(prompt.errors)")
            // Once more, nothing is left to do; with another config it is refused.
            let again = try Program.probe.run(arguments(folder, out: "cut"), in: folder)
            #expect(
                again.end == .exit(0)
                    && again.output.contains("after step 60, loss in nats: training "))
            let changed = Self.config.replacingOccurrences(of: "0.01", with: "0.02")
            try Repository.write(Array(changed.utf8), to: "\(folder)/config.json")
            let other = try Program.probe.run(arguments(folder, out: "cut"), in: folder)
            #expect(other.end == .exit(1))
            #expect(other.errors.contains("learning_rate is 0.01 there and 0.02 here"))
        }
    }

    /// The loss falls well below that of guessing words by their frequency.
    @Test func theModelLearns() throws {
        try withTask { folder in
            let outcome = try Program.probe.run(
                arguments(folder, out: "out") + ["--json"], in: folder)
            #expect(outcome.end == .exit(0), "\(outcome.errors)")
            let table = String(
                decoding: try Repository.bytes("\(folder)/out/loss.csv"), as: UTF8.self)
            let rows = table.split(separator: "\n").map { $0.split(separator: ",") }
            #expect(rows[0] == ["text", "step", "value"])
            let losses = rows.filter { $0[0] == "validation" }.compactMap { Double($0[2]) }
            #expect(losses.count == 9 && losses[8] < 4.6 && losses[8] < losses[0] - 1, "\(losses)")
        }
    }

    @Test func aLossThatIsNotFiniteStopsIt() throws {
        let wild = Self.config.replacingOccurrences(of: "0.01", with: "1e37")
        try withTask(wild) { folder in
            let outcome = try Program.probe.run(arguments(folder, out: "out"), in: folder)
            #expect(outcome.end == .exit(1))
            #expect(outcome.errors.contains("training stopped at step "), "\(outcome.errors)")
            #expect(outcome.errors.contains("lower learning_rate"))
        }
    }

    @Test func aVocabularyIsLearntAndTaken() throws {
        try withTask { folder in
            let learnt = try Program.probe.run(
                ["train-tokenizer", "--data", "text.txt", "--vocab-size", "500", "--out", "words"],
                in: folder)
            #expect(learnt.end == .exit(0) && learnt.output.contains("500 entries"))
            #expect(
                try Repository.names(in: folder + "/words")
                    == ["merges.txt", "tokenizer.json", "vocab.json"])
            let trained = try Program.probe.run(
                arguments(folder, out: "out") + ["--tokenizer", "\(folder)/words"], in: folder)
            #expect(trained.end == .exit(0), "\(trained.errors)")
            for file in ["tokenizer.json", "merges.txt"] {
                #expect(
                    try Repository.bytes("\(folder)/out/\(file)")
                        == Repository.bytes("\(folder)/words/\(file)"))
            }
        }
    }

    /// Arguments, the exit code, and words of the message.
    static let mistakes: [(arguments: String, code: Int32, words: String)] = [
        ("train", 64, "--data"), ("train --data nowhere", 1, "cannot read nowhere"),
        ("train --data config.json --out .", 1, "config.json exists; choose another --out"),
        ("train --data text.txt --steps 3", 64, "--steps"),
        ("patch --steps 3", 64, "it goes with --screen"),
        ("patch --screen 3 --pairs text.txt", 64, "mix estimates with"),
        ("attribute-patch --site z --every", 64, "not both"),
        ("train --data text.txt --config text.txt", 1, "text.txt: it is not valid JSON"),
        ("train --data text.txt --tokenizer nowhere", 1, "has no tokenizer files; leave"),
        ("train-tokenizer --data text.txt --vocab-size 256", 64, "give 257 to"),
        ("train-tokenizer --data text.txt --min-frequency 0", 64, "give 1 or more"),
        ("train-tokenizer --data .", 1, "cannot read ."),
    ]

    @Test(arguments: mistakes.indices) func mistakesAreExplained(_ index: Int) throws {
        let (text, code, words) = Self.mistakes[index]
        try withTask { folder in
            let outcome = try Program.probe.run(
                text.split(separator: " ").map(String.init), in: folder)
            #expect(outcome.end == .exit(code), "\(text): \(outcome.errors)")
            #expect(outcome.errors.contains(words), "\(text): \(outcome.errors)")
            #expect(try Repository.names(in: folder) == ["config.json", "text.txt"])
        }
    }
}
