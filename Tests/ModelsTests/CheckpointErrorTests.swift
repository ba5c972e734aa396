import Models
import Tensors
import TestSupport
import Testing
import Tokenization

/// Checkpoints that cannot be loaded or written: one clear error that names the file and the place.
@Suite struct CheckpointErrorTests {
    /// The message of the error that loading gives after some damage.
    private func message(
        _ model: Transformer = .small(), _ damage: (CheckpointFolder) throws -> Void
    ) throws -> String {
        try CheckpointFolder.with(model) { folder in
            try damage(folder)
            do {
                _ = try folder.load()
                Issue.record("loaded")
                return ""
            } catch {
                let text = "\(error)"
                #expect(text.contains(folder.path), "\(text)")
                #expect(
                    error is CheckpointError || error is SafetensorsError || error is TokenizerError
                        || error is FileError)
                return text
            }
        }
    }

    @Test(arguments: ["config.json", "model.safetensors"]) func missingFiles(_ name: String) throws
    {
        let text = try message { try Repository.remove($0.file(name)) }
        #expect(text.contains("has no \(name)"))
    }

    @Test(arguments: ["pytorch_model.bin", "pytorch_model.bin.index.json"])
    func pickles(_ name: String) throws {
        let text = try message { folder in
            try Repository.remove(folder.file("model.safetensors"))
            try folder.write("pickle", to: name)
        }
        #expect(text.contains(name) && text.contains("safe_serialization"))
    }

    @Test(arguments: ["config.json", "model.safetensors"]) func foldersInPlaceOfFiles(
        _ name: String
    ) throws {
        let text = try message { folder in
            try Repository.remove(folder.file(name))
            try Repository.createFolder(folder.file(name))
        }
        #expect(text.contains("/\(name)"))
    }

    @Test(arguments: [
        ("\"n_layer\" : 2", "\"n_layer\" : 0", "n_layer is 0"),
        ("\"n_layer\" : 2", "\"n_layer\" : -3", "n_layer is -3"),
        ("\"n_layer\" : 2", "\"n_layer\" : 16777216", "n_layer is 16777216"),
        ("\"n_layer\" : 2", "\"n_layer\" : \"2\"", "n_layer: should be a whole number"),
        ("\"n_layer\" : 2", "\"n_layer\" : 2.5", "config.json"),
        ("\"n_layer\" : 2", "\"n_layer\" : 1e99", "config.json"),
        ("\"n_embd\" : 12", "\"n_embd\" : 13", "n_embd 13 is no multiple of n_head 3"),
        ("\"n_embd\" : 12", "\"n_embd\" : 9223372036854775807", "n_embd is"),
        ("\"n_head\" : 3", "\"n_head\" : 0", "n_head is 0"),
        ("\"n_inner\" : 20", "\"n_inner\" : -1", "n_inner is -1"),
        ("\"vocab_size\" : 31", "\"vocab_size\" : 0", "vocab_size is 0"),
        ("\"n_positions\" : 16", "\"n_positions\" : 0", "n_positions is 0"),
        ("\"gelu_new\"", "\"swish\"", "activation_function is \"swish\""),
        ("\"layer_norm_epsilon\" : ", "\"layer_norm_epsilon\" : -", "layer_norm_epsilon is -"),
        ("\"model_type\" : \"gpt2\"", "\"model_type\" : \"t5\"", "model_type is \"t5\""),
        ("\"model_type\" : \"gpt2\"", "\"model\" : \"gpt2\"", "there is no \"model_type\""),
        ("{\n", "{{\n", "not valid JSON"), ("\n}", "", "not valid JSON"),
        ("\"n_head\" : 3", "\"n_head\" : 3, \"add_cross_attention\" : true", "cross-attention"),
    ])
    func configs(_ old: String, _ new: String, _ says: String) throws {
        let text = try message { try $0.edit(old, new) }
        #expect(text.contains("/config.json") && text.contains(says), "\(text)")
    }

    @Test(arguments: [
        ("\"n_layer\" : 2", "\"n_layer\" : 3", "lacks transformer.h.2.ln_1.weight"),
        ("\"n_layer\" : 2", "\"n_layer\" : 1", "is the number of layers in config.json right?"),
        ("\"n_inner\" : 20", "\"n_inner\" : 24", "h.0.mlp.c_fc.weight has shape [12, 20]"),
        ("\"vocab_size\" : 31", "\"vocab_size\" : 32", "wte.weight has shape [31, 12]"),
        ("\"n_positions\" : 16", "\"n_positions\" : 8", "wpe.weight has shape [16, 12]"),
        (
            "\"tie_word_embeddings\" : true", "\"tie_word_embeddings\" : false",
            "lacks tensor lm_head"
        ),
    ])
    func configsOfOtherSizes(_ old: String, _ new: String, _ says: String) throws {
        let text = try message { try $0.edit(old, new) }
        #expect(text.contains(says), "\(text)")
    }

    @Test func missingAndSurplusTensors() throws {
        let lacking = try message {
            try $0.rewrite { $0.removeAll { $0.name.hasSuffix("ln_f.bias") } }
        }
        #expect(lacking.contains("lacks tensor transformer.ln_f.bias"))
        let surplus = try message { try $0.rewrite { $0.append(("extra", Tensor([1]))) } }
        #expect(surplus.contains("has tensor extra"))
        let mixed = try message { folder in
            try folder.rewrite { $0.append(("wte.weight", Tensor([31, 12]))) }
        }
        #expect(mixed.contains("has tensor wte.weight"))
    }

    @Test func transposedTensors() throws {
        let text = try message { folder in
            try folder.rewrite { tensors in
                let index = try #require(
                    tensors.firstIndex { $0.name.hasSuffix("0.mlp.c_fc.weight") })
                tensors[index].tensor = tensors[index].tensor.transposed
            }
        }
        #expect(
            text.contains("h.0.mlp.c_fc.weight has shape [20, 12]") && text.contains("[12, 20]"))
    }

    @Test(arguments: [0, 7, 100, 5000]) func truncatedWeights(_ length: Int) throws {
        let text = try message { folder in
            let bytes = try Repository.bytes(folder.file("model.safetensors"))
            try Repository.write(Array(bytes.prefix(length)), to: folder.file("model.safetensors"))
        }
        #expect(text.contains("/model.safetensors"))
    }

    @Test func damagedTokenizers() throws {
        let organism = try Transformer.embedded()
        let cut = try message(organism) { folder in
            let bytes = try Repository.bytes(folder.file("tokenizer.json"))
            try Repository.write(Array(bytes.dropLast(100)), to: folder.file("tokenizer.json"))
        }
        #expect(cut.contains("/tokenizer.json"))
        let merges = try message { folder in
            try folder.write("{\"a\":0,\"b\":1}", to: "vocab.json")
            try folder.write("#version: 0.2\na b\n", to: "merges.txt")
        }
        #expect(merges.contains("/vocab.json") || merges.contains("/merges.txt"))
    }

    /// Folded norms and an unembedding bias have no place in GPT-2's format.
    @Test func modelsThatCannotBeSaved() throws {
        try Repository.withTemporaryFolder { folder in
            for model in [try TinyModel.raw(), try TinyModel.processed()] {
                #expect(throws: CheckpointError.self) { try model.save(to: folder + "/out") }
            }
            #expect(try Repository.names(in: folder).isEmpty)
        }
    }

    @Test func foldersThatCannotBeWritten() throws {
        try Repository.withTemporaryFolder { folder in
            try Repository.write([1], to: folder + "/regular")
            let out = folder + "/regular/out"
            let model = Transformer.small()
            let errors = [
                #expect(throws: FileError.self) { try model.save(to: out) },
                #expect(throws: FileError.self) {
                    try Transformer.writeRandom(model.config, seed: 0, to: out)
                },
            ]
            for error in errors {
                #expect(try #require(error).description.contains(folder + "/regular"))
            }
            #expect(try Repository.names(in: folder) == ["regular"])
            #expect(try Repository.bytes(folder + "/regular") == [1])
        }
    }

    /// A folder where a file should go stops everything before the first file appears.
    @Test func nothingIsHalfWritten() throws {
        try Repository.withTemporaryFolder { folder in
            try Repository.createFolder(folder + "/model.safetensors")
            #expect(throws: FileError.self) { try Transformer.small().save(to: folder) }
            #expect(try Repository.names(in: folder) == ["model.safetensors"])
        }
    }
}
