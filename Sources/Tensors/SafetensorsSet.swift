/// The tensors of a checkpoint in one safetensors file, or in several with an index.
public struct SafetensorsSet: Sendable {
    /// The file that a tensor is in.
    private let files: [String: SafetensorsFile]

    /// The names of all tensors, sorted.
    public var names: [String] { files.keys.sorted() }

    /// The tensors of one file.
    public init(_ file: SafetensorsFile) {
        files = Dictionary(uniqueKeysWithValues: file.names.map { ($0, file) })
    }

    /// The tensors of several files.
    ///
    /// - Parameters:
    ///   - index: The bytes of `model.safetensors.index.json`.
    ///   - open: Opens a file that stands beside the index; `nil` if there is none of that name.
    public init(index: Blob, open: (String) throws -> Blob?) throws {
        let map = try SafetensorsSet.map(of: index)
        var shards: [String: SafetensorsFile] = [:]
        for name in Set(map.values) {
            // A name from outside must not lead out of the folder.
            guard !name.contains("/"), name.hasSuffix(".safetensors") else {
                throw SafetensorsError.invalid(
                    path: index.name,
                    "it names the file \(quoted(name)); shards stand beside the index")
            }
            guard let blob = try open(name) else {
                throw SafetensorsError.invalid(
                    path: index.name, "it names the file \(shown(name)), which is missing")
            }
            shards[name] = try SafetensorsFile(blob)
        }
        var files: [String: SafetensorsFile] = [:]
        for (tensor, name) in map {
            guard let shard = shards[name], shard.contains(tensor) else {
                throw SafetensorsError.invalid(
                    path: index.name,
                    "it says that \(shown(name)) has a tensor \(shown(tensor)); it has not")
            }
            files[tensor] = shard
        }
        self.files = files
    }

    /// The shape of a tensor; `nil` if there is none of that name.
    public func shape(of name: String) -> [Int]? { files[name]?.shape(of: name) }

    /// A tensor as 32-bit floats.
    public func tensor(_ name: String) throws(SafetensorsError) -> Tensor? {
        try files[name]?.tensor(name)
    }

    /// The names of the files that an index names, sorted.
    public static func shards(in index: Blob) throws(SafetensorsError) -> [String] {
        Set(try map(of: index).values).sorted()
    }

    /// The file of each tensor.
    private static func map(of index: Blob) throws(SafetensorsError) -> [String: String] {
        do {
            return try decodeJSON(Index.self, from: index.bytes).weight_map
        } catch {
            throw .invalid(path: index.name, error.description)
        }
    }

    private struct Index: Decodable {
        let weight_map: [String: String]
    }
}
