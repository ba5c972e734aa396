internal import FoundationEssentials
internal import Tensors

extension LabelledArray {
    /// The number of the JSON form; it grows when a reader of the old form would misread the new.
    public static let schema = 1

    /// What is known beside the values, as one JSON document with sorted keys.
    ///
    /// Axes with labels and companions, quantity, texts, summary numbers, provenance and the
    /// values' shape; the values themselves are in the `.npy` and the CSV, and here if asked for.
    /// Numbers that JSON cannot hold are the strings `nan`, `inf` and `-inf`, as Python's `float`
    /// reads them.
    ///
    /// - Parameter includingValues: Whether the values are a list under `values`, last axis
    ///   fastest.
    public func json(includingValues: Bool = false) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let data = try encoder.encode(Document(self, includingValues: includingValues))
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

    struct TextEntry: Encodable {
        let name: String
        let values: [String]
        let ids: [Int]?
    }

    let schema = LabelledArray.schema
    let name: String
    let quantity: QuantityEntry
    let axes: [AxisEntry]
    let shape: [Int]
    let summary: [String: Double]
    let settings: [String: String]
    let values: [Float]?
    /// Always here, since the `.npy` cannot hold them.
    let texts: TextEntry?
    let provenance: Provenance?

    init(_ array: LabelledArray, includingValues: Bool) {
        name = array.name
        quantity = QuantityEntry(name: array.quantity.name, unit: array.quantity.unit)
        axes = array.axes.map { axis in
            let companion = axis.companion.map { Labels(name: $0.name, labels: $0.labels) }
            return AxisEntry(name: axis.name, labels: axis.labels, companion: companion)
        }
        shape = array.axes.map(\.count)
        summary = Dictionary(array.summary.map { ($0.name, $0.value) }) { _, last in last }
        provenance = array.provenance
        settings = array.settings
        values = includingValues ? array.values.values : nil
        texts = array.texts.map { TextEntry(name: $0.name, values: $0.values, ids: $0.ids) }
    }
}
