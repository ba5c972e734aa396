/// A table as CSV: quoting as in RFC 4180, lines end in a line feed.
///
/// - Parameters:
///   - header: The columns' names.
///   - rows: As many fields each.
public func csvText(header: [String], rows: some Sequence<[String]>) -> String {
    var text = ""
    for row in [header] + rows {
        precondition(row.count == header.count, "\(row.count) fields for \(header.count) columns")
        text += row.map(csvField).joined(separator: ",")
        text += "\n"
    }
    return text
}

/// A field, in quotes where it holds a comma, a quote or a line break.
public func csvField(_ field: String) -> String {
    let special = ",\"\r\n".utf8
    guard field.utf8.contains(where: special.contains) else { return field }
    var text = "\""
    // By scalar: a carriage return and a line feed together are one character.
    for scalar in field.unicodeScalars {
        if scalar == "\"" { text += "\"" }
        text.unicodeScalars.append(scalar)
    }
    return text + "\""
}
