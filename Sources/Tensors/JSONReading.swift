private import FoundationEssentials

/// What is wrong with a JSON file: where, and why.
public struct JSONProblem: Error, Hashable, CustomStringConvertible {
    /// The place, such as `model.merges[3]`; `nil` if the file is not JSON at all.
    public let place: String?
    /// What is wrong there.
    public let reason: String

    /// Describes a problem.
    public init(place: String?, reason: String) {
        self.place = place
        self.reason = reason
    }

    /// The problem as part of a sentence that began with the file's name.
    public var description: String {
        place.map { "\($0): \(reason)" }
            ?? "\(reason); it may be damaged, so copy it again"
    }
}

/// Decodes JSON from outside, with errors that name the place.
public func decodeJSON<Value: Decodable>(
    _ type: Value.Type, from bytes: some Sequence<UInt8>
) throws(JSONProblem) -> Value {
    let data = Data(bytes)
    if data.isEmpty { throw JSONProblem(place: nil, reason: "it is empty") }
    do {
        return try JSONDecoder().decode(type, from: data)
    } catch let error as DecodingError {
        throw JSONProblem(error)
    } catch {
        throw JSONProblem(place: nil, reason: "\(error)")
    }
}

extension JSONProblem {
    fileprivate init(_ error: DecodingError) {
        switch error {
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            // The decoder does not say where, and says the same for numbers it cannot hold.
            self.init(
                place: nil,
                reason: "it is not valid JSON, or a number in it is not whole or far too large")
        case .dataCorrupted(let context):
            self.init(place: placeName(context.codingPath), reason: context.debugDescription)
        case .keyNotFound(let key, let context):
            self.init(
                place: placeName(context.codingPath), reason: "there is no \"\(key.stringValue)\"")
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            self.init(
                place: placeName(context.codingPath), reason: "should be \(inWords(type))")
        @unknown default:
            self.init(place: nil, reason: "\(error)")
        }
    }
}

/// A path into the file, such as `model.merges[3]`.
private func placeName(_ path: [any CodingKey]) -> String {
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
    return isPlain && !key.isEmpty ? key : quoted(key)
}

/// Text from outside for a message: quoted with control characters escaped, and cut when it is
/// long.
public func quoted(_ text: String) -> String {
    // Scalars, because one character may hold any number of combining marks.
    let shown = text.unicodeScalars.prefix(60)
    return String(shown).debugDescription + (shown.endIndex < text.endIndex ? "…" : "")
}

/// A name from outside for a message: as it is when it is plain, else quoted and cut.
public func shown(_ name: String) -> String {
    let isPlain = name.utf8.allSatisfy { (UInt8(ascii: "!")...UInt8(ascii: "~")).contains($0) }
    return isPlain && !name.isEmpty && name.utf8.count <= 60 ? name : quoted(name)
}

private func inWords(_ type: any Any.Type) -> String {
    switch type {
    case is Int.Type: "a whole number"
    case is Double.Type, is Float.Type: "a number"
    case is String.Type: "a string"
    case is Bool.Type: "true or false"
    case is [Any].Type: "a list"
    default: "an object"
    }
}
