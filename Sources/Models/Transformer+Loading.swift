import Tensors
public import Tokenization

extension Transformer {
    /// Loads a model by a name.
    ///
    /// - Parameter name: A folder with a Hugging Face checkpoint; or a hub id such as `gpt2`, found
    ///   in the local Hugging Face cache (nothing is downloaded); or `organism`, the embedded
    ///   model.
    /// - Parameter processing: What is done to the weights.
    public static func load(
        _ name: String, processing: WeightProcessing = .none
    ) throws -> Transformer {
        try load(
            from: HubCache(environment: HubCache.variable).files(of: name), name: name,
            processing: processing)
    }

    /// The config of a model by a name, as ``load(_:processing:)`` takes it.
    public static func config(of name: String) throws -> TransformerConfig {
        let files = try HubCache(environment: HubCache.variable).files(of: name)
        return try config(in: files).config
    }

    private static func config(
        in files: any ModelFiles
    ) throws -> (family: ModelFamily, config: TransformerConfig) {
        guard let file = try files.file("config.json") else {
            throw CheckpointError.missingFile(folder: files.name, file: "config.json")
        }
        let family = try ModelFamily.named(in: file)
        return (family, try family.readConfig(file))
    }

    /// The embedded model.
    public static func embedded(processing: WeightProcessing = .none) throws -> Transformer {
        let files = EmbeddedModel()
        return try load(from: files, name: files.name, processing: processing)
    }

    /// Loads a checkpoint: `config.json`, the safetensors, and tokenizer files if there are any.
    ///
    /// Every tensor of the family must be there with its shape, and no other. 32-bit weights are
    /// not copied but read where the file is mapped. Processing happens in place: a tensor that it
    /// changes is copied first, and the file's own pages are let go.
    public static func load(
        from files: any ModelFiles, name: String, processing: WeightProcessing = .none
    ) throws -> Transformer {
        let (family, found) = try config(in: files)
        var config = found
        var weights = try family.weights(config, from: try tensors(in: files), place: files.name)
        try weights.process(processing, &config)
        return Transformer(
            config: config, weights: weights, processing: processing,
            tokenizer: try tokenizer(in: files), name: name, source: files)
    }

    private static func tensors(in files: any ModelFiles) throws -> SafetensorsSet {
        if let file = try files.file("model.safetensors") {
            return SafetensorsSet(try SafetensorsFile(file))
        }
        if let index = try files.file("model.safetensors.index.json") {
            return try SafetensorsSet(index: index) { try files.file($0) }
        }
        for pickle in ["pytorch_model.bin", "pytorch_model.bin.index.json"]
        where try files.file(pickle) != nil {
            throw CheckpointError.onlyPickle(folder: files.name, file: pickle)
        }
        throw CheckpointError.missingFile(folder: files.name, file: "model.safetensors")
    }

    /// The tokenizer among a checkpoint's files; `nil` if there is none.
    public static func tokenizer(in files: any ModelFiles) throws -> Tokenizer? {
        if let file = try files.file("tokenizer.json") {
            return try Tokenizer(tokenizerJSON: file.copy(), source: file.name)
        }
        if let vocabulary = try files.file("vocab.txt") {
            let settings = try files.file("tokenizer_config.json")
            return try Tokenizer(
                vocabularyText: vocabulary.copy(), settings: settings.map { $0.copy() },
                sources: (vocabulary.name, settings?.name ?? ""))
        }
        guard let vocabulary = try files.file("vocab.json") else { return nil }
        guard let merges = try files.file("merges.txt") else {
            throw CheckpointError.missingFile(folder: files.name, file: "merges.txt")
        }
        return try Tokenizer(
            vocabularyJSON: vocabulary.copy(), merges: merges.copy(),
            sources: (vocabulary.name, merges.name))
    }
}

extension ModelFamily {
    /// The family that a `config.json` names.
    static func named(in configFile: Blob) throws -> ModelFamily {
        struct Header: Decodable { let model_type: String }
        let header: Header
        do {
            header = try decodeJSON(Header.self, from: configFile.bytes)
        } catch {
            throw CheckpointError.badConfig(path: configFile.name, error.description)
        }
        guard let name = FamilyName(rawValue: header.model_type) else {
            throw CheckpointError.unknownFamily(
                path: configFile.name, modelType: header.model_type,
                known: FamilyName.allCases.map(\.rawValue))
        }
        return family(of: name)
    }

    /// Puts a checkpoint's tensors into their places.
    func weights(
        _ config: TransformerConfig, from tensors: SafetensorsSet, place: String
    ) throws -> Weights {
        let names = tensors.names
        let prefix = names.contains { $0.hasPrefix(self.prefix) } ? self.prefix : ""
        let parameters = self.parameters(config)
        var expected: Set<String> = []
        var missing: [(name: String, isPrefixed: Bool)] = []
        var weights = Weights(config)
        for parameter in parameters {
            let names = ([parameter.name] + spellings(parameter.name)).map {
                (parameter.isPrefixed ? prefix : "") + $0
            }
            expected.formUnion(names)
            guard let name = names.first(where: { tensors.shape(of: $0) != nil }),
                let shape = tensors.shape(of: name)
            else {
                missing.append((names[0], parameter.isPrefixed))
                continue
            }
            guard shape == parameter.shape else {
                throw CheckpointError.wrongShape(
                    place: place, tensor: name, shape: shape, expected: parameter.shape)
            }
            if let tensor = try tensors.tensor(name) { parameter.store(tensor, in: &weights) }
        }
        if !missing.isEmpty {
            let lacked = missing.map(\.name)
            throw config.isMasked && missing.allSatisfy { !$0.isPrefixed }
                ? CheckpointError.noHead(place: place, lacked)
                : .missingTensors(place: place, lacked)
        }
        if config.tiesEmbeddings {
            weights.W_U_transposed = weights.W_E
            expected.insert(unembedding)
        }
        let surplus = names.filter { !expected.contains($0) && !isIgnored($0) }
        if !surplus.isEmpty { throw CheckpointError.surplusTensors(place: place, surplus) }
        return weights
    }
}
