/// The header of a safetensors file as JSON.
struct SafetensorsHeader: Codable {
    /// What is said of one tensor.
    struct Tensor: Codable {
        let dtype: String
        let shape: [Int]
        let data_offsets: [Int]
    }

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }

        static let metadata = Name(stringValue: "__metadata__")
    }

    /// Free text; what is not text is passed over.
    let metadata: [String: String]
    var tensors: [String: Tensor] = [:]

    init(metadata: [String: String]) { self.metadata = metadata }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        metadata = (try? container.decode([String: String].self, forKey: .metadata)) ?? [:]
        for name in container.allKeys where name.stringValue != Name.metadata.stringValue {
            tensors[name.stringValue] = try container.decode(Tensor.self, forKey: name)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        if !metadata.isEmpty { try container.encode(metadata, forKey: .metadata) }
        for (name, tensor) in tensors {
            try container.encode(tensor, forKey: Name(stringValue: name))
        }
    }
}
