import Models
import Tensors
import TestSupport
import Testing

/// Gradients of the two-layer model and the organism against PyTorch's in double precision.
@Suite struct GradientGoldenTests {
    private let golden: GoldenTensors
    private let batch = TokenBatch([TinyModel.clean, TinyModel.corrupted])

    init() throws { golden = try GoldenTensors("differentiation/tiny.safetensors") }

    @Test func everyParameterOfTheTinyModel() throws {
        let model = try TinyModel.raw()
        let gradients = try model.gradients(of: .loss, on: batch, withRespectTo: .parameters)
        let loss = try Double(golden("loss").values[0])
        #expect(abs(gradients.value - loss) < 1e-5)
        var weights = model.weights
        for entry in gradients.parameters.entries {
            weights[keyPath: entry.path] = try #require(gradients.parameters[entry.path])
        }
        let names = golden.file.names.filter { $0.hasPrefix("param.") }
        #expect(names.count == 2 * 16 + 6)
        for name in names {
            let ours = try #require(weights.tiny(String(name.dropFirst("param.".count))), "\(name)")
            expectClose(ours, try golden(name), rtol: 1e-4, atol: 1e-6, name)
        }
    }

    /// TransformerLens' `run_with_cache(incl_bwd=True)`.
    @Test(arguments: ["act.", "split.act.", "diff.act."])
    func everyHookPointOfTheTinyModel(_ prefix: String) throws {
        let names = golden.file.names.filter { $0.hasPrefix(prefix) }
        let points = try names.map { try #require(HookPoint(String($0.dropFirst(prefix.count)))) }
        let objective = prefix == "diff.act." ? logitDifference : .loss
        let gradients = try TinyModel.raw().gradients(
            of: objective, on: batch, withRespectTo: .activations(.points(points)), caching: .all)
        #expect(names.count == (prefix == "split.act." ? 50 : 40))
        for (name, point) in zip(names, points) {
            let ours = try #require(gradients.activations[point])
            var expected = try golden(name)
            // Of a difference at the last position, what lies after the blocks has that alone.
            if ours.shape[1] != expected.shape[1], !point.kind.isInBlock, prefix == "diff.act." {
                expected = expected.selecting([5], axis: 1)
            }
            expectClose(ours, expected, rtol: 1e-4, atol: 1e-6, name)
        }
        #expect(gradients.parameters.entries.isEmpty)
        #expect(gradients.cache.points.count >= 40)
    }

    private var logitDifference: Objective {
        .function(at: .last) { logits in
            var (sum, gradient) = (0.0, Tensor(logits.shape))
            let count = logits.shape[0]
            for sequence in 0..<count {
                let (right, wrong) = TinyModel.answers
                sum += Double(logits[sequence, 0, right] - logits[sequence, 0, wrong])
                gradient[sequence, 0, right] = 1 / Float(count)
                gradient[sequence, 0, wrong] = -1 / Float(count)
            }
            return (sum / Double(count), gradient)
        }
    }

    @Test func everyParameterOfTheOrganism() throws {
        let golden = try GoldenTensors("differentiation/organism.safetensors")
        let model = try Transformer.embedded()
        let tokens = try golden("tokens")
        let batch = TokenBatch(
            (0..<tokens.shape[0]).map { row in tokens[at: row].values.map { Int($0) } })
        let gradients = try model.gradients(of: .loss, on: batch, withRespectTo: .parameters)
        #expect(abs(gradients.value - Double(try golden("loss").values[0])) < 1e-4)
        for entry in gradients.parameters.entries where entry.name != "unembed.W_U" {
            let gradient = try #require(gradients.parameters[entry.path])
            let name = checkpointName(entry.name)
            if golden.file.names.contains(name) {
                expectClose(gradient, try golden(name), rtol: 1e-4, atol: 1e-6, entry.name)
                continue
            }
            let values = gradient.values
            let places = try golden("\(name).places").values.map { Int($0) }
            expectClose(
                Tensor([places.count], places.map { values[$0] }), try golden("\(name).sample"),
                rtol: 1e-4, atol: 1e-6, entry.name)
            let norm = values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            let expected = Double(try golden("\(name).norm").values[0])
            #expect(abs(norm - expected) < 1e-5 * expected, "\(entry.name)")
            let sum = values.reduce(0.0) { $0 + Double($1) }
            // Rounding errors add up like the root of their number.
            let slack = 1e-6 * norm * Double(values.count).squareRoot()
            #expect(abs(sum - Double(try golden("\(name).sum").values[0])) < slack, "\(entry.name)")
        }
        let tied = try #require(gradients.parameters[\.W_U_transposed])
        #expect(tied.values == gradients.parameters[\.W_E]?.values)
    }

    /// `transformers`' name of a weight of the GPT-2 family.
    private func checkpointName(_ name: String) -> String {
        let names = [
            "embed.W_E": "wte.weight", "pos_embed.W_pos": "wpe.weight", "ln_final.w": "ln_f.weight",
            "ln_final.b": "ln_f.bias", "ln1.w": "ln_1.weight", "ln1.b": "ln_1.bias",
            "attn.W_QKV": "attn.c_attn.weight", "attn.b_QKV": "attn.c_attn.bias",
            "attn.W_O": "attn.c_proj.weight", "attn.b_O": "attn.c_proj.bias",
            "ln2.w": "ln_2.weight", "ln2.b": "ln_2.bias", "mlp.W_in": "mlp.c_fc.weight",
            "mlp.b_in": "mlp.c_fc.bias", "mlp.W_out": "mlp.c_proj.weight",
            "mlp.b_out": "mlp.c_proj.bias",
        ]
        let parts = name.split(separator: ".", maxSplits: 2)
        guard parts[0] == "blocks" else { return "transformer.\(names[name] ?? name)" }
        return "transformer.h.\(parts[1]).\(names[String(parts[2])] ?? name)"
    }
}
