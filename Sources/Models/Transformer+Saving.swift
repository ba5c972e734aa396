public import Tensors

extension Transformer {
    /// Writes the model as a Hugging Face folder that `transformers` loads with equal logits.
    ///
    /// Files appear when all of them are complete.
    ///
    /// - Parameters:
    ///   - folder: Where to write; it is created.
    ///   - type: How weights are stored, F32, F16 or BF16.
    ///   - tokenizerFiles: The tokenizer's files, by name; those the model was loaded with unless
    ///     given.
    /// - Throws: ``CheckpointError/cannotSave(reason:)`` for weights that the family's format
    ///   cannot hold: folded norms, and an unembedding bias in GPT-2's.
    public func save(
        to folder: String, as type: ElementType = .float32,
        tokenizerFiles: [(name: String, bytes: [UInt8])]? = nil
    ) throws {
        guard config.normalization == .layerNorm, (weights.b_U != nil) == config.isMasked else {
            throw CheckpointError.cannotSave(
                reason:
                    "its norms are folded or it has an unembedding bias; save the weights as loaded"
            )
        }
        let known = try source.map { try Self.tokenizerFiles(in: $0) } ?? []
        try ModelFamily.family(of: config.family).write(
            config, to: folder, as: type, copying: tokenizerFiles ?? known
        ) { $0.tensor(in: weights[keyPath: $0.weight]) }
    }

    /// The tokenizer's files among those of a checkpoint.
    public static func tokenizerFiles(
        in files: any ModelFiles
    ) throws -> [(name: String, bytes: [UInt8])] {
        let names = [
            "tokenizer.json", "vocab.json", "merges.txt", "vocab.txt", "tokenizer_config.json",
            "special_tokens_map.json",
        ]
        return try names.compactMap { name in
            try files.file(name).map { (name, $0.copy()) }
        }
    }

    /// The fingerprint of the weights' file, as `xxhsum -H64` prints it.
    ///
    /// Of several files, each one's in order of name; `nil` for a model that was not loaded.
    public func checkpointHash() throws -> String? {
        guard let source else { return nil }
        var files = ["model.safetensors"]
        if try source.file(files[0]) == nil,
            let index = try source.file("model.safetensors.index.json")
        {
            files = try SafetensorsSet.shards(in: index)
        }
        // Processed weights are copies: the file itself is not read again.
        let hashes = try files.compactMap { try source.file($0) }.map { file in
            withExtendedLifetime(file) {
                (processing == .none ? Fingerprint(file.bytes) : Fingerprint(lettingGoOf: file))
                    .hexadecimal
            }
        }
        return "xxh64:" + hashes.joined(separator: "+")
    }
}

extension ModelFamily {
    /// Writes config, weights and further files; all are complete before the first appears.
    func write(
        _ config: TransformerConfig, to folder: String, as type: ElementType = .float32,
        copying others: [(name: String, bytes: [UInt8])] = [],
        tensor: @escaping (Parameter) -> Tensor
    ) throws {
        let small = [("config.json", try writeConfig(config))] + others
        var files: [AtomicFile] = []
        for (name, bytes) in small {
            let file = try AtomicFile("\(folder)/\(name)")
            try file.write(bytes)
            files.append(file)
        }
        let tensors = parameters(config).map { parameter in
            (
                name: (parameter.isPrefixed ? prefix : "") + parameter.name, shape: parameter.shape,
                make: { tensor(parameter) }
            )
        }
        files.append(
            try SafetensorsFile.stage(
                "\(folder)/model.safetensors", tensors, as: type, metadata: ["format": "pt"]))
        for file in files { try file.commit() }
    }
}
