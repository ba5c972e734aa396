internal import FoundationEssentials
import Kernels
import Tensors

/// What a family's `config.json` holds, as `transformers` writes it; what is missing has that
/// library's default.
protocol FamilyConfig: Codable {
    /// What the file describes.
    func config(in file: ConfigFile) throws(CheckpointError) -> TransformerConfig
}

extension FamilyConfig {
    /// The file's text.
    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return [UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
}

/// A `config.json` and what its numbers may be: far more than any model has, so that products of
/// sizes and lists of layers stay small.
struct ConfigFile {
    /// The file's path, for messages.
    let path: String

    /// Reads a file.
    static func read(
        _ type: (some FamilyConfig).Type, from blob: Blob
    ) throws -> TransformerConfig {
        let file = ConfigFile(path: blob.name)
        do {
            return try decodeJSON(type, from: blob.bytes).config(in: file)
        } catch let error as JSONProblem {
            throw file.problem(error.description)
        }
    }

    /// The error for something that makes no sense.
    func problem(_ reason: String) -> CheckpointError { .badConfig(path: path, reason) }

    /// A positive number.
    func size(
        _ value: Int?, _ name: String, otherwise: Int, atMost limit: Int = 1 << 24
    ) throws(CheckpointError) -> Int {
        let value = value ?? otherwise
        guard (1...limit).contains(value) else {
            throw problem("\(name) is \(value); it must be 1 to \(limit)")
        }
        return value
    }

    /// A number of layers.
    func layers(
        _ value: Int?, _ name: String, otherwise: Int
    ) throws(CheckpointError) -> Int {
        try size(value, name, otherwise: otherwise, atMost: 10_000)
    }

    /// The width of the stream and the heads that share it.
    func width(
        _ dModel: (value: Int?, name: String), heads: (value: Int?, name: String)
    ) throws(CheckpointError) -> (dModel: Int, nHeads: Int) {
        let d = try size(dModel.value, dModel.name, otherwise: 768)
        let nHeads = try size(heads.value, heads.name, otherwise: 12)
        guard d % nHeads == 0 else {
            throw problem("\(dModel.name) \(d) is no multiple of \(heads.name) \(nHeads)")
        }
        return (d, nHeads)
    }

    /// What is added to variances.
    func epsilon(
        _ value: Float?, _ name: String, otherwise: Float
    ) throws(CheckpointError) -> Float {
        let eps = value ?? otherwise
        guard eps >= 0 else { throw problem("\(name) is \(eps); it must not be negative") }
        return eps
    }

    /// The function between the matrices of an MLP.
    func activation(
        _ value: String?, _ name: String, otherwise: String
    ) throws(CheckpointError) -> Activation {
        let function = value ?? otherwise
        guard let activation = Activation(rawValue: function) else {
            let known = Activation.allCases.map(\.rawValue).joined(separator: ", ")
            throw problem("\(name) is \(quoted(function)); known are \(known)")
        }
        return activation
    }
}
