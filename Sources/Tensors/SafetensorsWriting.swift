private import FoundationEssentials

extension SafetensorsFile {
    /// Writes tensors to a file, whole or not at all.
    ///
    /// Tensors are written one after another in the order given; only one is in memory twice.
    ///
    /// - Parameters:
    ///   - path: The file; it is replaced.
    ///   - tensors: Names with a closure that makes each tensor when its turn comes, and its shape.
    ///   - type: F32, F16 or BF16.
    ///   - metadata: Free text, written under `__metadata__`.
    public static func write(
        _ path: String, _ tensors: [(name: String, shape: [Int], make: () throws -> Tensor)],
        as type: ElementType = .float32, metadata: [String: String] = [:]
    ) throws {
        let file = try stage(path, tensors, as: type, metadata: metadata)
        try file.commit()
    }

    /// Writes tensors that are all in memory.
    public static func write(
        _ path: String, _ tensors: [(name: String, tensor: Tensor)],
        as type: ElementType = .float32, metadata: [String: String] = [:]
    ) throws {
        try write(
            path, tensors.map { entry in (entry.name, entry.tensor.shape, { entry.tensor }) },
            as: type, metadata: metadata)
    }

    /// Writes everything beside `path`; the caller commits the file when what belongs to it is
    /// ready.
    public static func stage(
        _ path: String, _ tensors: [(name: String, shape: [Int], make: () throws -> Tensor)],
        as type: ElementType = .float32, metadata: [String: String] = [:]
    ) throws -> AtomicFile {
        let file = try AtomicFile(path)
        try file.write(try header(tensors.map { ($0.name, $0.shape) }, type, metadata))
        for (name, shape, make) in tensors {
            let tensor = try make()
            precondition(
                tensor.shape == shape, "\(name): shape \(tensor.shape), announced \(shape)")
            let floats = tensor.rows(of: max(tensor.count, 1)).elements
            for start in stride(from: 0, to: floats.count, by: 1 << 20) {
                let end = min(start + (1 << 20), floats.count)
                try file.write(type.encode(UnsafeBufferPointer(rebasing: floats[start..<end])))
            }
        }
        return file
    }

    static func header(
        _ tensors: [(name: String, shape: [Int])], _ type: ElementType, _ metadata: [String: String]
    ) throws -> [UInt8] {
        var header = SafetensorsHeader(metadata: metadata)
        var end = 0
        for (name, shape) in tensors {
            let start = end
            end += shape.reduce(type.size, *)
            precondition(header.tensors[name] == nil, "tensor \(name) is written twice")
            header.tensors[name] = .init(
                dtype: type.rawValue, shape: shape, data_offsets: [start, end])
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var json = [UInt8](try encoder.encode(header))
        // Spaces to a multiple of 8, so that mapped tensors are aligned.
        json += [UInt8](repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
        return withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json
    }
}
