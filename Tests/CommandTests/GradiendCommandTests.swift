import Foundation
import TestSupport
import Testing

/// The commands that learn a feature and rewrite a model with it, run as a user runs them.
@Suite(.enabled(if: Program.probe.isBuilt, "probe is not built beside the tests"), .serialized)
struct GradiendCommandTests {
    private struct Metrics: Decodable {
        struct Group: Decodable {
            let mean: Double
            let n: Int
        }

        let cor_genter: Double?
        let groups: [String: Group]
    }

    private func run(_ text: String, in folder: String) throws -> Program.Outcome {
        try Program.probe.run(text.split(separator: " ").map(String.init), in: folder)
    }

    /// Without arguments the pronoun's feature is learnt, and tells names that were held out.
    @Test func thePronounFeature() throws {
        try Repository.withTemporaryFolder { folder in
            let trained = try run("gradiend-train", in: folder)
            #expect(trained.end == .exit(0), "\(trained.errors)")
            let evaluated = try run("gradiend-evaluate --limit 100", in: folder)
            #expect(evaluated.end == .exit(0), "\(evaluated.errors)")
            let out = "\(folder)/probe-out/gradiend-evaluate"
            let metrics = try JSONDecoder().decode(
                Metrics.self, from: Data(try Repository.bytes("\(out)/metrics.json")))
            #expect(try #require(metrics.cor_genter) >= 0.95)
            #expect(try #require(metrics.groups["she"]).mean > 0.5)
            #expect(try #require(metrics.groups["he"]).mean < -0.5)
            #expect(metrics.groups.count == 4)
            for file in ["encoded.csv", "gradiend-evaluate.csv", "gradiend-evaluate.png"] {
                #expect(Repository.exists("\(out)/\(file)"))
            }
        }
    }

    /// The way from a feature to another model.
    @Test func theOtherCommands() throws {
        try Repository.withTemporaryFolder { folder in
            for seed in [0, 1] {
                let trained = try run(
                    "gradiend-train --steps 4 --evaluation-rows 8 --keep 0.01 --max-seeds 1 "
                        + "--keep-after 0.5 --seed \(seed) --out \(seed)", in: folder)
                #expect(trained.end == .exit(0), "\(trained.errors)")
            }
            for (command, files) in [
                ("gradiend-top --feature 0/feature --top 9", ["gradiend-top.csv", "weights.json"]),
                ("gradiend-compare 0/feature 1/feature --by overlap", ["gradiend-compare.png"]),
                (
                    "gradiend-decode --feature 0/feature --rates 0.1,1 --limit 6",
                    [
                        "gradiend-decode.png", "gradiend-decode.npy",
                        "gradiend-decode-more-she.png", "gradiend-decode-only-he.png",
                    ]
                ),
                (
                    "gradiend-rewrite --feature 0/feature --factor 1 --rate 0.5",
                    ["config.json", "model.safetensors", "stats.json", "tokenizer.json"]
                ),
                (
                    "gradiend-rewrite --feature 0/feature --strengthen she --rates 0.1 --limit 6 "
                        + "--out probe-out/gradiend-rewrite",
                    ["stats.json"]
                ),
            ] {
                let outcome = try run(command, in: folder)
                #expect(outcome.end == .exit(0), "\(command): \(outcome.errors)")
                let name = command.prefix { $0 != " " }
                for file in files {
                    #expect(Repository.exists("\(folder)/probe-out/\(name)/\(file)"), "\(file)")
                }
            }
            // The goal's candidates were among those scored before.
            let candidates = "\(folder)/probe-out/gradiend-decode/candidates"
            #expect(try Repository.names(in: candidates).count == 5)
            let prompt = try run(
                "prompt --model probe-out/gradiend-rewrite --ids 5,6", in: folder)
            #expect(prompt.end == .exit(0), "\(prompt.errors)")
        }
    }

    /// Rows from a file without neutral texts, names, and a part of the vector for a goal.
    @Test func decodingOwnRows() throws {
        let rows = ["Bo", "Kim", "Lou"].flatMap { name in
            [("she", "he"), ("he", "she")].map { word, other in
                "\(name) said that [MASK] was here,test,\(word),\(other),\(word),\(other)\n"
            }
        }
        let header = "masked,split,factual_class,alternative_class,factual,alternative\n"
        try Repository.withTemporaryFolder { folder in
            func write(_ name: String, _ text: String) throws {
                try Repository.write(Array(text.utf8), to: "\(folder)/\(name)")
            }
            try write("rows.csv", header + rows.joined())
            try write("texts.csv", "text\nThe doctor is called [NAME]\n")
            try write("wrong.csv", "text\nThe doctor is called [NAME]\nThe doctor\n")
            try write("names.csv", "name,gender\nMary,F\nAdam,M\n")
            let trained = try run(
                "gradiend-train --steps 4 --evaluation-rows 8 --keep 0.01 --max-seeds 1", in: folder
            )
            #expect(trained.end == .exit(0), "\(trained.errors)")
            let decode = "gradiend-decode --data rows.csv --rates=-0.1,0.1 --factors 0,1 "
            let own = try run(decode + "--grid paper", in: folder)
            #expect(own.end == .exit(0), "\(own.errors)")
            #expect(own.output.contains("scored on the rows' texts"), "\(own.output)")
            let json = String(
                decoding: try Repository.bytes(
                    "\(folder)/probe-out/gradiend-decode/gradiend-decode.json"), as: UTF8.self)
            for (key, value) in [
                ("policy", "product"), ("language_model_texts", "rows"), ("words", "classes"),
            ] {
                #expect(json.contains("\"\(key)\" : \"\(value)\""), "\(key)")
            }
            let named = try run(decode + "--names names.csv --name-texts texts.csv", in: folder)
            #expect(named.end == .exit(0), "\(named.errors)")
            #expect(named.output.contains("only F") && !named.output.contains("only she"))
            let wrong = try run(decode + "--names names.csv --name-texts wrong.csv", in: folder)
            #expect(wrong.end == .exit(1) && wrong.errors.contains("line 3"), "\(wrong.errors)")
            // A goal takes the part that was asked for.
            let rewritten = try run(
                "gradiend-rewrite --data rows.csv --rates=-0.5,0.5 --part decoder-weight --top 0.5 "
                    + "--strengthen she --policy product --out moved", in: folder)
            #expect(rewritten.end == .exit(0), "\(rewritten.errors)")
            let stats = try JSONDecoder().decode(
                Stats.self, from: Data(try Repository.bytes("\(folder)/moved/stats.json")))
            #expect(stats.lr == 0 || stats.part == "decoder-weight" && stats.top_k == 0.5)
            let unknown = try run(
                "gradiend-rewrite --data rows.csv --rates 0.1 --only F", in: folder)
            #expect(unknown.end == .exit(1) && unknown.errors.contains("she and he"))
        }
    }

    private struct Stats: Decodable {
        let lr: Double
        let part: String
        let top_k: Double?
    }

    /// Mistakes end with one sentence that names them, and leave nothing.
    @Test func mistakes() throws {
        let header = "masked,split,factual_class,alternative_class,factual,alternative\n"
        let row = "the cat ran because [MASK] was tired,train,F,M,she,he\n"
        let files = [
            ("one.csv", header + String(repeating: row, count: 40), "class"),
            ("gap.csv", header + "the cat,train,F,M,she,he\n", "line 2"),
            ("split.csv", header + row.replacing("train", with: "often"), "often"),
            ("columns.csv", "masked,split\na,train\n", "factual_class"),
            ("table.parquet", "PAR1", "Parquet"),
            ("lines.jsonl", "{\"masked\": 1,}\n", "line 1"),
        ]
        try Repository.withTemporaryFolder { folder in
            for (name, text, word) in files {
                try Repository.write(Array(text.utf8), to: "\(folder)/\(name)")
                let outcome = try run("gradiend-train --data \(name)", in: folder)
                #expect(outcome.end == .exit(1), "\(name)")
                #expect(outcome.errors.contains(word), "\(name): \(outcome.errors)")
                #expect(outcome.errors.split(separator: "\n").count == 1, "\(outcome.errors)")
            }
            #expect(!Repository.exists("\(folder)/probe-out"))
            let missing = try run("gradiend-evaluate", in: folder)
            #expect(missing.end == .exit(1) && missing.errors.contains("gradiend-train/feature"))
        }
    }

    @Test(arguments: [
        "gradiend-train --classes she", "gradiend-train --data a --templates b",
        "gradiend-train --split some", "gradiend-train --max-length 1",
        "gradiend-evaluate --limit -1", "gradiend-rewrite", "gradiend-rewrite --factor 1",
        "gradiend-rewrite --factor 1 --rate 1 --balance", "gradiend-compare a",
        "gradiend-decode --rates a", "gradiend-top --top 0", "gradiend-decode --top 0",
        "gradiend-decode --part decoder-bias --factors 1", "gradiend-decode --words some",
        "gradiend-decode --data a --name-texts b", "gradiend-rewrite --balance --top 2",
        "gradiend-rewrite --only she --balance", "gradiend-rewrite --factor nan --rate 1",
    ])
    func wrongUsage(_ command: String) throws {
        try Repository.withTemporaryFolder { folder in
            let outcome = try run(command, in: folder)
            #expect(outcome.end == .exit(64))
        }
    }
}
