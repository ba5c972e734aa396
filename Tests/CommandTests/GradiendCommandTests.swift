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

        struct Generalization: Decodable {
            let agreement: Double
            let splits_compared: [String]
        }

        let cor_genter: Double?
        let groups: [String: Group]
        let split_generalization: Generalization?
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
            let splits = try #require(metrics.split_generalization)
            #expect(splits.agreement > 0.9 && splits.splits_compared == ["train", "test"])
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
                (
                    "gradiend-top --feature 0/feature --top 9",
                    ["gradiend-top.csv", "weights.json", "weights.csv"]
                ),
                (
                    "gradiend-compare 0/feature 1/feature --by overlap",
                    ["gradiend-compare.png", "gradiend-common.png", "gradiend-common.csv"]
                ),
                (
                    "gradiend-compare 0/feature 1/feature --encode difference --limit 4",
                    ["gradiend-compare.png"]
                ),
                (
                    "gradiend-suite --steps 2 --evaluation-rows 8 --keep 0.01 --max-seeds 1",
                    ["he__she/model.safetensors", "he__she/seed_report.json", "gradiend-suite.png"]
                ),
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

    /// Rows made from plain text are rows to learn from.
    @Test func rowsFromText() throws {
        let people = [
            ("Anna", "F", "train"), ("Ben", "M", "train"), ("Carla", "F", "val"),
            ("Carl", "M", "val"), ("Dora", "F", "test"), ("Dan", "M", "test"),
        ]
        let text = (0..<120).map { number in
            let (name, gender, _) = people[number % 6]
            return "\(name) saw the old house at the corner \(number) times because "
                + "\(gender == "F" ? "she" : "he") was late. It rained for \(number) days in the "
                + "whole of that large country."
        }
        let names = people.map { "\($0),\($1),\($2)" }
        try Repository.withTemporaryFolder { folder in
            for (file, lines) in [("book.txt", text), ("names.csv", ["name,gender,split"] + names)]
            {
                try Repository.write(
                    Array(lines.joined(separator: "\n").utf8), to: "\(folder)/\(file)")
            }
            let alone = try run("gradiend-data --text book.txt", in: folder)
            #expect(alone.end == .exit(64) && alone.errors.contains("--names"))
            let made = try run("gradiend-data --text book.txt --names names.csv", in: folder)
            #expect(made.end == .exit(0), "\(made.errors)")
            #expect(made.output.contains("120 neutral texts"))
            let trained = try run(
                "gradiend-train --data probe-out/gradiend-data/rows.csv --steps 2 --batch-size 8 "
                    + "--keep 0.01 --max-seeds 1", in: folder)
            #expect(trained.end == .exit(0), "\(trained.errors)")
        }
    }

    /// Runs are documented, a failed one is told and marked, and a finished one is used again.
    @Test func seedsAndReuse() throws {
        try Repository.withTemporaryFolder { folder in
            let command =
                "gradiend-train --steps 2 --evaluation-rows 8 --keep 0.01 --max-seeds 2 "
                + "--learning-rate 1e-9 --fail-on-non-convergence --save-seeds all_tried"
            let failed = try run(command, in: folder)
            #expect(failed.end == .exit(1) && failed.errors.contains("0 of 2 runs converged"))
            #expect(failed.output.contains("† not converged"))
            let out = "\(folder)/probe-out/gradiend-train"
            for file in [
                "seeds/seed_report.json", "seeds/seed_0/model.safetensors",
                "seeds/seed_1/training.json", "feature/training.json", "gradiend-train.png",
            ] {
                #expect(Repository.exists("\(out)/\(file)"), "\(file)")
            }
            let before = try Repository.bytes("\(out)/feature/training.json")
            let again = try run(command + " --use-cache true", in: folder)
            #expect(again.errors.contains("is used again"), "\(again.errors)")
            #expect(try Repository.bytes("\(out)/feature/training.json") == before)
            let other = try run(
                command.replacing("--steps 2", with: "--steps 3") + " --use-cache true", in: folder)
            #expect(!other.errors.contains("is used again"), "\(other.errors)")
            #expect(try Repository.bytes("\(out)/feature/training.json") != before)
        }
    }

    /// Arguments of the package: notes on those without effect, an error for those not to be had.
    @Test func arguments() throws {
        try Repository.withTemporaryFolder { folder in
            let start =
                "gradiend-train --arguments a.json --keep 0.01 --max-seeds 1 --evaluation-rows 8"
            try Repository.write(
                Array("{\"max_steps\": 2, \"runtime_monitor\": true}".utf8),
                to: "\(folder)/a.json")
            let noted = try run(start, in: folder)
            #expect(noted.end == .exit(0) && noted.output.contains("of 2"), "\(noted.errors)")
            #expect(noted.errors.contains("runtime_monitor has no effect"))
            try Repository.write(Array("{\"latent_dim\": 2}".utf8), to: "\(folder)/a.json")
            let refused = try run(start + " --out b", in: folder)
            #expect(refused.end == .exit(1) && refused.errors.contains("latent_dim is 2"))
            #expect(!Repository.exists("\(folder)/b"))
            try Repository.write(
                Array("{\"prediction_objective\": \"mlm_mask_token\"}".utf8),
                to: "\(folder)/a.json")
            let masked = try run(start + " --out b", in: folder)
            #expect(masked.end == .exit(1) && masked.errors.contains("prediction_objective"))
        }
    }

    /// A table for each class, as the race and religion data on the hub are.
    @Test func tablesOfClasses() throws {
        try Repository.withTemporaryFolder { folder in
            for (name, word, other) in [("F", "she", "he"), ("M", "he", "she")] {
                let columns = name == "F" ? "F,M" : "M,F"
                let rows = (0..<6).map { index in
                    let split = index < 4 ? "train" : "validation"
                    return "Alice saw \(index) as [MASK] ran,\(split),\(word),\(other)\n"
                }
                try Repository.write(
                    Array(("masked,split,\(columns)\n" + rows.joined()).utf8),
                    to: "\(folder)/\(name).csv")
            }
            let arguments = "--steps 1 --batch-size 4 --keep 0.01 --max-seeds 1"
            let trained = try run("gradiend-train --data F=F.csv,M=M.csv \(arguments)", in: folder)
            #expect(trained.end == .exit(0), "\(trained.errors)")
            #expect(Repository.exists("\(folder)/probe-out/gradiend-train/feature/config.json"))
            let missing = try run("gradiend-train --data F=F.csv,M=N.csv \(arguments)", in: folder)
            #expect(missing.end == .exit(1) && missing.errors.contains("N.csv"))
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

    /// Rows of a third class say nothing of a feature; identities are of other classes than its.
    @Test func threeClasses() throws {
        let words = ["she", "he", "it"]
        let rows = (0..<144).map { number in
            let (word, other) = (words[number % 3], words[(number + 1 + number / 3 % 2) % 3])
            let split = ["train", "train", "validation", "test"][number / 6 % 4]
            return
                "The \(["cat", "doctor"][number / 24 % 2]) ran \(number) times because [MASK] was "
                + "late,\(split),\(word),\(other),\(word),\(other)\n"
        }
        let header = "masked,split,factual_class,alternative_class,factual,alternative\n"
        try Repository.withTemporaryFolder { folder in
            try Repository.write(
                Array((header + rows.joined()).utf8), to: "\(folder)/rows.csv")
            let suite = try run(
                "gradiend-suite --data rows.csv --steps 2 --batch-size 4 --keep 0.01 "
                    + "--max-seeds 1 --identities", in: folder)
            #expect(suite.end == .exit(0), "\(suite.errors)")
            let out = "\(folder)/probe-out"
            for pair in ["he__it", "he__she", "it__she"] {
                #expect(Repository.exists("\(out)/gradiend-suite/\(pair)/model.safetensors"))
                let evaluated = try run(
                    "gradiend-evaluate --data rows.csv --feature probe-out/gradiend-suite/\(pair)",
                    in: folder)
                #expect(evaluated.end == .exit(0), "\(evaluated.errors)")
                let metrics = try JSONDecoder().decode(
                    Metrics.self,
                    from: Data(try Repository.bytes("\(out)/gradiend-evaluate/metrics.json")))
                let groups = Set(metrics.groups.keys)
                let classes = Set(pair.replacing("__", with: "-").split(separator: "-"))
                #expect(groups.isDisjoint(with: Set(words).subtracting(classes.map(String.init))))
            }
        }
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
        "gradiend-train --split some", "gradiend-train --use-cache often",
        "gradiend-train --band some", "gradiend-train --max-length 1",
        "gradiend-evaluate --limit -1", "gradiend-rewrite", "gradiend-rewrite --factor 1",
        "gradiend-rewrite --factor 1 --rate 1 --balance", "gradiend-compare a",
        "gradiend-decode --rates a", "gradiend-top --top 0", "gradiend-compare a b --divide",
        "gradiend-compare a b --encode all", "gradiend-suite --classes she,he",
        "gradiend-decode --top 0",
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
