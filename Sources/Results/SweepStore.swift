internal import FoundationEssentials
public import Tensors

/// The finished values of a sweep that is still running, in a file, so that a sweep that was
/// stopped goes on where it was.
///
/// A process that is killed at any moment leaves a store that opens again: values come as records
/// with a checksum, each written by one call, and a torn one at the end is cut off. The header says
/// which experiment the values belong to; no other one can open the file, and only one process at a
/// time. The file may be lost when the power goes, but never gives wrong values.
///
/// ```swift
/// let store = try SweepStore("out/.sweep.partial", of: ["model": fingerprint], branches: 3072)
/// for (branch, value) in try store.known { … }
/// try store.append([0.25, 0.5], of: [0, 1])
/// ```
///
/// Numbers in the file are 64-bit, little-endian. The header is the magic number, the format's
/// version, the number of branches, the number of bytes of the experiment's description, that
/// description as JSON, and the XXH64 of all that. A record is the number of its branches, their
/// indices, their values, and the XXH64 of all that.
public final class SweepStore: Sendable {
    /// The number of the file's format.
    public static let format: UInt64 = 1

    /// All that the values depend on, in words and what it is.
    public let experiment: [String: String]
    /// The number of branches of the whole sweep.
    public let branchCount: Int
    /// How many values the file held when it was opened.
    public let knownCount: Int
    private let file: LockedFile
    /// Where the records are that the file held when it was opened.
    private let records: [Range<Int>]
    /// Those whose branches follow each other, in the order of branches.
    private let runs: [RecordPlaces.Run]

    /// The file.
    public var path: String { file.path }

    /// Opens the store of an experiment, or begins one.
    ///
    /// - Parameters:
    ///   - path: The file; it and the folders above are created where there are none.
    ///   - experiment: All that the values depend on, in words and what it is.
    ///   - branches: The number of branches of the whole sweep.
    /// - Throws: ``SweepStoreError`` for a file that cannot be taken up, ``FileError`` with the
    ///   system's reason.
    public init(_ path: String, of experiment: [String: String], branches: Int) throws {
        precondition(branches >= 0, "a sweep of \(branches) branches")
        file = try LockedFile(path)
        (self.experiment, branchCount) = (experiment, branches)
        let header = Header(experiment: experiment, branches: branches)
        let bytes = try header.bytes()
        let size = try file.size()
        // A header that was torn while it was written has no values behind it.
        let isTorn = try size < bytes.count && bytes.starts(with: file.read(0..<size))
        let found = isTorn ? nil : try Header.read(file, size: size)
        let differences = found.map { header.differences(from: $0.header) } ?? []
        // A store without values, as a command leaves that fails at once, holds nothing to lose.
        guard let found, differences.isEmpty || size > found.end else {
            try file.truncate(to: 0)
            try file.append(bytes)
            (knownCount, records, runs) = (0, [], [])
            return
        }
        guard differences.isEmpty else {
            throw SweepStoreError.anotherExperiment(path: path, differences: differences)
        }
        let places = try RecordPlaces(in: file, from: found.end, size: size, branches: branches)
        // Behind a record that is torn or damaged nothing can be told apart.
        if places.end < size { try file.truncate(to: places.end) }
        (knownCount, records, runs) = (places.valueCount, places.all, places.runs)
    }

    /// Opens a store that is there, whatever experiment it is of.
    ///
    /// - Throws: As ``init(_:of:branches:)``.
    public init(reading path: String) throws {
        // Opening a file that is not there would create it.
        _ = try Blob(mapping: path)
        file = try LockedFile(path)
        let size = try file.size()
        let found = try Header.read(file, size: size)
        (experiment, branchCount) = (found.header.experiment, found.header.branches)
        let places = try RecordPlaces(in: file, from: found.end, size: size, branches: branchCount)
        (knownCount, records, runs) = (places.valueCount, places.all, places.runs)
    }

    /// The values that the file held when it was opened, by branch; they are read at each call.
    ///
    /// - Throws: ``FileError`` with the system's reason.
    public var known: [Int: Double] {
        get throws {
            var values: [Int: Double] = [:]
            try forEachRecord { branches, numbers in
                values.merge(zip(branches, numbers)) { _, last in last }
            }
            return values
        }
    }

    /// Visits what the file held when it was opened, as it was written: no more than one record is
    /// in memory.
    ///
    /// - Parameter body: Called with some branches and their values.
    public func forEachRecord(_ body: ([Int], [Double]) throws -> Void) throws {
        for place in records {
            let record = try record(at: place)
            try body(record.branches, record.values)
        }
    }

    /// The values of branches that follow each other and were written together, perhaps among
    /// more, before the file was opened; `nil` if they were not.
    ///
    /// - Throws: ``FileError`` with the system's reason.
    public func values(of branches: Range<Int>) throws -> [Double]? {
        // The last run that begins no later.
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if runs[middle].branches.lowerBound <= branches.lowerBound {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low > 0, runs[low - 1].branches.upperBound >= branches.upperBound else { return nil }
        let run = runs[low - 1]
        let start = run.values + 8 * (branches.lowerBound - run.branches.lowerBound)
        let bytes = try file.read(start..<start + 8 * branches.count)
        return branches.indices.map { branch in
            Double(bitPattern: bytes.word(at: 8 * (branch - branches.lowerBound)))
        }
    }

    private func record(at place: Range<Int>) throws -> Record {
        guard
            let record = try Record(
                in: file, at: place.lowerBound, size: place.upperBound, branches: branchCount)
        else { throw SweepStoreError.damaged(path: path) }
        return record
    }

    /// Adds values; from any thread.
    ///
    /// - Parameters:
    ///   - values: The values.
    ///   - branches: The branch of each.
    public func append(_ values: [Double], of branches: [Int]) throws(FileError) {
        precondition(
            values.count == branches.count, "\(values.count) values of \(branches.count) branches")
        precondition(
            branches.allSatisfy((0..<branchCount).contains), "not all are of \(branchCount)")
        guard !branches.isEmpty else { return }
        try file.append(Record(branches: branches, values: values).bytes)
    }

    /// Removes the file, once its values are in the results.
    public func remove() { file.remove() }
}

/// What stands before the values.
private struct Header {
    let experiment: [String: String]
    let branches: Int

    private static let magic = Array("prbsweep".utf8)
    /// Descriptions are some hundreds of bytes; a longer one is a damaged number.
    private static let longest = 1 << 24

    /// Reads a file's header, and tells where it ends.
    static func read(_ file: LockedFile, size: Int) throws -> (header: Header, end: Int) {
        let damaged = SweepStoreError.damaged(path: file.path)
        guard size >= 32 else { throw damaged }
        let fixed = try file.read(0..<32)
        guard fixed.starts(with: magic) else { throw damaged }
        let version = fixed.word(at: 8)
        guard version == SweepStore.format else {
            throw SweepStoreError.otherFormat(path: file.path, version: version)
        }
        guard let branches = Int(exactly: fixed.word(at: 16)),
            let length = Int(exactly: fixed.word(at: 24)), length <= longest,
            40 + length <= size
        else { throw damaged }
        let bytes = try file.read(0..<40 + length)
        guard bytes.isSealed,
            let experiment = try? JSONDecoder().decode(
                [String: String].self, from: Data(bytes[32..<32 + length]))
        else { throw damaged }
        return (Header(experiment: experiment, branches: branches), bytes.count)
    }

    func bytes() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let description = try encoder.encode(experiment)
        var bytes = Header.magic
        for word in [SweepStore.format, UInt64(branches), UInt64(description.count)] {
            bytes.append(word)
        }
        bytes += description
        bytes.seal()
        return bytes
    }

    /// What differs, in words.
    func differences(from other: Header) -> [String] {
        let names = Set(experiment.keys).union(other.experiment.keys).sorted()
        return names.filter { experiment[$0] != other.experiment[$0] }
            + (branches == other.branches ? [] : ["number of branches"])
    }
}

/// Where the whole records of a file are.
private struct RecordPlaces {
    private(set) var all: [Range<Int>] = []
    /// Those whose branches follow each other, in the order of branches.
    private(set) var runs: [Run] = []
    /// How many values they hold.
    private(set) var valueCount = 0
    /// Where the last ends.
    private(set) var end: Int

    /// A record of branches that follow each other.
    struct Run {
        let branches: Range<Int>
        /// Where its values begin.
        let values: Int
    }

    init(in file: LockedFile, from start: Int, size: Int, branches: Int) throws {
        end = start
        // Of two that begin with the same branch the later one counts.
        var byFirst: [Int: Run] = [:]
        while let record = try Record(in: file, at: end, size: size, branches: branches) {
            let (count, first) = (record.branches.count, record.branches[0])
            all.append(end..<end + record.size)
            if record.branches.elementsEqual(first..<first + count) {
                byFirst[first] = Run(branches: first..<first + count, values: end + 8 + 8 * count)
            }
            valueCount += count
            end += record.size
        }
        runs = byFirst.values.sorted { $0.branches.lowerBound < $1.branches.lowerBound }
    }
}

/// Some branches and their values.
private struct Record {
    let branches: [Int]
    let values: [Double]

    /// The number of bytes in the file.
    var size: Int { 16 * branches.count + 16 }

    init(branches: [Int], values: [Double]) {
        self.branches = branches
        self.values = values
    }

    /// Reads a record; `nil` where there is none that is whole.
    init?(in file: LockedFile, at start: Int, size: Int, branches limit: Int) throws {
        guard size - start >= 16 else { return nil }
        let announced = try file.read(start..<start + 8).word(at: 0)
        guard let count = Int(exactly: announced), count > 0, count <= (size - start - 16) / 16
        else { return nil }
        let bytes = try file.read(start..<start + 16 * count + 16)
        guard bytes.isSealed else { return nil }
        let branches = (0..<count).map { bytes.word(at: 8 + 8 * $0) }
        guard branches.allSatisfy({ $0 < UInt64(limit) }) else { return nil }
        self.branches = branches.map { Int($0) }
        values = (0..<count).map {
            Double(bitPattern: bytes.word(at: 8 + 8 * (count + $0)))
        }
    }

    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        bytes.append(UInt64(branches.count))
        for branch in branches { bytes.append(UInt64(branch)) }
        for value in values { bytes.append(value.bitPattern) }
        bytes.seal()
        return bytes
    }
}

extension [UInt8] {
    /// The little-endian number at an offset.
    fileprivate func word(at offset: Int) -> UInt64 {
        self[offset..<offset + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Adds a number, little-endian.
    fileprivate mutating func append(_ word: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) {
            append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
        }
    }

    /// Adds the checksum of all so far.
    fileprivate mutating func seal() { append(withUnsafeBytes { Fingerprint($0).value }) }

    /// Whether the last eight bytes are the checksum of the others.
    fileprivate var isSealed: Bool {
        let checksum = word(at: count - 8)
        return withUnsafeBytes { bytes in
            Fingerprint(UnsafeRawBufferPointer(rebasing: bytes.dropLast(8))).value == checksum
        }
    }
}
