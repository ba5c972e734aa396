import Models
import Tensors
import TestSupport

/// A checkpoint folder of a small model, to be written in many forms and damaged.
struct CheckpointFolder {
    let path: String

    /// Writes a model as ``Transformer/save(to:)`` does.
    init(_ model: Transformer, at path: String) throws {
        self.path = path
        try model.save(to: path)
    }

    /// Gives a small model's folder to `body`.
    static func with<Result>(
        _ model: Transformer = .small(), _ body: (CheckpointFolder) throws -> Result
    ) throws -> Result {
        try Repository.withTemporaryFolder { folder in
            try body(CheckpointFolder(model, at: folder + "/model"))
        }
    }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    func load() throws -> Transformer { try Transformer.load(path) }

    /// The tensors, in the file's order by name.
    func tensors() throws -> [(name: String, tensor: Tensor)] {
        let file = try SafetensorsFile(Blob(mapping: file("model.safetensors")))
        return try file.names.map { ($0, try file.tensor($0)) }
    }

    /// Writes the tensors anew after a change.
    func rewrite(
        as type: ElementType = .float32,
        _ change: (inout [(name: String, tensor: Tensor)]) throws -> Void
    ) throws {
        var tensors = try tensors()
        try change(&tensors)
        try SafetensorsFile.write(file("model.safetensors"), tensors, as: type)
    }

    /// Replaces a part of `config.json`.
    func edit(_ old: String, _ new: String) throws {
        let text = String(decoding: try Repository.bytes(file("config.json")), as: UTF8.self)
        let parts = text.split(separator: old, omittingEmptySubsequences: false)
        precondition(parts.count == 2, "\(old) stands \(parts.count - 1) times in config.json")
        try Repository.write(Array(parts.joined(separator: new).utf8), to: file("config.json"))
    }

    func write(_ text: String, to name: String) throws {
        try Repository.write(Array(text.utf8), to: file(name))
    }
}

/// Logits of a prompt that reads most of a small model.
func sampleLogits(_ model: Transformer) throws -> [Float] {
    try model.run([sampleTokens]).logits?.values ?? []
}

let sampleTokens = [3, 1, 4, 15, 9, 26, 5]
