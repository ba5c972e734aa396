import Results

/// One of several equal parts of a study, for machines that share the work.
public struct Shard: Sendable, Hashable, CustomStringConvertible {
    /// Which part, from 1.
    public let index: Int
    /// Of how many.
    public let count: Int

    /// Reads `i/n`; `nil` unless 1 ≤ i ≤ n.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 2, let index = parts[0], let count = parts[1], count <= 1 << 20,
            (1...max(count, 1)).contains(index), count > 0
        else { return nil }
        (self.index, self.count) = (index, count)
    }

    /// As it is read.
    public var description: String { "\(index)/\(count)" }

    /// Whether a unit of the work belongs to this part.
    func contains(_ unit: Int) -> Bool { unit % count == index - 1 }
}

/// The units of a study's work, such as one prompt with one intervention, each of some numbers.
///
/// A unit's numbers depend on nothing but the unit, so parts that other machines worked on, or an
/// earlier run that was stopped, give the same bits as one run.
struct StudyUnits {
    /// How many units there are.
    let count: Int
    /// How many numbers each has.
    let width: Int

    /// Works on all units that are not known, or on those of a shard.
    ///
    /// - Parameters:
    ///   - store: Where numbers are kept as they come.
    ///   - shard: The part; `nil` for all.
    ///   - progress: Called with how many units are done, of how many.
    ///   - measure: The numbers of a unit.
    /// - Returns: The numbers of every unit; `nil` if units of other shards are missing.
    func run(
        store: SweepStore?, shard: Shard?, progress: (Int, Int) -> Void,
        _ measure: (Int) throws -> [Double]
    ) throws -> [[Double]]? {
        let known = store?.known ?? [:]
        var values = (0..<count).map { unit -> [Double]? in
            let numbers = (unit * width..<(unit + 1) * width).compactMap { known[$0] }
            return numbers.count == width ? numbers : nil
        }
        let own = (0..<count).filter { shard?.contains($0) ?? true }
        var done = own.count { values[$0] != nil }
        progress(done, own.count)
        for unit in own where values[unit] == nil {
            let numbers = try measure(unit)
            precondition(numbers.count == width, "\(numbers.count) numbers of a unit of \(width)")
            try store?.append(numbers, of: Array(unit * width..<(unit + 1) * width))
            values[unit] = numbers
            done += 1
            progress(done, own.count)
        }
        let complete = values.compactMap(\.self)
        return complete.count == count ? complete : nil
    }
}
