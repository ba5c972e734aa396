internal import Tensors

extension LabelledArray {
    /// The result as tidy CSV: a row a value, the last axis fastest.
    ///
    /// The columns are the axes, each followed by its companion, then `value`, then the values'
    /// texts and their ids; for a patched residual stream `layer,pos,token,value`. Quoting as in
    /// RFC 4180, lines end in a line feed. Numbers are the shortest that read back to the same
    /// float; `nan` and `inf` are spelt so. See ``omitsMissing`` for rows that are left out.
    public func csv() -> String {
        var text = columnNames.map(csvField).joined(separator: ",") + "\n"
        let fields = axes.map(\.csvFields)
        var position = [Int](repeating: 0, count: axes.count)
        for (index, value) in values.values.enumerated() {
            defer { position.advance(in: values.shape) }
            if omitsMissing && value.isNaN { continue }
            for (axis, entry) in position.enumerated() {
                text += fields[axis][entry]
                text += ","
            }
            text += "\(value)"
            if let texts { text += "," + csvField(texts.values[index]) }
            if let ids = texts?.ids { text += ",\(ids[index])" }
            text += "\n"
        }
        return text
    }

    private var columnNames: [String] {
        var names = axes.flatMap { [$0.name] + ($0.companion.map { [$0.name] } ?? []) }
        names.append("value")
        guard let texts else { return names }
        return names + (texts.ids == nil ? [texts.name] : [texts.name, texts.name + "_id"])
    }
}

extension Axis {
    /// What an entry contributes to its row: its label, and its companion's.
    fileprivate var csvFields: [String] {
        guard let companion else { return labels.map(csvField) }
        return zip(labels, companion.labels).map { csvField($0) + "," + csvField($1) }
    }
}

/// A field of CSV, in quotes where it holds a comma, a quote or a line break.
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
