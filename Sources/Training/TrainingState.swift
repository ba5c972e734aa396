import Differentiation
private import FoundationEssentials
internal import Glibc
import Models
import Results
import Tensors

/// A checkpoint: one safetensors file with the weights, AdamW's moments and the log, and with the
/// config and the text's fingerprint as metadata.
struct TrainingState {
    private let file: SafetensorsFile
    private let config: TrainingConfig
    private let fingerprint: String
    let step: Int

    /// Reads a checkpoint; `nil` if there is none.
    static func read(_ path: String) throws -> TrainingState? {
        guard access(path, F_OK) == 0 else { return nil }
        let file = try SafetensorsFile(Blob(mapping: path))
        guard let json = file.metadata["config"], let text = file.metadata["text"],
            let step = file.metadata["step"].flatMap({ Int($0) }), step > 0
        else {
            throw TrainingError.badCheckpoint(
                path: path, reason: "it is no checkpoint of a training")
        }
        do {
            let config = try decodeJSON(TrainingConfig.self, from: json.utf8)
            return TrainingState(file: file, config: config, fingerprint: text, step: step)
        } catch {
            throw TrainingError.badCheckpoint(path: path, reason: "its config: \(error)")
        }
    }

    /// Writes a checkpoint, whole or not at all.
    static func write(
        _ path: String, config: TrainingConfig, text: TrainingText, model: Transformer,
        optimizer: AdamW, log: TrainingLog
    ) throws {
        var tensors: [(name: String, tensor: Tensor)] = []
        for (index, entry) in model.trained.enumerated() {
            tensors.append((entry.name, model.weights[keyPath: entry.path]))
            guard let (m, v) = optimizer.moments[index] else { continue }
            tensors += [("\(entry.name).m", m), ("\(entry.name).v", v)]
        }
        tensors.append(("log", log.steps.values))
        let spans = log.spans.flatMap { [Float($0.end), $0.validation] }
        tensors.append(("validation", Tensor([log.spans.count, 2], spans)))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let json = String(decoding: try encoder.encode(config), as: UTF8.self)
        try SafetensorsFile.write(
            path, tensors,
            metadata: [
                "config": json, "text": text.fingerprint, "step": String(optimizer.step),
            ])
    }

    /// Checks that it is of a training with this config and text.
    func check(_ config: TrainingConfig, _ text: TrainingText) throws {
        var differences = config.differences(from: self.config)
        if text.fingerprint != fingerprint {
            differences.append("the text or its tokenizer is another")
        }
        guard differences.isEmpty else {
            throw TrainingError.otherTraining(path: file.path, differences: differences)
        }
        guard step <= config.max_steps else { throw damaged("it has too many steps") }
    }

    /// A model with these weights.
    func weights(for model: Transformer) throws -> Transformer {
        var weights = model.weights
        for entry in model.trained {
            weights[keyPath: entry.path] = try tensor(
                entry.name, shape: weights[keyPath: entry.path].shape)
        }
        if model.config.tiesEmbeddings { weights.W_U_transposed = weights.W_E }
        return Transformer(
            config: model.config, weights: weights, tokenizer: model.tokenizer, name: model.name)
    }

    /// AdamW's moments, by the place of the weight.
    func moments(for model: Transformer) throws -> [Int: (m: Tensor, v: Tensor)] {
        var moments: [Int: (m: Tensor, v: Tensor)] = [:]
        for (index, entry) in model.trained.enumerated() {
            let shape = model.weights[keyPath: entry.path].shape
            moments[index] = (
                try tensor("\(entry.name).m", shape: shape),
                try tensor("\(entry.name).v", shape: shape)
            )
        }
        return moments
    }

    func log() throws -> TrainingLog {
        let rows = try tensor("log", shape: [3, step])
        var log = TrainingLog()
        log.losses = rows[at: 0].values
        log.learningRates = rows[at: 1].values
        log.gradientNorms = rows[at: 2].values
        guard let count = file.shape(of: "validation")?.first else {
            throw damaged("no validation")
        }
        let spans = try tensor("validation", shape: [count, 2])
        for index in 0..<count {
            let (end, loss) = (spans[index, 0], spans[index, 1])
            guard end > Float(log.spans.last?.end ?? 0), end <= Float(step), end == end.rounded()
            else { throw damaged("validation[\(index)] is at the impossible step \(end)") }
            log.spans.append((Int(end), loss))
        }
        return log
    }

    private func tensor(_ name: String, shape: [Int]) throws -> Tensor {
        guard let found = file.shape(of: name) else { throw damaged("it has no tensor \(name)") }
        guard found == shape else {
            throw damaged("tensor \(name) has shape \(found), not \(shape)")
        }
        return try file.tensor(name)
    }

    private func damaged(_ reason: String) -> TrainingError {
        .badCheckpoint(path: file.path, reason: reason)
    }
}

extension Transformer {
    /// The weights that are trained, in the order of the optimizer; of those that share memory the
    /// first.
    fileprivate var trained: [WeightEntry] {
        weights.entries.filter { !(config.tiesEmbeddings && $0.name == "unembed.W_U") }
    }
}
