import Tensors

extension Feature {
    /// Writes the feature as a folder that the Python package loads.
    ///
    /// All files are complete before the first appears.
    ///
    /// - Parameters:
    ///   - folder: Where to write; it is created.
    ///   - outcome: The runs that it was chosen from, and how, for `training.json`.
    public func save(to folder: String, from outcome: TrainingOutcome? = nil) throws {
        let (mapping, indices, masks) = Mapping.describing(map)
        let config = FeatureConfig(
            format_version: 0,
            architecture: .init(
                input_dim: neuron.count, latent_dim: 1, activation_encoder: "tanh",
                activation_decoder: "id", bias_decoder: true, torch_dtype: "float32"),
            mapping: mapping,
            metadata: .init(base_model: baseModel, tokenizer: baseModel))
        let context = FeatureContext(
            source: source.rawValue, target: target.rawValue,
            feature_class_encoding_direction: classes.map { [$0.positive: 1, $0.negative: -1] })
        var small = [
            ("config.json", try featureJSON(config)),
            ("gradiend_context.json", try featureJSON(context)),
        ]
        if let record {
            small.append(
                ("training.json", try featureJSON(TrainingFile(record, self, outcome))))
        }
        var files = try small.map { name, bytes in
            let file = try AtomicFile("\(folder)/\(name)")
            try file.write(bytes)
            return file
        }
        if !indices.isEmpty {
            files.append(
                try SafetensorsFile.stage(
                    "\(folder)/mapping_indices.safetensors", integers: indices, isBytes: false))
        }
        if !masks.isEmpty {
            files.append(
                try SafetensorsFile.stage(
                    "\(folder)/mapping_masks.safetensors", integers: masks, isBytes: true))
        }
        let count = neuron.count
        let tensors: [(name: String, shape: [Int], make: () throws -> Tensor)] = [
            (
                "encoder.0.linear.weight", [1, count],
                { neuron.encoderWeight.reshaped([1, count]) }
            ),
            ("encoder.0.linear.bias", [1], { neuron.encoderBias }),
            (
                "decoder.0.linear.weight", [count, 1],
                { neuron.decoderWeight.reshaped([count, 1]) }
            ),
            ("decoder.0.linear.bias", [count], { neuron.decoderBias }),
        ]
        files.append(
            try SafetensorsFile.stage(
                "\(folder)/model.safetensors", tensors, metadata: ["format": "pt"]))
        for file in files { try file.commit() }
    }
}
