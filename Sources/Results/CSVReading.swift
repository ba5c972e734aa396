internal import Tensors

/// A table from outside in comma-separated form, RFC 4180.
public struct CSVTable: Sendable {
    /// The first row.
    public let header: [String]
    /// The other rows, each as long as the header, with the line they begin at.
    public let rows: [(line: Int, fields: [String])]

    /// Reads a table.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8, with or without a byte-order mark.
    ///   - source: The file's name, for messages.
    /// - Throws: ``CSVError`` with the line.
    public init(_ bytes: some Collection<UInt8>, source: String) throws(CSVError) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CSVError(source: source, line: 1, reason: "it is not UTF-8")
        }
        var scanner = CSVScanner(text: text.hasPrefix("\u{feff}") ? text.dropFirst() : text[...])
        var rows: [(line: Int, fields: [String])] = []
        while let row = try scanner.next(source) {
            if row.fields != [""] { rows.append(row) }
        }
        guard let first = rows.first else {
            throw CSVError(source: source, line: 1, reason: "it is empty")
        }
        for row in rows where row.fields.count != first.fields.count {
            throw CSVError(
                source: source, line: row.line,
                reason: "\(row.fields.count) fields under a header of \(first.fields.count)")
        }
        header = first.fields
        self.rows = Array(rows.dropFirst())
    }
}

/// What is wrong with a table, and where.
public struct CSVError: Error, Hashable, CustomStringConvertible {
    /// The file.
    public let source: String
    /// The line, from 1.
    public let line: Int
    /// What is wrong there.
    public let reason: String

    /// Describes a problem.
    public init(source: String, line: Int, reason: String) {
        (self.source, self.line, self.reason) = (source, line, reason)
    }

    /// A sentence for the user.
    public var description: String { "\(source), line \(line): \(reason)" }
}

/// Walks through the rows of a text.
private struct CSVScanner {
    private var rest: Substring
    private var line = 1

    init(text: Substring) { rest = text }

    /// The next row; `nil` at the end.
    mutating func next(_ source: String) throws(CSVError) -> (line: Int, fields: [String])? {
        if rest.isEmpty { return nil }
        let start = line
        var fields = [try field(source)]
        while rest.first == "," {
            rest.removeFirst()
            fields.append(try field(source))
        }
        if let end = rest.first {
            guard end.endsLine else {
                throw CSVError(
                    source: source, line: line, reason: "text after a closing quotation mark")
            }
            rest.removeFirst()
            line += 1
        }
        return (start, fields)
    }

    private mutating func field(_ source: String) throws(CSVError) -> String {
        guard rest.first == "\"" else {
            let field = rest.prefix { $0 != "," && !$0.endsLine }
            rest = rest[field.endIndex...]
            return String(field)
        }
        let start = line
        rest.removeFirst()
        var field = ""
        while let end = rest.firstIndex(of: "\"") {
            line += rest[..<end].count { $0.endsLine }
            field += rest[..<end]
            rest = rest[rest.index(after: end)...]
            guard rest.first == "\"" else { return field }
            field.append("\"")
            rest.removeFirst()
        }
        throw CSVError(source: source, line: start, reason: "a quotation mark is not closed")
    }
}

extension Character {
    /// Whether it ends a line of a table; other line breaks of Unicode may stand in a field.
    fileprivate var endsLine: Bool { self == "\n" || self == "\r\n" || self == "\r" }
}
