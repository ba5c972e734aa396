import Tensors

extension LabelledArray {
    /// Reads a result from its `.json` and the `.npy` beside it.
    ///
    /// - Parameter path: The JSON file.
    /// - Throws: ``ResultError`` with the file and the place.
    public init(reading path: String) throws {
        let stem = path.hasSuffix(".json") ? String(path.dropLast(5)) : path
        let document = try ReadDocument(Blob(mapping: stem + ".json"))
        guard document.schema == LabelledArray.schema else {
            throw ResultError(
                path: stem + ".json",
                reason: "it has schema \(document.schema), which this version does not read")
        }
        let values = try Tensor(npy: Blob(mapping: stem + ".npy"))
        let axes = try document.axes.map { axis in
            guard axis.companion.map({ $0.labels.count == axis.labels.count }) ?? true else {
                throw ResultError(
                    path: stem + ".json", reason: "\(shown(axis.name)) has two numbers of labels")
            }
            return Axis(
                axis.name, labels: axis.labels,
                companion: axis.companion.map { Axis.Companion($0.name, $0.labels) })
        }
        guard axes.map(\.count) == values.shape else {
            throw ResultError(
                path: stem + ".npy",
                reason: "it has shape \(values.shape), but its JSON has axes of lengths "
                    + "\(axes.map(\.count))")
        }
        self.init(
            document.name, quantity: Quantity(document.quantity.name, unit: document.quantity.unit),
            axes: axes, values: values, provenance: document.provenance)
        settings = document.settings ?? [:]
    }
}

/// What is wrong with a result's file.
public struct ResultError: Error, Hashable, CustomStringConvertible {
    /// The file.
    public let path: String
    /// What is wrong with it.
    public let reason: String

    /// A sentence for the user.
    public var description: String { "\(path): \(reason)" }
}

/// What is read of a result's JSON.
private struct ReadDocument: Decodable {
    struct Labels: Decodable {
        let name: String
        let labels: [String]
    }

    struct AxisEntry: Decodable {
        let name: String
        let labels: [String]
        let companion: Labels?
    }

    struct QuantityEntry: Decodable {
        let name: String
        let unit: String?
    }

    /// Reads a file.
    init(_ file: Blob) throws {
        do {
            self = try decodeJSON(ReadDocument.self, from: file.bytes)
        } catch {
            throw ResultError(path: file.name, reason: error.description)
        }
    }

    let schema: Int
    let name: String
    let quantity: QuantityEntry
    let axes: [AxisEntry]
    let settings: [String: String]?
    let provenance: Provenance?
}

extension Tensor {
    /// Reads a NumPy array file that this toolkit wrote: version 1.0, `<f4`, C order.
    fileprivate init(npy file: Blob) throws {
        let bad = { (reason: String) in ResultError(path: file.name, reason: reason) }
        let bytes = file.bytes
        guard bytes.count >= 10, bytes.starts(with: [0x93] + Array("NUMPY".utf8) + [1, 0]) else {
            throw bad("it is no NumPy array of version 1.0")
        }
        let start = 10 + Int(bytes[8]) + Int(bytes[9]) << 8
        guard bytes.count >= start else { throw bad("its header is cut off") }
        let header = String(decoding: bytes[10..<start], as: UTF8.self)
        guard header.contains("'<f4'"), header.contains("'fortran_order': False"),
            let open = header.firstIndex(of: "("), let close = header.firstIndex(of: ")"),
            open < close
        else { throw bad("it does not hold 32-bit floats in C order") }
        var shape: [Int] = []
        for part in header[header.index(after: open)..<close].split(separator: ",") {
            let digits = part.filter { $0 != " " }
            guard let length = Int(digits), (0...1 << 40).contains(length) else {
                throw bad("its shape is no list of lengths")
            }
            shape.append(length)
        }
        let count = shape.reduce(1.0) { $0 * Double($1) }
        guard Double(bytes.count - start) == 4 * count else {
            throw bad("it has \(bytes.count - start) bytes of values for shape \(shape)")
        }
        self.init(
            shape,
            (0..<(bytes.count - start) / 4).map { index in
                bytes.loadUnaligned(fromByteOffset: start + 4 * index, as: Float.self)
            })
    }
}
