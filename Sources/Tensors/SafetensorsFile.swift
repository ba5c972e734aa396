/// A safetensors file, opened for reading.
///
/// The layout: a 64-bit little-endian header length, a JSON header that gives each tensor's type,
/// shape and place, then the data (https://huggingface.co/docs/safetensors). The header is not
/// trusted: the tensors must lie inside the file, not overlap, leave no holes, and be as long as
/// their shape says.
public struct SafetensorsFile: Sendable {
    /// The file's path, for messages.
    public var path: String { blob.name }
    private let blob: Blob
    private let dataStart: Int
    private let entries: [String: Entry]

    private struct Entry: Sendable {
        let type: ElementType
        let shape: [Int]
        /// Relative to the start of the data.
        let bytes: Range<Int>
    }

    /// Free text that was written with the tensors.
    public let metadata: [String: String]

    /// The names of the tensors, sorted.
    public var names: [String] { entries.keys.sorted() }

    /// Reads and checks the header.
    public init(_ blob: Blob) throws(SafetensorsError) {
        self.blob = blob
        func fail(_ reason: String) -> SafetensorsError { .invalid(path: blob.name, reason) }

        guard blob.bytes.count >= 8 else { throw fail("it ends inside the 8-byte header length") }
        let length = UInt64(littleEndian: blob.bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(blob.bytes.count - 8) else {
            throw fail("a header of \(length) bytes does not fit a file of \(blob.bytes.count)")
        }
        guard length <= 100_000_000 else { throw fail("a header of \(length) bytes is too long") }
        dataStart = 8 + Int(length)
        let header: SafetensorsHeader
        do {
            header = try decodeJSON(SafetensorsHeader.self, from: blob.bytes[8..<dataStart])
        } catch {
            throw fail("in the header, \(error)")
        }
        var entries: [String: Entry] = [:]
        for (name, tensor) in header.tensors {
            do {
                entries[name] = try SafetensorsFile.entry(tensor)
            } catch {
                throw fail("tensor \(shown(name)) \(error.reason)")
            }
        }
        (self.entries, metadata) = (entries, header.metadata)
        if let problem = SafetensorsFile.gap(entries, in: blob.bytes.count - dataStart) {
            throw fail(problem)
        }
    }

    /// Whether the file has a tensor.
    public func contains(_ name: String) -> Bool { entries[name] != nil }

    /// The shape of a tensor; `nil` if the file has none of that name.
    public func shape(of name: String) -> [Int]? { entries[name]?.shape }

    /// A tensor as 32-bit floats.
    ///
    /// Elements that are 32-bit floats already are not copied: the tensor reads the mapped file.
    public func tensor(_ name: String) throws(SafetensorsError) -> Tensor {
        let (entry, bytes) = try located(name)
        guard entry.type.isReadable else {
            throw .invalid(
                path: path,
                "tensor \(shown(name)) is \(entry.type.rawValue); F32, F16 and BF16 can be read")
        }
        if entry.type == .float32, let address = bytes.baseAddress,
            Int(bitPattern: address) % MemoryLayout<Float>.alignment == 0
        {
            let floats = bytes.assumingMemoryBound(to: Float.self)
            return Tensor(entry.shape, storage: TensorStorage(borrowing: floats, from: blob))
        }
        var tensor = Tensor(uninitialized: entry.shape)
        entry.type.decode(bytes, into: tensor.mutableRows(of: max(tensor.count, 1)).elements)
        return tensor
    }

    /// A tensor's entry and its bytes.
    private func located(
        _ name: String
    ) throws(SafetensorsError) -> (entry: Entry, bytes: UnsafeRawBufferPointer) {
        guard let entry = entries[name] else {
            throw .invalid(path: path, "it has no tensor \(shown(name))")
        }
        let start = dataStart + entry.bytes.lowerBound
        return (
            entry,
            UnsafeRawBufferPointer(rebasing: blob.bytes[start..<start + entry.bytes.count])
        )
    }

    /// The type of a tensor's elements and their bytes, for elements that are no floats.
    func bytes(
        of name: String
    ) throws(SafetensorsError) -> (type: ElementType, bytes: UnsafeRawBufferPointer) {
        let (entry, bytes) = try located(name)
        return (entry.type, bytes)
    }

    private static func entry(_ tensor: SafetensorsHeader.Tensor) throws(Lie) -> Entry {
        guard let type = ElementType(rawValue: tensor.dtype) else {
            throw Lie("has the unknown type \(shown(tensor.dtype))")
        }
        guard tensor.data_offsets.count == 2, tensor.data_offsets[0] >= 0,
            tensor.data_offsets[0] <= tensor.data_offsets[1]
        else { throw Lie("has the impossible offsets \(tensor.data_offsets)") }
        var size = type.size
        for axis in tensor.shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: axis)
            guard axis >= 0, !overflow else {
                throw Lie("has the impossible shape \(tensor.shape)")
            }
            size = product
        }
        let bytes = tensor.data_offsets[0]..<tensor.data_offsets[1]
        guard bytes.count == size else {
            throw Lie(
                "has \(bytes.count) bytes, but shape \(tensor.shape) of \(type.rawValue) takes "
                    + "\(size)"
            )
        }
        return Entry(type: type, shape: tensor.shape, bytes: bytes)
    }

    /// What is wrong with the tensors' places; `nil` if they cover the data exactly.
    private static func gap(_ entries: [String: Entry], in size: Int) -> String? {
        let ordered = entries.sorted {
            ($0.value.bytes.lowerBound, $0.value.bytes.upperBound)
                < ($1.value.bytes.lowerBound, $1.value.bytes.upperBound)
        }
        var end = 0
        for (name, entry) in ordered {
            if entry.bytes.upperBound > size {
                return "tensor \(shown(name)) ends at byte \(entry.bytes.upperBound) of \(size): "
                    + "the file is cut short"
            }
            if entry.bytes.lowerBound < end {
                return "tensor \(shown(name)) overlaps the one before it"
            }
            if entry.bytes.lowerBound > end {
                return "bytes \(end) to \(entry.bytes.lowerBound) before tensor \(shown(name)) "
                    + "belong to none"
            }
            end = entry.bytes.upperBound
        }
        return end == size ? nil : "the last \(size - end) bytes belong to no tensor"
    }
}

/// Something wrong with a safetensors file.
public enum SafetensorsError: Error, CustomStringConvertible {
    /// The file breaks the format, or lacks what was asked for.
    case invalid(path: String, _ reason: String)

    /// A sentence for the user.
    public var description: String {
        switch self {
        case .invalid(let path, let reason): "\(path): \(reason)"
        }
    }
}

/// What is untrue of one tensor's entry.
private struct Lie: Error {
    let reason: String
    init(_ reason: String) { self.reason = reason }
}
