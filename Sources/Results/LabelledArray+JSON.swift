internal import FoundationEssentials

extension LabelledArray {
    /// The number of the JSON form; it grows when a reader of the old form would misread the new.
    public static let schema = 1

    /// What is known beside the values, as one JSON document with sorted keys.
    ///
    /// Axes with labels and companions, quantity, summary numbers, provenance and the values'
    /// shape; the values themselves are in the `.npy` and the CSV. Numbers that JSON cannot hold
    /// are the strings `nan`, `inf` and `-inf`, as Python's `float` reads them.
    public func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let data = try encoder.encode(Document(self))
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}

/// The JSON form of a result: its keys are the file's.
private struct Document: Encodable {
    struct Labels: Encodable {
        let name: String
        let labels: [String]
    }

    struct AxisEntry: Encodable {
        let name: String
        let labels: [String]
        let companion: Labels?
    }

    struct QuantityEntry: Encodable {
        let name: String
        let unit: String?
    }

    let schema = LabelledArray.schema
    let name: String
    let quantity: QuantityEntry
    let axes: [AxisEntry]
    let shape: [Int]
    let summary: [String: Double]
    let provenance: Provenance?

    init(_ array: LabelledArray) {
        name = array.name
        quantity = QuantityEntry(name: array.quantity.name, unit: array.quantity.unit)
        axes = array.axes.map { axis in
            let companion = axis.companion.map { Labels(name: $0.name, labels: $0.labels) }
            return AxisEntry(name: axis.name, labels: axis.labels, companion: companion)
        }
        shape = array.axes.map(\.count)
        summary = Dictionary(array.summary.map { ($0.name, $0.value) }) { _, last in last }
        provenance = array.provenance
    }
}
