import Foundation
import Models
import Tensors
import TestSupport
import Testing

/// `probe attribute-edges`, run as a user runs it.
@Suite(.enabled(if: Program.probe.isBuilt, "probe is not built beside the tests"))
struct EdgeCommandTests {
    /// A graph as the EAP-IG package reads it.
    private struct Graph: Decodable {
        struct Config: Decodable {
            let n_layers: Int
            let n_heads: Int
            let parallel_attn_mlp: Bool
            let d_model: Int
        }

        struct Node: Decodable { let in_graph: Bool }

        struct Edge: Decodable {
            let score: Double
            let in_graph: Bool
        }

        let cfg: Config
        let nodes: [String: Node]
        let edges: [String: Edge]
    }

    private static let ids = [
        "--clean-ids", "1,2,3,4", "--corrupted-ids", "1,9,3,4", "--answer-id", "7", "--wrong-id",
        "8",
    ]

    /// Runs the command on a small random model in a folder.
    private func run(
        _ arguments: [String], in folder: String, _ model: Transformer = .small()
    ) throws -> Program.Outcome {
        try model.save(to: folder + "/model")
        return try Program.probe.run(
            ["attribute-edges", "--model", "model"] + Self.ids + arguments, in: folder)
    }

    private func lines(_ path: String) throws -> [Substring] {
        String(decoding: try Repository.bytes(path), as: UTF8.self).split(separator: "\n")
    }

    /// Two layers of three heads: 1 · 9 + 4, 5 · 9 + 8 and 9 edges.
    @Test func edgesAreWritten() throws {
        try Repository.withTemporaryFolder { folder in
            let outcome = try run(
                ["--edges", "12", "--measure", "3", "--format", "png,pdf,svg"], in: folder)
            #expect(outcome.end == .exit(0), "\(outcome.errors)")
            #expect(outcome.output.contains("EAP-IG, 5 steps: 75 edges"))
            #expect(outcome.output.contains("circuit alone"))
            #expect(outcome.output.components(separatedBy: "exact").count >= 4)
            let stem = folder + "/probe-out/attribute-edges/attribute-edges"
            for ending in [
                ".npy", ".json", ".png", ".pdf", ".svg", "-measured.csv", "-graph.json",
            ] {
                #expect(Repository.exists(stem + ending), "\(ending)")
            }
            let rows = try lines(stem + ".csv")
            #expect(rows.count == 76 && rows[0] == "source,destination,kind,value")
            #expect(rows[1].hasPrefix("input,a0.h0<q>,q,"))
            #expect(rows.contains { $0.hasPrefix("m1,logits,logits,") })
            #expect(rows.contains { $0.hasPrefix("a0.h2,m0,mlp,") })
            #expect(try lines(stem + "-measured.csv").count == 7)

            let graph = try JSONDecoder().decode(
                Graph.self, from: Data(Repository.bytes(stem + "-graph.json")))
            #expect((graph.cfg.n_layers, graph.cfg.n_heads, graph.cfg.d_model) == (2, 3, 12))
            #expect(graph.nodes.count == 10 && graph.nodes["logits"]?.in_graph == true)
            #expect(graph.edges.count == 75)
            for row in rows.dropFirst() {
                let fields = row.split(separator: ",")
                let edge = try #require(graph.edges["\(fields[0])->\(fields[1])"])
                #expect(Float(edge.score) == Float(fields[3]))
            }
            let chosen = graph.edges.filter(\.value.in_graph).keys
            #expect((1...12).contains(chosen.count))
            let ends = chosen.flatMap { $0.replacing("<", with: "-").split(separator: "-") }
            for (name, node) in graph.nodes where node.in_graph && name != "logits" {
                #expect(ends.contains { $0 == name || $0 == ">" + name }, "\(name)")
            }
        }
    }

    @Test func plainScoresAreAtTheCleanPrompt() throws {
        try Repository.withTemporaryFolder { folder in
            let outcome = try run(["--steps", "1", "--by-pos", "--top", "2"], in: folder)
            #expect(outcome.end == .exit(0), "\(outcome.errors)")
            #expect(outcome.output.contains("EAP: 75 edges"))
            let rows = try lines(
                folder + "/probe-out/attribute-edges/attribute-edges.csv")
            #expect(rows.count == 1 + 4 * 75)
            #expect(rows[0] == "pos,token,source,destination,kind,value")
            // Both prompts begin with one token.
            #expect(rows[1...75].allSatisfy { $0.hasSuffix(",0.0") || $0.hasSuffix(",-0.0") })
        }
    }

    @Test func pairsAreAveraged() throws {
        try Repository.withTemporaryFolder { folder in
            let header = "clean,corrupted,answer,wrong\n"
            let pair = "The woman was working because,The man was working because, she, he\n"
            let long = "The woman said that,The man said that, she, he\n"
            func scores(_ name: String, _ text: String, _ more: [String] = []) throws -> [Float] {
                try Repository.write(Array((header + text).utf8), to: "\(folder)/\(name).csv")
                let outcome = try Program.probe.run(
                    ["attribute-edges", "--pairs", "\(name).csv", "--out", name, "--steps", "2"]
                        + more, in: folder)
                #expect(outcome.end == .exit(0), "\(outcome.errors)")
                return try lines("\(folder)/\(name)/attribute-edges.csv").dropFirst().map {
                    Float($0.split(separator: ",")[3]) ?? .nan
                }
            }
            let (one, two) = (try scores("one", pair), try scores("two", long))
            let both = try scores("both", pair + long, ["--measure", "2"])
            for index in both.indices {
                #expect(abs(both[index] - (one[index] + two[index]) / 2) < 1e-5)
            }
            let outcome = try Program.probe.run(
                ["attribute-edges", "--pairs", "both.csv", "--out", "none", "--by-pos"], in: folder)
            #expect(outcome.end == .exit(1))
            #expect(outcome.errors.contains("both.csv, pair 2: it has another number of tokens"))
            #expect(!Repository.exists(folder + "/none"))
        }
    }

    @Test(
        arguments: [
            (["--steps", "0"], 64, "at least 1"), (["--edges", "0"], 64, "at least 1"),
            (["--measure=-1"], 64, "must not be negative"), (["--steps", "x"], 64, "steps"),
            (["--pairs", "file"], 64, "give no others"),
            (["--metric", "loss"], 64, "metric"), (["--wrong-id", "31"], 1, "0 to 30"),
            (["--corrupted-ids", "1,2,3,4"], 1, "are the same"),
            (["--corrupted-ids", "1,2,3"], 1, "4 and 3 tokens"),
            (["--width", "99"], 64, "2 to 40"),
        ] as [([String], Int32, String)])
    func mistakesAreExplained(_ arguments: [String], _ code: Int32, _ words: String) throws {
        try Repository.withTemporaryFolder { folder in
            let outcome = try run(arguments, in: folder)
            #expect(outcome.end == .exit(code), "\(arguments)")
            #expect(outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
            #expect(try Repository.names(in: folder) == ["model"])
        }
    }

    @Test(arguments: [Float.nan, .infinity, 1e30]) func damagedWeightsAreTold(_ value: Float) throws
    {
        let model = Transformer.small()
        var weights = model.weights
        weights.blocks[0].attn.W_O[1, 2] = value
        weights.blocks[1].mlp.W_out[0, 1] = value
        try Repository.withTemporaryFolder { folder in
            let outcome = try run(
                ["--metric", "logit-difference"], in: folder,
                Transformer(config: model.config, weights: weights))
            #expect(outcome.end == .exit(value == 1e30 ? 0 : 1), "\(outcome.errors)")
            if value != 1e30 { #expect(try Repository.names(in: folder) == ["model"]) }
        }
    }
}
