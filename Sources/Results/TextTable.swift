private import FoundationEssentials
public import Tensors

/// A table of texts from outside: CSV with a header, or JSON lines with an object each.
///
/// Parquet is not read: there is no small and well-kept reader for it in Swift.
public struct TextTable: Sendable {
    /// The file, for messages.
    public let source: String
    /// The names of the columns; of JSON lines all that occur, sorted.
    public let columns: [String]
    /// The rows, each with the line it begins at and its texts by column.
    public let rows: [(line: Int, fields: [String: String])]

    /// Puts a table together.
    public init(source: String, columns: [String], rows: [[String: String]]) {
        self.source = source
        self.columns = columns
        self.rows = rows.enumerated().map { ($0 + 2, $1) }
    }

    /// Reads a file; one whose first character is `{` is JSON lines.
    ///
    /// Numbers, true and false become text; null, lists and objects are left out.
    ///
    /// - Throws: ``CSVError`` with the line of what is wrong.
    public init(_ file: Blob) throws(CSVError) {
        source = file.name
        let bytes = file.copy()
        if bytes.starts(with: Array("PAR1".utf8)) {
            throw CSVError(
                source: file.name, line: 1,
                reason: "Parquet is not read; convert it, such as with pandas: "
                    + "read_parquet(…).to_csv(…, index=False)")
        }
        let lines = file.lines()
        guard lines.first?.bytes.first(where: { !" \t".utf8.contains($0) }) == UInt8(ascii: "{")
        else {
            let table = try CSVTable(bytes, source: file.name)
            columns = table.header
            rows = table.rows.map { row in
                (
                    row.line,
                    Dictionary(
                        zip(table.header, row.fields), uniquingKeysWith: { first, _ in first })
                )
            }
            return
        }
        var rows: [(line: Int, fields: [String: String])] = []
        for (number, line) in lines {
            do {
                let object = try decodeJSON([String: Scalar].self, from: line)
                rows.append((number, object.compactMapValues(\.text)))
            } catch {
                throw CSVError(source: file.name, line: number, reason: error.description)
            }
        }
        self.rows = rows
        columns = Set(rows.flatMap(\.fields.keys)).sorted()
    }

    /// A field that must be there and hold something.
    ///
    /// - Throws: ``CSVError`` with the row's line.
    public func required(
        _ column: String, of row: (line: Int, fields: [String: String])
    ) throws(CSVError) -> String {
        guard let text = row.fields[column], !text.isEmpty else {
            throw CSVError(source: source, line: row.line, reason: "\(column) is empty")
        }
        return text
    }

    /// Checks that columns are there.
    ///
    /// - Throws: ``CSVError`` that names the first that is missing.
    public func require(_ names: [String]) throws(CSVError) {
        for name in names where !columns.contains(name) {
            throw CSVError(
                source: source, line: 1,
                reason: "there is no column \(name); needed are " + names.joined(separator: ", "))
        }
    }

    /// A plain value of JSON as text.
    private struct Scalar: Decodable {
        let text: String?

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let string = try? container.decode(String.self) {
                text = string
            } else if let flag = try? container.decode(Bool.self) {
                text = String(flag)
            } else if let whole = try? container.decode(Int.self) {
                text = String(whole)
            } else {
                text = (try? container.decode(Double.self)).map { String($0) }
            }
        }
    }
}
