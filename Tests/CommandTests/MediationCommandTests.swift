import Foundation
import Tensors
import TestSupport
import Testing

/// The commands of mediation studies on a few words of the embedded model.
@Suite(.enabled(if: Program.probe.isBuilt)) struct MediationCommandTests {
    private static let study = """
        {"templates": ["The {} said that", "The {} was working because"],
         "words": [["nurse", 0, -0.8], ["engineer", 0, 0.8], ["writer", 0, 0],
                   ["impossiblewordxq", 0, 0.1]],
         "items": [{"context": "The {} said that", "fillers": ["nurse", "engineer"],
                    "candidates": ["she", "he"], "score": 3},
                   {"context": "The {} was working because", "fillers": ["nurse", "engineer"],
                    "candidates": ["she was tired", "he was late"], "score": 3}]}
        """

    private func withStudy(_ body: (String) throws -> Void) throws {
        try Repository.withTemporaryFolder { folder in
            try Repository.write(Array(Self.study.utf8), to: "\(folder)/study.json")
            try body(folder)
        }
    }

    /// Runs a command to its end; expects success.
    @discardableResult
    private func run(_ arguments: [String], in folder: String) throws -> Program.Outcome {
        let outcome = try Program.probe.run(arguments, in: folder)
        #expect(outcome.end == .exit(0), "\(arguments): \(outcome.errors)")
        return outcome
    }

    /// The numbers of two output folders are the same to the byte.
    private func expectSame(_ one: String, _ other: String) throws {
        let names = try Repository.names(in: one).filter {
            $0.hasSuffix(".csv") || $0.hasSuffix(".npy") || $0.hasSuffix(".tex")
                || $0.hasPrefix("attention_")
        }
        #expect(names.count > 3)
        for name in names {
            #expect(
                try Repository.bytes("\(one)/\(name)") == Repository.bytes("\(other)/\(name)"),
                "\(name)")
        }
    }

    @Test(
        .timeLimit(.minutes(5)),
        arguments: [
            ["mediate-neurons", "--type", "man_indirect,woman_indirect"],
            ["mediate-heads", "--no-filter"],
        ])
    func partsMakeTheWhole(_ command: [String]) throws {
        try withStudy { folder in
            let command = command + ["--data", "study.json"]
            let whole = try run(command + ["--out", "whole"], in: folder)
            if command[0] == "mediate-neurons" {
                #expect(whole.output.contains("1 words left out: impossiblewordxq"))
            }
            for part in ["3/3", "1/3"] {
                try run(command + ["--out", "parts", "--shard", part], in: folder)
            }
            let parts = (1...3).map { "parts/\(command[0])-shard-\($0)-of-3.part" }
            // A part is missing.
            let early = try Program.probe.run(
                ["merge", parts[0], parts[2], "--out", "merged"], in: folder)
            #expect(early.end == .exit(1) && early.errors.contains("name all parts"))
            try run(
                command + [
                    "--out=parts", "--shard=2/3", "--threads", "1", "--quiet", "--title", "Part",
                    "--dpi=100",
                ], in: folder)
            try run(["merge"] + parts + ["--out", "merged"], in: folder)
            try expectSame("\(folder)/whole", "\(folder)/merged")
            let other = try Program.probe.run(["merge", "study.json"], in: folder)
            #expect(other.end == .exit(1))
        }
    }

    /// A killed study goes on where it was, and ends in the same bytes.
    @Test(.timeLimit(.minutes(5))) func killsDoNotChangeAByte() throws {
        try withStudy { folder in
            let command = ["mediate-neurons", "--data", "\(folder)/study.json"]
            let start = ContinuousClock.now
            try run(command + ["--out", "\(folder)/whole"], in: folder)
            let duration = (ContinuousClock.now - start) / .seconds(1)
            for share in [0.5, 0.7] {
                let process = try Program.probe.start(command + ["--out", "\(folder)/cut"])
                Thread.sleep(forTimeInterval: duration * share)
                kill(process.processIdentifier, SIGKILL)
                _ = Program.end(of: process)
            }
            try run(command + ["--out", "\(folder)/cut"], in: folder)
            try expectSame("\(folder)/whole", "\(folder)/cut")
            #expect(
                try Repository.names(in: "\(folder)/cut").allSatisfy {
                    !$0.hasSuffix(".partial")
                })
        }
    }

    /// The report gives the same numbers for our grid and for the published form of it.
    @Test(.timeLimit(.minutes(5))) func reports() throws {
        try withStudy { folder in
            try run(
                ["mediate-neurons", "--data", "study.json", "--compat", "upstream", "--out", "n"],
                in: folder)
            let ours = try run(
                ["mediation-report", "n/mediate-neurons-prompts.json", "--out", "r"], in: folder)
            let tables = try Repository.names(in: "\(folder)/n/results")
            #expect(tables.count == 8)
            let theirs = try run(
                ["mediation-report"] + tables.map { "n/results/\($0)" }
                    + ["--data", "study.json", "--out", "c"], in: folder)
            let numbers = { (outcome: Program.Outcome) in
                outcome.output.split(separator: "\n").filter { $0.contains("mean") }
                    .flatMap { $0.split { " [],".contains($0) }.compactMap { Double($0) } }
            }
            // Nine rows of six numbers; the grid's are of 32 bits.
            #expect(numbers(ours).count == 54 && numbers(theirs).count == 54)
            for (one, other) in zip(numbers(ours), numbers(theirs)) {
                #expect(abs(one - other) <= 1e-5 * max(10, abs(other)))
            }
            let aggregate = String(
                decoding: try Repository.bytes("\(folder)/c/organism_neuron_effects.csv"),
                as: UTF8.self)
            #expect(aggregate.hasPrefix(",neuron_,layer_direct_mean,neuron_direct_mean,"))
            #expect(aggregate.split(separator: "\n").count == 1 + 13 * 96)
            #expect(Repository.exists("\(folder)/r/organism_neuron_effects.csv"))
            let header = String(
                decoding: try Repository.bytes("\(folder)/n/results/\(tables[0])"), as: UTF8.self
            ).prefix { $0 != "\n" }
            #expect(header.hasPrefix(",word,base_string,alt_string1") && header.hasSuffix("neuron"))
            try run(
                [
                    "mediate-heads", "--data", "study.json", "--no-filter", "--examples", "1",
                    "--out", "h",
                ],
                in: folder)
            #expect(Repository.exists("\(folder)/h/mediate-heads-example-1.png"))
            let file = "h/attention_intervention_organism_unfiltered.json"
            let heads = try run(
                [
                    "mediation-report", file, file, "--out", "r", "--examples", "1",
                    "--example-heads", "5-11,L0H7",
                ], in: folder)
            #expect(heads.output.contains("NIE-all  n 2"))
            for name in [
                "mediation-comparison.png", "mediation-comparison-table.tex",
                "h-attention_intervention_organism_unfiltered-heads.png",
                "h-attention_intervention_organism_unfiltered-2-heads-items.csv",
                "h-attention_intervention_organism_unfiltered-example-1.npy",
            ] {
                #expect(Repository.exists("\(folder)/r/\(name)"), "\(name)")
            }
            // The published study tells random weights by the file's name.
            let random = "\(folder)/attention_intervention_organism_random_unfiltered.json"
            try Repository.write(Repository.bytes("\(folder)/\(file)"), to: random)
            let refused = try Program.probe.run(
                ["mediation-report", random, "--examples", "1", "--out", "x"], in: folder)
            #expect(refused.end == .exit(1) && refused.errors.contains("random weights"))
            // The attention that the study drew is the one that the report draws.
            let rows = try [
                "h/mediate-heads-example-1", "r/h-\(file.dropFirst(2).dropLast(5))-example-1",
            ]
            .map { stem in
                String(decoding: try Repository.bytes("\(folder)/\(stem).csv"), as: UTF8.self)
                    .split(separator: "\n").filter { $0.contains(",5-11,") }
            }
            #expect(rows[0] == rows[1] && rows[0].count == 8)
        }
    }

    /// Input is not written over, and several files' JSON is one list.
    @Test(.timeLimit(.minutes(5))) func reportsBesideTheirFiles() throws {
        let bytes = try Repository.bytes(Repository.golden("mediation/excerpt.json"))
        try Repository.withTemporaryFolder { folder in
            for name in ["a", "a-heads"] {
                try Repository.write(bytes, to: "\(folder)/\(name).json")
            }
            let both = ["mediation-report", "a.json", "a-heads.json"]
            let refused = try Program.probe.run(both + ["--out", "."], in: folder)
            #expect(
                refused.end == .exit(1) && refused.errors.contains("would be written over"))
            let list = try run(both + ["--json", "--out", "other"], in: folder)
            let values = try JSONSerialization.jsonObject(with: Data(list.output.utf8))
            #expect((values as? [Any])?.count == 3)
            try run(["mediation-report", "a.json", "--out", "."], in: folder)
            #expect(try Repository.bytes("\(folder)/a.json") == bytes)
            #expect(try Repository.bytes("\(folder)/a-heads.json") != bytes)
        }
    }

    /// More parts, and the other algorithm, begin from what is known.
    @Test(.timeLimit(.minutes(5))) func selection() throws {
        try withStudy { folder in
            let heads = ["select-heads", "--data", "study.json", "--no-filter"]
            for (k, out) in [("1", "a"), ("3", "a"), ("3", "b")] {
                try run(heads + ["--k", k, "--out", out], in: folder)
            }
            try expectEqualFiles("\(folder)/a/select-heads.csv", "\(folder)/b/select-heads.csv")
            let top = try run(
                heads + ["--algorithm", "top-k", "--k", "2", "--layer", "1", "--out", "a"],
                in: folder)
            #expect(top.output.contains("1  L1H") && top.output.contains("all together"))
            let neurons = try run(
                [
                    "select-neurons", "--data", "study.json", "--algorithm", "top-k", "--layer",
                    "emb", "--k", "2",
                ], in: folder)
            #expect(neurons.output.contains("2  emb "))
            let chunks = try run(
                [
                    "select-neurons", "--data", "study.json", "--chunk", "500", "--out", "chunks",
                ], in: folder)
            #expect(
                chunks.output.contains("1248  ") && chunks.output.contains("all of a site: emb"))
            let random = try [("1", "r1"), ("1", "r2"), ("2", "r3")].map { seed, out in
                try run(
                    heads + [
                        "--algorithm", "random-greedy", "--k", "4", "--seed", seed, "--out", out,
                    ], in: folder
                ).output.split(separator: "\n").filter { $0.contains("  L") }
            }
            #expect(random[0] == random[1] && random[0] != random[2] && random[0].count == 4)
            let text = String(
                decoding: try Repository.bytes("\(folder)/r3/select-heads.json"), as: UTF8.self)
            #expect(text.contains("random-greedy"))
        }
    }

    private func expectEqualFiles(_ one: String, _ other: String) throws {
        #expect(try Repository.bytes(one) == Repository.bytes(other))
    }

    @Test(arguments: [
        (["mediate-neurons", "--shard", "3/2"], 64), (["mediate-neurons", "--type", "x"], 64),
        (["mediate-heads", "--data", "a", "--winobias", "b"], 64),
        (["select-heads", "--k", "0"], 64), (["select-neurons", "--chunk", "0"], 64),
        (["select-neurons", "--chunk", "5", "--algorithm", "greedy"], 64),
        (["mediation-report", "items.json", "--compat", "mine"], 64),
        (["mediation-report", "items.json", "--model", "organism"], 64),
        (["mediate-heads", "--example-heads", "1-2"], 64),
        (["mediate-heads", "--examples", "1", "--example-heads", "77-2"], 1),
        (["mediate-neurons", "--data", "none.json"], 1),
        (["mediate-heads", "--data", "words.json"], 1),
        (["mediate-neurons", "--data", "items.json"], 1),
        (["mediate-neurons", "--templates", "99"], 1), (["mediation-report", "words.json"], 1),
        (["merge", "words.json"], 1), (["mediate-neurons", "--data", "words.json"], 1),
    ])
    func mistakes(_ arguments: [String], _ code: Int) throws {
        try Repository.withTemporaryFolder { folder in
            try Repository.write(
                Array("[[\"impossiblewordxq\", 0, 1]]".utf8), to: "\(folder)/words.json")
            let items = "{\"items\": [{\"context\": \"{}\", \"candidates\": [\"a\", \"b\"]}]}"
            try Repository.write(Array(items.utf8), to: "\(folder)/items.json")
            let outcome = try Program.probe.run(arguments, in: folder)
            #expect(outcome.end == .exit(Int32(code)), "\(outcome.errors)")
            #expect(outcome.errors.hasPrefix("Error: "))
            #expect(
                try Repository.names(in: folder).filter { $0 != "probe-out" }
                    == ["items.json", "words.json"])
        }
    }
}
