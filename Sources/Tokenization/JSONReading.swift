import FoundationEssentials

/// Decodes a JSON file, with errors that name the file and the place in it.
func decodeJSON<Value: Decodable>(
    _ type: Value.Type, from bytes: [UInt8], source: String
) throws -> Value {
    if bytes.isEmpty { throw TokenizerError.unreadable(source: source, reason: "it is empty") }
    do {
        return try JSONDecoder().decode(type, from: Data(bytes))
    } catch let error as DecodingError {
        throw TokenizerError(error, source: source)
    }
}

extension TokenizerError {
    fileprivate init(_ error: DecodingError, source: String) {
        switch error {
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            // The decoder does not say where, and says the same for numbers it cannot hold.
            self = .unreadable(
                source: source,
                reason: "it is not valid JSON, or a number in it is not whole or far too large")
        case .dataCorrupted(let context):
            self = .malformed(
                source: source, place: place(context.codingPath), reason: context.debugDescription)
        case .keyNotFound(let key, let context):
            self = .malformed(
                source: source, place: place(context.codingPath),
                reason: "there is no \"\(key.stringValue)\"")
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            self = .malformed(
                source: source, place: place(context.codingPath),
                reason: "should be \(inWords(type))")
        @unknown default:
            self = .unreadable(source: source, reason: "\(error)")
        }
    }
}

/// A path into the file, such as `model.merges[3]`.
private func place(_ path: [any CodingKey]) -> String {
    if path.isEmpty { return "top level" }
    return path.enumerated().reduce(into: "") { place, key in
        if let index = key.element.intValue {
            place += "[\(index)]"
        } else {
            place += (key.offset == 0 ? "" : ".") + inPath(key.element.stringValue)
        }
    }
}

/// A key as it is when it is a plain word, else quoted.
private func inPath(_ key: String) -> String {
    let isPlain = key.utf8.count <= 60 && key.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
    return isPlain && !key.isEmpty ? key : TokenizerError.quoted(key)
}

private func inWords(_ type: any Any.Type) -> String {
    switch type {
    case is Int.Type: "a whole number"
    case is Double.Type: "a number"
    case is String.Type: "a string"
    case is Bool.Type: "true or false"
    case is [Any].Type: "a list"
    default: "an object"
    }
}
