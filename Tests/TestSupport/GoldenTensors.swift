public import Tensors

/// Reference tensors from a golden file.
public struct GoldenTensors: Sendable {
    /// The file.
    public let file: SafetensorsFile

    /// Opens `Tests/Golden/<path>`.
    public init(_ path: String) throws {
        file = try SafetensorsFile(Blob(mapping: Repository.golden(path)))
    }

    /// One tensor.
    public func callAsFunction(_ name: String) throws -> Tensor { try file.tensor(name) }
}
