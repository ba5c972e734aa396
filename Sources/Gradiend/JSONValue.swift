/// A value of a JSON file whose fields are known by name only, such as the Python package's.
enum JSONValue: Sendable, Hashable {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([JSONValue])
    case table([String: JSONValue])
}

extension JSONValue {
    /// A number, or null.
    init(_ value: Double?) { self = value.map { .number($0) } ?? .null }

    /// A whole number, or null.
    init(_ value: Int?) { self = value.map { .number(Double($0)) } ?? .null }

    /// Numbers by name.
    init(_ values: [String: Double]) { self = .table(values.mapValues { .number($0) }) }

    /// The value as JSON, for messages and fingerprints: one text for one value.
    var json: String {
        switch self {
        case .null: "null"
        case .flag(let value): "\(value)"
        case .number(let value): Int(exactly: value).map { "\($0)" } ?? "\(value)"
        case .text(let value): value.debugDescription
        case .list(let values): "[" + values.map(\.json).joined(separator: ", ") + "]"
        case .table(let values):
            "{"
                + values.sorted { $0.key < $1.key }
                .map { "\($0.key.debugDescription): \($0.value.json)" }.joined(separator: ", ")
                + "}"
        }
    }
}

extension JSONValue: Codable {
    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .flag(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let values = try? container.decode([JSONValue].self) {
            self = .list(values)
        } else if let values = try? container.decode([String: JSONValue].self) {
            self = .table(values)
        } else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "it is no value that can be held")
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .flag(let value): try container.encode(value)
        case .number(let value):
            // Whole numbers as such, which Python keeps apart.
            if let whole = Int(exactly: value) {
                try container.encode(whole)
            } else {
                try container.encode(value)
            }
        case .text(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .table(let values): try container.encode(values)
        }
    }
}
