import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Tokenization

/// BERT, DistilBERT and RoBERTa against `transformers` and TransformerLens' encoder.
@Suite struct EncoderGoldenTests {
    static let names = ["bert", "distilbert", "roberta", "roberta-untied"]

    private func model(_ name: String) throws -> Transformer {
        try Transformer.load(Repository.golden("encoder/\(name)"))
    }

    /// The padded batch of a golden file.
    private func batch(_ golden: GoldenTensors) throws -> TokenBatch {
        let lengths = try golden("lengths").values.map { Int($0) }
        func rows(_ name: String) throws -> [[Int]] {
            let all = try golden(name)
            return lengths.indices.map { i in
                all[at: i].values.prefix(lengths[i]).map { Int($0) }
            }
        }
        return try TokenBatch(rows("tokens"), types: rows("types"), padding: padding(golden))
    }

    private func padding(_ golden: GoldenTensors) throws -> Int {
        Int(try golden("tokens").values.last ?? 0)
    }

    private func labels(_ golden: GoldenTensors) throws -> [[Int?]] {
        let (all, lengths) = (try golden("labels"), try golden("lengths").values)
        return lengths.indices.map { i in
            all[at: i].values.prefix(Int(lengths[i])).map { $0 < 0 ? nil : Int($0) }
        }
    }

    /// Whatever stands at padding, the positions that count have the same logits.
    @Test(arguments: names) func logitsOfAPaddedBatch(_ name: String) throws {
        let golden = try GoldenTensors("encoder/\(name).safetensors")
        let (model, batch) = (try model(name), try batch(golden))
        let logits = try #require(try model.run(.tokens(batch)).logits)
        let expected = try golden("logits")
        for (sequence, length) in batch.lengths.enumerated() {
            let real = 0..<length
            expectClose(
                logits[at: sequence][at: real], expected[at: sequence][at: real], rtol: 1e-5,
                atol: 2e-5, "\(name), sequence \(sequence)")
            let alone = try #require(
                try model.run(
                    .tokens(
                        TokenBatch(
                            [Array(batch.ids[sequence][real])],
                            types: [Array(batch.types[sequence][real])]))
                ).logits)
            expectClose(
                alone[at: 0], expected[at: sequence][at: real], rtol: 1e-5, atol: 2e-5,
                "\(name), sequence \(sequence) alone")
        }
    }

    @Test(arguments: ["act.", "split.act."]) func everyActivation(_ prefix: String) throws {
        let golden = try GoldenTensors("encoder/bert.safetensors")
        let model = try model("bert")
        let names = golden.file.names.filter { $0.hasPrefix(prefix) }
        let points = try names.map { try #require(HookPoint(String($0.dropFirst(prefix.count)))) }
        let run = try model.run(
            .tokens(batch(golden)), caching: prefix == "act." ? .all : .points(points))
        #expect(names.count == (prefix == "act." ? 18 * 2 + 10 : 5 * 2))
        #expect(
            Set(run.cache.points.map { prefix + $0.name(in: model.config) }) == Set(names))
        for (name, point) in zip(names, points) {
            let value = try #require(run.cache[point])
            expectClose(value, try golden(name), rtol: 1e-5, atol: 2e-5, name)
        }
    }

    @Test func anEditReachesTheLogits() throws {
        let model = try model("bert")
        let plain = try sampleLogits(model)
        for kind in model.config.hookKinds {
            var hooks = Hooks()
            hooks.add(at: kind) { value, _ in
                value = Tensor(value.shape, value.values.map { $0 < 0 ? 0.5 * $0 : 1.5 * $0 + 0.1 })
            }
            let edited = try model.run([sampleTokens], hooks: hooks).logits?.values ?? []
            #expect(zip(edited, plain).contains { abs($0 - $1) > 1e-3 }, "\(kind)")
        }
    }

    /// The loss that `transformers` takes of labels, and its gradient with respect to everything,
    /// in the checkpoint's names, shapes and order.
    @Test(arguments: names) func gradientsOfMaskedPrediction(_ name: String) throws {
        let golden = try GoldenTensors("encoder/\(name).safetensors")
        let (model, batch) = (try model(name), try batch(golden))
        let objective = Objective.targets(try labels(golden))
        let gradients = try model.gradients(
            of: objective, on: batch, withRespectTo: .parameters)
        let loss = Double(try golden("loss").values[0])
        #expect(abs(gradients.value - loss) < 1e-5 * loss)
        #expect(abs(try model.value(of: objective, on: batch) - loss) < 1e-5 * loss)
        let order = try JSONDecoder().decode(
            [String: [String]].self,
            from: Data(Repository.bytes(Repository.golden("encoder/order.json"))))
        #expect(model.checkpointTensors.map(\.name) == order[name])
        #expect(
            model.checkpointTensors.filter(\.isInHead).count == (name == "roberta-untied" ? 6 : 5))
        for tensor in model.checkpointTensors {
            let gradient = try #require(tensor.gradient(in: gradients.parameters))
            expectClose(
                gradient, try golden("grad." + tensor.name), rtol: 1e-4, atol: 1e-6, tensor.name)
        }
    }

    private static let gradiend = Repository.shared + "/golden/gradiend/bert"

    /// The vector that the package `gradiend` makes of a batch: the gradient with respect to all
    /// below the head.
    @Test(.enabled(if: Repository.exists(gradiend), "needs ../shared/golden/gradiend"))
    func gradiendsVector() throws {
        let model = try Transformer.load(Self.gradiend + "/base")
        let texts = [
            "the cat ran because [MASK] was tired",
            "a dog slept and a cat ran because [MASK] was tired",
        ]
        let tokens = try texts.map { try model.tokens($0) }
        #expect(tokens[0] == [17, 0, 2, 4, 9, 16, 10, 11, 18])
        for (word, name) in [("he", "factual"), ("she", "counterfactual")] {
            let tokenizer = try #require(model.tokenizer)
            let id = try tokenizer.singleToken(word)
            let labels = try tokens.map { (position: try model.maskPosition(in: $0), token: id) }
            let gradients = try model.gradients(
                of: .targets(labels), on: TokenBatch(tokens), withRespectTo: .parameters)
            let vector = model.checkpointTensors.filter { !$0.isInHead }
                .flatMap { $0.gradient(in: gradients.parameters)?.values ?? [] }
            let golden = try SafetensorsFile(
                Blob(mapping: Self.gradiend + "/golden.safetensors")
            ).tensor("mask.\(name)")
            expectClose(
                Tensor([vector.count], vector), golden, rtol: 1e-4, atol: 1e-6, name)
        }
    }

    /// What is saved is what `transformers` saved: the same names, shapes and numbers, and a config
    /// that means the same.
    @Test(arguments: names) func savedAsItWasLoaded(_ name: String) throws {
        let model = try model(name)
        try CheckpointFolder.with(model) { folder in
            let original = try SafetensorsFile(
                Blob(mapping: Repository.golden("encoder/\(name)/model.safetensors")))
            let saved = try folder.tensors()
            // A bias that an untied RoBERTa never reads.
            let dead = name == "roberta-untied" ? ["lm_head.bias"] : []
            #expect(saved.map(\.name) == original.names.filter { !dead.contains($0) })
            for (name, tensor) in saved {
                #expect(tensor.values == (try original.tensor(name).values), "\(name)")
            }
            let again = try folder.load()
            #expect(again.config == model.config)
            let (after, before) = (try sampleLogits(again), try sampleLogits(model))
            #expect(after == before)
        }
    }

    @Test(arguments: names) func randomModelsCanBeSavedAndLoaded(_ name: String) throws {
        let model = Transformer(randomly: try model(name).config, seed: 3)
        try CheckpointFolder.with(model) { folder in
            let (again, before) = (try sampleLogits(folder.load()), try sampleLogits(model))
            #expect(again == before)
        }
    }

    /// Checkpoints of other times: without prefix, with TensorFlow's names of norms, with parts of
    /// other tasks, and with the unembedding's bias under its other name.
    @Test func olderBERTNames() throws {
        let model = try model("bert")
        try CheckpointFolder.with(model) { folder in
            try folder.rewrite { tensors in
                for index in tensors.indices {
                    var name = tensors[index].name
                    if name.hasPrefix("bert.") { name = String(name.dropFirst(5)) }
                    name = name.replacingOccurrences(
                        of: "LayerNorm.weight", with: "LayerNorm.gamma")
                    name = name.replacingOccurrences(of: "LayerNorm.bias", with: "LayerNorm.beta")
                    if name == "cls.predictions.bias" { name = "cls.predictions.decoder.bias" }
                    tensors[index].name = name
                }
                tensors += [
                    ("pooler.dense.weight", Tensor([12, 12])), ("pooler.dense.bias", Tensor([12])),
                    ("cls.seq_relationship.weight", Tensor([2, 12])),
                    ("cls.predictions.decoder.weight", Tensor([37, 12])),
                    ("embeddings.position_ids", Tensor([1, 14])),
                ]
            }
            let (again, before) = (try sampleLogits(folder.load()), try sampleLogits(model))
            #expect(again == before)
        }
    }

    @Test func anEncoderWithoutAHeadIsRefused() throws {
        try CheckpointFolder.with(model("bert")) { folder in
            try folder.rewrite { tensors in tensors.removeAll { $0.name.hasPrefix("cls.") } }
            let error = #expect(throws: CheckpointError.self) { try folder.load() }
            #expect(error?.description.contains("no masked-language-model head") == true)
        }
    }

    @Test(arguments: [
        ("\"type_vocab_size\" : 2", "\"type_vocab_size\" : 0", "type_vocab_size is 0"),
        ("\"hidden_act\" : \"gelu\"", "\"hidden_act\" : \"swish9\"", "hidden_act is \"swish9\""),
        ("\"hidden_size\" : 12", "\"hidden_size\" : 13", "no multiple of num_attention_heads"),
        ("\"pad_token_id\" : 0", "\"pad_token_id\" : -1", "pad_token_id is -1"),
        ("\"pad_token_id\" : 0", "\"is_decoder\" : true", "as a decoder"),
        (
            "\"pad_token_id\" : 0", "\"position_embedding_type\" : \"relative_key\"",
            "only absolute is supported"
        ),
    ])
    func configsThatCannotBe(_ old: String, _ new: String, _ message: String) throws {
        try CheckpointFolder.with(model("bert")) { folder in
            try folder.edit(old, new)
            let error = #expect(throws: CheckpointError.self) { try folder.load() }
            #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        }
    }

    /// What can be done to a post-norm model's weights leaves its predictions; the rest is refused.
    @Test(arguments: WeightProcessing.steps.map(\.step))
    func processingIsExactOrRefused(_ step: WeightProcessing) throws {
        let model = try model("bert")
        guard model.config.exactProcessing.contains(step) else {
            #expect(throws: RunError.inexactProcessing(step, .bert)) {
                try model.processed(by: step)
            }
            return
        }
        let processed = try model.processed(by: step)
        let runs = try [model, processed].map { try $0.run([sampleTokens]).logProbabilities }
        expectClose(
            try #require(runs[1]), try #require(runs[0]), rtol: 1e-4, atol: 1e-4, "\(step)")
    }

    @Test func whatAnEncoderDoesNotHaveIsRefused() throws {
        let model = try model("bert")
        for point in [HookPoint(.lnFinalScale), HookPoint(.normalizedResidPost, layer: 2)] {
            #expect(throws: RunError.noSuchPoint(point.description, nLayers: 2)) {
                try model.run([[1, 2]], caching: .points([point]))
            }
        }
        #expect(throws: RunError.unknownTokenType(2, nTokenTypes: 2)) {
            try model.run(.tokens(TokenBatch([[1, 2]], types: [[0, 2]])))
        }
        #expect(throws: RunError.noSuchPoint("hook_token_type_embed", nLayers: 2)) {
            try self.model("distilbert").run(
                [[1, 2]], caching: .points([HookPoint(.tokenTypeEmbed)]))
        }
    }
}
