import Foundation
import Tensors
import TestSupport
import Testing

/// The program, killed in the middle of a sweep again and again.
@Suite(.serialized, .enabled(if: Program.probe.isBuilt, "probe is not built beside the tests"))
struct KilledSweepTests {
    /// A model and prompts whose sweep takes about a second, in a folder.
    private struct Sweep {
        let folder: String
        let arguments: [String]

        init(in folder: String) throws {
            self.folder = folder
            let config = """
                {"model_type": "gpt2", "n_layer": 8, "n_embd": 64, "n_head": 4, "n_positions": 96,
                 "vocab_size": 40, "initializer_range": 0.1, "layer_norm_epsilon": 1e-5,
                 "activation_function": "gelu_new"}
                """
            try Repository.write(Array(config.utf8), to: folder + "/config.json")
            let made = try Program.probe.start([
                "init-random", "--config", folder + "/config.json", "--out", folder + "/model",
            ])
            #expect(Program.end(of: made) == .exit(0))
            let clean = (0..<96).map { 7 * $0 % 40 }
            let corrupted = [39] + clean.dropFirst()
            let ids = { (tokens: [Int]) in tokens.map(String.init).joined(separator: ",") }
            arguments = [
                "patch-residual", "--model", folder + "/model", "--clean-ids", ids(clean),
                "--corrupted-ids", ids(corrupted), "--answer-id", "3", "--wrong-id", "4",
                "--metric", "logit-difference", "--memory", "64M", "--quiet",
            ]
        }

        func start(to out: String) throws -> Process {
            try Program.probe.start(arguments + ["--out", "\(folder)/\(out)"])
        }

        /// The size of a run's store; `nil` if there is none.
        func storeSize(_ out: String) -> Int? {
            let store = "\(folder)/\(out)/.patch-resid_pre.partial"
            return try? FileManager.default.attributesOfItem(atPath: store)[.size] as? Int
        }

        /// The results but for what differs from run to run: the command and the time.
        func results(_ out: String) throws -> [[UInt8]] {
            let stem = "\(folder)/\(out)/patch-residual"
            let json = try Repository.bytes(stem + ".json")
            var document = try #require(
                JSONSerialization.jsonObject(with: Data(json)) as? [String: Any])
            document["provenance"] = nil
            let rest = try JSONSerialization.data(
                withJSONObject: document, options: [.sortedKeys])
            return [
                try Repository.bytes(stem + ".csv"), try Repository.bytes(stem + ".npy"),
                Array(rest),
            ]
        }
    }

    @Test(.timeLimit(.minutes(5))) func killsDoNotChangeAByte() throws {
        try Repository.withTemporaryFolder { folder in
            let sweep = try Sweep(in: folder)
            let start = ContinuousClock.now
            #expect(try Program.end(of: sweep.start(to: "whole")) == .exit(0))
            var duration = ContinuousClock.now - start
            let expected = try sweep.results("whole")
            var generator = SeededGenerator(seed: 3, stream: "kills")
            var (kills, inTheMiddle, run) = (0, 0, 0)
            while kills < 22 {
                run += 1
                var size = 0
                while kills < 22 {
                    let process = try sweep.start(to: "run\(run)")
                    let share = 0.05 + 0.5 * generator.uniform()
                    Thread.sleep(forTimeInterval: share * (duration / .seconds(1)))
                    kill(process.processIdentifier, SIGKILL)
                    let end = Program.end(of: process)
                    if end != .signal(SIGKILL) {
                        #expect(end == .exit(0))
                        duration = duration * 0.8
                        break
                    }
                    kills += 1
                    // No store: it was killed before it began or after the results were there.
                    let left = sweep.storeSize("run\(run)") ?? 0
                    // What came before stays; at most a torn tail is gone.
                    #expect(left == 0 || left > size - 16 * 512)
                    inTheMiddle += size > 0 && left > size ? 1 : 0
                    size = left
                }
                #expect(try Program.end(of: sweep.start(to: "run\(run)")) == .exit(0))
                #expect(try sweep.results("run\(run)") == expected, "run \(run)")
                #expect(
                    try Repository.names(in: "\(folder)/run\(run)").filter {
                        $0.hasSuffix(".partial") && !$0.hasPrefix(".probe-")
                    } == [])
            }
            #expect(kills >= 20 && inTheMiddle > 0, "\(run) runs, \(inTheMiddle) with new values")
        }
    }

    /// Starts a run and interrupts it as soon as its store holds values; `false` if it was faster.
    private func isInterrupted(_ sweep: Sweep) throws -> Bool {
        let process = try sweep.start(to: "run")
        var header: Int?
        while process.isRunning {
            let size = sweep.storeSize("run")
            // Empty for a moment, then the header alone, then with values.
            if let size, size > 0 { header = header ?? size }
            if let size, let header, size > header { break }
            usleep(200)
        }
        kill(process.processIdentifier, SIGINT)
        return Program.end(of: process) == .exit(130)
    }

    @Test(.timeLimit(.minutes(5))) func anInterruptLeavesTheStore() throws {
        try Repository.withTemporaryFolder { folder in
            let sweep = try Sweep(in: folder)
            #expect(try Program.end(of: sweep.start(to: "whole")) == .exit(0))
            // On a busy machine it may end before it is interrupted.
            var attempts = 1
            while attempts < 20, try !isInterrupted(sweep) {
                try Repository.remove(folder + "/run")
                attempts += 1
            }
            #expect(try Repository.names(in: folder + "/run") == [".patch-resid_pre.partial"])
            // Another experiment does not touch it.
            let other = try Program.probe.start(
                sweep.arguments + ["--answer-id", "5", "--out", folder + "/run"])
            #expect(Program.end(of: other) == .exit(1))
            #expect(try Program.end(of: sweep.start(to: "run")) == .exit(0))
            #expect(try sweep.results("run") == sweep.results("whole"))
        }
    }

    @Test(arguments: ["", "M", "0", "-1G", "3X", "1.5G", "99999999999T"])
    func sizesThatAreNone(_ size: String) throws {
        let process = try Program.probe.start(["patch-residual", "--memory=\(size)"])
        #expect(Program.end(of: process) == .exit(64))
    }
}
