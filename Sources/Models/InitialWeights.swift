internal import Glibc
import Kernels
import Tensors

extension Transformer {
    /// A randomly initialised model, as `transformers` initialises one (other random numbers).
    ///
    /// - Parameters:
    ///   - config: Dimensions.
    ///   - seed: The same seed gives the same weights on any machine and number of threads.
    public init(randomly config: TransformerConfig, seed: UInt64, name: String = "random") {
        var weights = Weights(config)
        for parameter in ModelFamily.family(of: config.family).parameters(config) {
            parameter.store(parameter.initialTensor(seed: seed), in: &weights)
        }
        if config.tiesEmbeddings { weights.W_U_transposed = weights.W_E }
        self.init(config: config, weights: weights, name: name)
    }

    /// Writes a randomly initialised model as a Hugging Face folder, tensor by tensor.
    public static func writeRandom(
        _ config: TransformerConfig, seed: UInt64, to folder: String
    ) throws {
        try ModelFamily.family(of: config.family).write(config, to: folder) {
            $0.initialTensor(seed: seed)
        }
    }
}

extension TransformerConfig {
    /// The published sizes of the families, by their names on the hub.
    public static let named: [(name: String, config: TransformerConfig)] = [
        ("gpt2", gpt2(nLayers: 12, dModel: 768, nHeads: 12)),
        ("gpt2-medium", gpt2(nLayers: 24, dModel: 1024, nHeads: 16)),
        ("gpt2-large", gpt2(nLayers: 36, dModel: 1280, nHeads: 20)),
        ("gpt2-xl", gpt2(nLayers: 48, dModel: 1600, nHeads: 25)),
        ("distilgpt2", gpt2(nLayers: 6, dModel: 768, nHeads: 12)),
        ("bert-base-uncased", .bert(dVocab: 30522)), ("bert-base-cased", .bert(dVocab: 28996)),
        ("bert-large-uncased", .bert(nLayers: 24, dModel: 1024, nHeads: 16, dVocab: 30522)),
        ("bert-large-cased", .bert(nLayers: 24, dModel: 1024, nHeads: 16, dVocab: 28996)),
        ("distilbert-base-uncased", .distilBERT(dVocab: 30522)),
        ("distilbert-base-cased", .distilBERT(dVocab: 28996)),
        ("roberta-base", .roBERTa()),
        ("roberta-large", .roBERTa(nLayers: 24, dModel: 1024, nHeads: 16)),
    ]

    /// A config by its name on the hub, or from a `config.json` or a folder that holds one.
    public static func find(_ name: String) throws -> TransformerConfig {
        if let known = named.first(where: { $0.name == name }) { return known.config }
        let path = name.hasSuffix(".json") ? name : name + "/config.json"
        guard access(path, F_OK) == 0 else {
            throw CheckpointError.unknownConfig(name, known: named.map(\.name))
        }
        let file = try Blob(mapping: path)
        return try ModelFamily.named(in: file).readConfig(file)
    }

    private static func gpt2(nLayers: Int, dModel: Int, nHeads: Int) -> TransformerConfig {
        var config = TransformerConfig(
            nLayers: nLayers, dModel: dModel, nHeads: nHeads, dVocab: 50257, nCtx: 1024)
        config.endOfText = 50256
        return config
    }
}

extension Parameter {
    /// The parameter before training.
    func initialTensor(seed: UInt64) -> Tensor {
        switch initial {
        case .zeros: return Tensor(shape)
        case .ones: return Tensor(shape, repeating: 1)
        case .normal(let standardDeviation):
            var tensor = Tensor(uninitialized: shape)
            let elements = tensor.mutableRows(of: tensor.count)
            let block = 1 << 16
            // Each block has a stream of its own, so that threads do not matter.
            parallelFor((tensor.count + block - 1) / block) { [name] index in
                var generator = SeededGenerator(seed: seed, stream: "\(name) \(index)")
                let end = min((index + 1) * block, elements.columns)
                generator.fillNormal(
                    UnsafeMutableBufferPointer(rebasing: elements[0][index * block..<end]),
                    standardDeviation: standardDeviation)
            }
            return tensor
        }
    }
}

extension SeededGenerator {
    /// Fills memory with normal numbers of mean 0: Box and Muller 1958.
    mutating func fillNormal(
        _ x: UnsafeMutableBufferPointer<Float>, standardDeviation: Double
    ) {
        for i in stride(from: 0, to: x.count, by: 2) {
            let radius = standardDeviation * (-2 * log(1 - uniform())).squareRoot()
            let angle = 2 * Double.pi * uniform()
            x[i] = Float(radius * cos(angle))
            if i + 1 < x.count { x[i + 1] = Float(radius * sin(angle)) }
        }
    }
}
