import Tensors

/// Decodes a JSON file, with errors that name the file and the place in it.
func decodeJSON<Value: Decodable>(
    _ type: Value.Type, from bytes: [UInt8], source: String
) throws(TokenizerError) -> Value {
    do {
        return try Tensors.decodeJSON(type, from: bytes)
    } catch {
        guard let place = error.place else {
            throw .unreadable(source: source, reason: error.reason)
        }
        throw .malformed(source: source, place: place, reason: error.reason)
    }
}
