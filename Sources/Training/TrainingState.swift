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
        _ path: String, config: TrainingConfig, texts: [TrainingText?], model: Transformer,
        optimizer: AdamW, log: TrainingLog
    ) throws {
        var tensors: [(name: String, tensor: Tensor)] = []
        for (index, entry) in model.trained {
            guard let (m, v) = optimizer.moments[index] else {
                preconditionFailure("\(entry.name) was not trained")
            }
            tensors += [
                (entry.name, model.weights[keyPath: entry.path]), ("\(entry.name).m", m),
                ("\(entry.name).v", v),
            ]
        }
        tensors.append(("log", log.steps.values))
        let losses = log.validationLosses
        tensors.append(("validation", Tensor([losses.count], losses)))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let json = String(decoding: try encoder.encode(config), as: UTF8.self)
        try SafetensorsFile.write(
            path, tensors,
            metadata: [
                "config": json, "text": fingerprint(texts), "step": String(optimizer.step),
                "checksum": checksum(tensors.map(\.tensor)),
            ])
    }

    private static func fingerprint(_ texts: [TrainingText?]) -> String {
        texts.map { $0?.fingerprint ?? "none" }.joined(separator: "+")
    }

    /// Tells tensors from changed ones.
    private static func checksum(_ tensors: [Tensor]) -> String {
        let hashes = tensors.flatMap { tensor in
            let floats = tensor.rows(of: max(tensor.count, 1)).elements
            return Array(Fingerprint(UnsafeRawBufferPointer(floats)).hexadecimal.utf8)
        }
        return hashes.withUnsafeBytes { Fingerprint($0).hexadecimal }
    }

    /// Checks that it is of a training with this config and these texts, and whole.
    func check(
        _ config: TrainingConfig, _ text: TrainingText, _ validation: TrainingText?
    ) throws {
        var differences = config.differences(from: self.config)
        if Self.fingerprint([text, validation]) != fingerprint {
            differences.append("the text or its tokenizer is another")
        }
        guard differences.isEmpty else {
            throw TrainingError.otherTraining(path: file.path, differences: differences)
        }
        guard step <= config.max_steps else { throw damaged("it has too many steps") }
    }

    /// Checks that no number was changed since it was written.
    private func check(_ tensors: [Tensor]) throws {
        guard Self.checksum(tensors) == file.metadata["checksum"] else {
            throw damaged("its numbers were changed since it was written")
        }
    }

    /// A model with these weights.
    func weights(for model: Transformer) throws -> Transformer {
        var weights = model.weights
        var all: [Tensor] = []
        for (_, entry) in model.trained {
            let shape = weights[keyPath: entry.path].shape
            let own = try ["", ".m", ".v"].map { try tensor(entry.name + $0, shape: shape) }
            weights[keyPath: entry.path] = own[0]
            all += own
        }
        let (log, validation) = (try tensor("log", shape: [3, step]), file.shape(of: "validation"))
        try check(all + [log, try tensor("validation", shape: validation ?? [0])])
        if model.config.tiesEmbeddings { weights.W_U_transposed = weights.W_E }
        return Transformer(
            config: model.config, weights: weights, tokenizer: model.tokenizer, name: model.name,
            source: model.source)
    }

    /// AdamW's moments, by the place of the weight.
    func moments(for model: Transformer) throws -> [Int: (m: Tensor, v: Tensor)] {
        var moments: [Int: (m: Tensor, v: Tensor)] = [:]
        for (index, entry) in model.trained {
            let shape = model.weights[keyPath: entry.path].shape
            moments[index] = (
                try tensor("\(entry.name).m", shape: shape),
                try tensor("\(entry.name).v", shape: shape)
            )
        }
        return moments
    }

    func log(_ config: TrainingConfig) throws -> TrainingLog {
        let rows = try tensor("log", shape: [3, step])
        var log = TrainingLog(config)
        log.losses = rows[at: 0].values
        log.learningRates = rows[at: 1].values
        log.gradientNorms = rows[at: 2].values
        log.validationLosses = try tensor("validation", shape: [log.ends.count]).values
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
    /// The weights that are trained with their places in the optimizer; of those that share memory
    /// the first.
    fileprivate var trained: [(index: Int, entry: WeightEntry)] {
        weights.entries.enumerated().filter { _, entry in
            !(config.tiesEmbeddings && entry.name == "unembed.W_U")
        }.map { ($0.offset, $0.element) }
    }
}
