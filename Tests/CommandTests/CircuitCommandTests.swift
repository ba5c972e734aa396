import Foundation
import Models
import Results
import Tensors
import TestSupport
import Testing

/// The commands that read weights and logits, run as a user runs them.
@Suite(.enabled(if: Program.probe.isBuilt, "probe is not built beside the tests"))
struct CircuitCommandTests {
    /// What is known of a result beside its values.
    private struct Result: Decodable {
        struct Axis: Decodable {
            let name: String
            let labels: [String]
        }

        struct Provenance: Decodable { let processing: String }

        let shape: [Int]
        let axes: [Axis]
        let provenance: Provenance?
    }

    private static let four = WeightProcessing.transformerLens.description

    /// Arguments, the results they write, and what is done to the weights.
    static let commands: [(arguments: String, results: [String], processing: String)] = [
        ("svd-ov L9H7", ["svd-ov", "svd-ov-spectrum", "svd-ov-shares"], four),
        ("svd-ov L9H11 L9H6 --side both --sign maxabs --top 3", ["svd-ov"], four),
        ("svd-ov --all --directions 8 --process none", ["svd-ov"], "none"),
        ("svd-qk L8H9 --side key --basis embed", ["svd-qk", "svd-qk-spectrum"], four),
        ("svd-mlp L5 L4 --matrix in --directions 95", ["svd-mlp", "svd-mlp-spectrum"], four),
        ("svd-neuron L5N17 L5N18", ["svd-neuron"], four),
        ("composition --mode V", ["composition"], four),
        ("attribute", ["attribute"], four),
        (
            "attribute --unit head --pos -2 --process all", ["attribute"],
            "\(four),refactor_factored_attn_matrices"
        ),
        ("attribute --unit neuron --answer-id 3", ["attribute"], four),
        (
            "logit-lens --mid --answer-id 5",
            ["logit-lens", "logit-lens-answer", "logit-lens-entropy"], four
        ),
        ("attention --heads L8H9 --layers 5", ["attention", "attention-L8H9"], "none"),
        ("detect-heads --length 5", ["detect-heads"], "none"),
        ("prompt --process fold_ln", [], ""),
    ]

    @Test(arguments: commands.indices) func resultsAreWritten(_ index: Int) throws {
        let (text, results, processing) = Self.commands[index]
        let arguments = text.split(separator: " ").map(String.init)
        try Repository.withTemporaryFolder { folder in
            let outcome = try Program.probe.run(arguments, in: folder)
            #expect(outcome.end == .exit(0), "\(text): \(outcome.errors)")
            for name in results {
                let stem = "\(folder)/probe-out/\(arguments[0])/\(name)"
                for format in ["csv", "npy"] { #expect(Repository.exists("\(stem).\(format)")) }
                #expect(Repository.exists(stem + ".png") != name.hasSuffix("-shares"))
                let result = try JSONDecoder().decode(
                    Result.self, from: Data(Repository.bytes(stem + ".json")))
                #expect(result.axes.map(\.labels.count) == result.shape)
                #expect(result.provenance?.processing == processing)
                let rows = try CSVTable(Repository.bytes(stem + ".csv"), source: name).rows
                #expect(rows.count == result.shape.reduce(1, *))
                #expect(Set(rows.map(\.fields)).count == rows.count, "\(name) repeats a row")
            }
        }
    }

    /// Arguments, the exit code, and words of the message.
    static let mistakes: [(arguments: String, code: Int32, words: String)] = [
        ("svd-ov L9H", 1, "L0H0 to L11H11, written like L9H7"),
        ("svd-ov 9.7", 1, "L0H0 to L11H11"),
        ("svd-ov L12H0", 1, "L0H0 to L11H11"),
        ("svd-qk L0H12", 1, "L0H0 to L11H11"),
        ("svd-ov L9H7 --directions 9", 1, "--directions 1 to 8"),
        ("svd-ov L9H7 --directions 0", 64, "at least 1"),
        ("svd-ov L9H7 --top 99999", 1, "give 1 to "),
        ("svd-ov", 64, "give heads, such as L9H7, or --all"),
        ("svd-ov L9H7 --all", 64, "not both"),
        ("svd-mlp L12", 1, "L0 to L11"),
        ("svd-mlp L5 --directions 97", 1, "--directions 1 to 96"),
        ("svd-mlp L5 --directions 96", 1, "has rank 95"),
        ("svd-neuron L5N384", 1, "L0N0 to L11N383"),
        ("attribute --wrong-id 3", 64, "give both"),
        ("attribute --answer-id 3 --wrong-id 3", 1, "same token"),
        ("attribute --answer-id 99999", 1, "ids are 0 to "),
        ("attribute --pos 6", 1, "0 to 5"),
        ("logit-lens --answer she", 1, "with a space"),
        ("attention --heads L9H7,", 1, "L0H0 to L11H11"),
        ("attention --layers 12", 1, "0 to 11"),
        ("detect-heads --length 32", 1, "give 1 to 31"),
        ("prompt --process fold", 64, "fold_ln"),
        ("svd-ov L0H0 --model nowhere", 1, "there is no"),
    ]

    @Test(arguments: mistakes.indices) func mistakesAreExplained(_ index: Int) throws {
        let (text, code, words) = Self.mistakes[index]
        try Repository.withTemporaryFolder { folder in
            let outcome = try Program.probe.run(
                text.split(separator: " ").map(String.init), in: folder)
            #expect(outcome.end == .exit(code), "\(text)")
            #expect(outcome.errors.contains(words), "\(text): \(outcome.errors)")
            #expect(try Repository.names(in: folder) == [])
        }
    }

    /// One number that is none is told, and nothing is written.
    @Test(
        arguments: [
            "svd-ov L0H0", "svd-qk L0H0", "svd-mlp L0", "svd-neuron L0N0", "composition",
            "attribute --ids 1,2 --answer-id 3", "logit-lens --ids 1,2",
        ], [Float.nan, .infinity])
    func damagedWeightsAreTold(_ text: String, _ value: Float) throws {
        let model = Transformer.small()
        var weights = model.weights
        weights.W_E[7, 3] = value
        weights.blocks[0].attn.W_QKV[1, 2] = value
        weights.blocks[0].attn.W_O[1, 2] = value
        weights.blocks[0].mlp.W_in[1, 0] = value
        weights.blocks[0].mlp.W_out[0, 1] = value
        try Repository.withTemporaryFolder { folder in
            try Transformer(config: model.config, weights: weights).save(to: folder + "/model")
            let outcome = try Program.probe.run(
                text.split(separator: " ").map(String.init) + ["--model", "model"], in: folder)
            #expect(outcome.end == .exit(1), "\(text): \(outcome.output)")
            #expect(outcome.errors.contains("finite"), "\(outcome.errors)")
            #expect(try Repository.names(in: folder) == ["model"])
        }
    }

    @Test func theAuditTellsASoundModelFromADamagedOne() throws {
        try Repository.withTemporaryFolder { folder in
            let sound = try Program.probe.run(["audit"], in: folder)
            #expect(sound.end == .exit(0))
            #expect(Repository.exists(folder + "/probe-out/audit/audit.json"))
            var weights = Transformer.small().weights
            weights.blocks[1].mlp.W_out[2, 3] = .nan
            try Transformer(config: Transformer.small().config, weights: weights)
                .save(to: folder + "/model")
            let damaged = try Program.probe.run(["audit", "--model", "model"], in: folder)
            #expect(damaged.end == .exit(1))
            #expect(damaged.output.contains("FAILED"))
        }
    }
}
