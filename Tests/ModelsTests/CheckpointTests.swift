import Models
import Tensors
import TestSupport
import Testing

/// Checkpoints in the forms they come in, and saving them.
@Suite struct CheckpointTests {
    @Test(arguments: [true, false]) func whatIsSavedIsLoaded(tied: Bool) throws {
        let model = Transformer.small(tied: tied)
        try CheckpointFolder.with(model) { folder in
            let loaded = try folder.load()
            #expect(loaded.config == model.config)
            #expect(try sampleLogits(loaded) == sampleLogits(model))
            #expect(try Repository.names(in: folder.path) == ["config.json", "model.safetensors"])
            let names = try folder.tensors().map(\.name)
            #expect(names.contains("lm_head.weight") != tied)
            #expect(names.contains("transformer.h.1.attn.c_attn.weight"))
        }
    }

    @Test func theOrganismIsSavedWithItsTokenizer() throws {
        let model = try Transformer.embedded()
        try CheckpointFolder.with(model) { folder in
            let loaded = try folder.load()
            let text = "The woman was working because"
            #expect(try loaded.tokens(text) == model.tokens(text))
            #expect(try loaded.run(text).logits?.values == model.run(text).logits?.values)
            #expect(loaded.config == model.config)
        }
    }

    /// The old file is still mapped while the new one takes its place.
    @Test func aModelIsSavedOverItsOwnFolder() throws {
        try CheckpointFolder.with { folder in
            let loaded = try folder.load()
            let before = try sampleLogits(loaded)
            try loaded.save(to: folder.path)
            let after = [try sampleLogits(loaded), try sampleLogits(folder.load())]
            #expect(after == [before, before])
        }
    }

    @Test(arguments: [true, false]) func namesWithoutThePrefix(tied: Bool) throws {
        let model = Transformer.small(tied: tied)
        try CheckpointFolder.with(model) { folder in
            try folder.rewrite { tensors in
                for index in tensors.indices where tensors[index].name.hasPrefix("transformer.") {
                    tensors[index].name.removeFirst("transformer.".count)
                }
            }
            #expect(try sampleLogits(folder.load()) == sampleLogits(model))
        }
    }

    @Test(arguments: ["transformer.", ""]) func storedMasksAndTiedHeadsAreIgnored(
        _ prefix: String
    ) throws {
        let model = Transformer.small()
        try CheckpointFolder.with(model) { folder in
            try folder.rewrite { tensors in
                for index in tensors.indices {
                    tensors[index].name.removeFirst("transformer.".count)
                    tensors[index].name = prefix + tensors[index].name
                }
                tensors.append(("lm_head.weight", model.weights.W_E))
                for layer in 0..<2 {
                    let h = "\(prefix)h.\(layer).attn."
                    tensors.append((h + "bias", Tensor([1, 1, 16, 16], repeating: 1)))
                    tensors.append((h + "masked_bias", Tensor([], repeating: -1e4)))
                }
            }
            #expect(try sampleLogits(folder.load()) == sampleLogits(model))
        }
    }

    @Test func anUntiedHeadIsRead() throws {
        let model = Transformer.small(tied: false)
        try CheckpointFolder.with(model) { folder in
            try folder.rewrite { tensors in
                let index = try #require(tensors.firstIndex { $0.name == "lm_head.weight" })
                tensors[index].tensor = Tensor(tensors[index].tensor.shape)
            }
            #expect(try sampleLogits(folder.load()).allSatisfy { $0 == 0 })
        }
    }

    /// Sixteen bits: the weights are rounded, the rest is the same.
    @Test(arguments: [(ElementType.float16, 0x1p-11), (.bfloat16, 0x1p-8)])
    func halfPrecisionFolders(_ type: ElementType, _ precision: Double) throws {
        let model = Transformer.small()
        try CheckpointFolder.with(model) { folder in
            try folder.rewrite(as: type) { _ in }
            let loaded = try folder.load()
            let (ours, theirs) = (loaded.weights.W_E.values, model.weights.W_E.values)
            #expect(
                zip(ours, theirs).allSatisfy { abs($0 - $1) <= Float(precision) * abs($1) + 1e-7 })
            #expect(ours != theirs)
            let saved = folder.path + "/saved"
            try loaded.save(to: saved)
            #expect(try sampleLogits(Transformer.load(saved)) == sampleLogits(loaded))
        }
    }

    @Test func shardedFolders() throws {
        let model = Transformer.small(tied: false)
        try CheckpointFolder.with(model) { folder in
            let tensors = try folder.tensors()
            let names = (1...3).map { "model-0000\($0)-of-00003.safetensors" }
            var map: [String] = []
            for (shard, name) in names.enumerated() {
                let part = tensors.enumerated().filter { $0.offset % 3 == shard }.map(\.element)
                try SafetensorsFile.write(folder.file(name), part)
                map += part.map { "\"\($0.name)\":\"\(name)\"" }
            }
            try folder.write(
                "{\"metadata\":{},\"weight_map\":{\(map.joined(separator: ","))}}",
                to: "model.safetensors.index.json")
            let hash = try folder.load().checkpointHash()
            try Repository.remove(folder.file("model.safetensors"))
            let loaded = try folder.load()
            #expect(try sampleLogits(loaded) == sampleLogits(model))
            #expect(try loaded.checkpointHash() != hash)
            try Repository.remove(folder.file(names[1]))
            let error = #expect(throws: SafetensorsError.self) { try folder.load() }
            let text = try #require(error).description
            #expect(text.contains("index.json") && text.contains(names[1]))
        }
    }

    @Test func theHashIsThatOfTheFile() throws {
        let model = try Transformer.embedded()
        let hash = try #require(try model.checkpointHash())
        #expect(hash.hasPrefix("xxh64:") && hash.dropFirst(6).allSatisfy { $0.isHexDigit })
        #expect(hash.count == 6 + 16)
        try Repository.withTemporaryFolder { folder in
            let file = try #require(try EmbeddedModel().file("model.safetensors"))
            for name in ["model.safetensors", "config.json"] {
                let bytes = try #require(try EmbeddedModel().file(name)).bytes
                try Repository.write(Array(bytes), to: "\(folder)/\(name)")
            }
            let copy = try Transformer.load(folder)
            #expect(try copy.checkpointHash() == hash)
            #expect(throws: RunError.self) { try copy.tokens("The") }
            #expect(file.bytes.count > 1_000_000)
        }
        #expect(try Transformer.small().checkpointHash() == nil)
    }

    @Test func randomWeightsAreReproducible() throws {
        let model = Transformer.small()
        #expect(try sampleLogits(.small()) == sampleLogits(model))
        #expect(try sampleLogits(.small(seed: 2)) != sampleLogits(model))
        try Repository.withTemporaryFolder { folder in
            try Transformer.writeRandom(model.config, seed: 1, to: folder)
            #expect(try sampleLogits(Transformer.load(folder)) == sampleLogits(model))
            #expect(try TransformerConfig.find(folder) == model.config)
            #expect(try TransformerConfig.find(folder + "/config.json") == model.config)
        }
        #expect(try TransformerConfig.find("gpt2-xl").nLayers == 48)
        #expect(throws: CheckpointError.self) { try TransformerConfig.find("gpt3") }
    }

    @Test func initialWeightsHaveTheirSpread() {
        var config = Transformer.small(nLayers: 8).config
        (config.dModel, config.dHead, config.dMLP) = (96, 32, 384)
        config.initializerRange = 0.02
        let weights = Transformer(randomly: config, seed: 3).weights
        func deviation(_ tensor: Tensor) -> Double {
            let squares = tensor.values.reduce(0) { $0 + Double($1) * Double($1) }
            return (squares / Double(tensor.count)).squareRoot()
        }
        #expect(abs(deviation(weights.blocks[3].mlp.W_in) / 0.02 - 1) < 0.03)
        #expect(abs(deviation(weights.blocks[3].mlp.W_out) / (0.02 / 4) - 1) < 0.03)
        #expect(abs(deviation(weights.blocks[5].attn.W_O) / (0.02 / 4) - 1) < 0.03)
        #expect(weights.blocks[0].attn.b_QKV.values.allSatisfy { $0 == 0 })
        #expect(weights.lnFinal.w.values.allSatisfy { $0 == 1 })
    }

    @Test func weightsByHeadAreViewsOfTheCheckpoint() {
        let model = Transformer.small()
        let attn = model.weights.blocks[1].attn
        let (q, k, v) = (attn.W_Q(dHead: 4), attn.W_K(dHead: 4), attn.W_V(dHead: 4))
        #expect(q.shape == [3, 12, 4])
        for head in 0..<3 {
            for row in 0..<12 {
                for column in 0..<4 {
                    #expect(q[head, row, column] == attn.W_QKV[row, 4 * head + column])
                    #expect(k[head, row, column] == attn.W_QKV[row, 12 + 4 * head + column])
                    #expect(v[head, row, column] == attn.W_QKV[row, 24 + 4 * head + column])
                }
            }
        }
    }
}
