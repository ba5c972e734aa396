import Kernels
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

    /// Works on all units that are not known, or on those of a shard, and gives every unit's
    /// numbers away as soon as they are there.
    ///
    /// Units that are known are read one at a time, so that no more than one is in memory.
    ///
    /// - Parameters:
    ///   - store: Where numbers are kept as they come, a unit at a time.
    ///   - shard: The part; `nil` for all.
    ///   - progress: Called with how many units are done, of how many.
    ///   - measure: The numbers of a unit.
    ///   - receive: Takes a unit and its numbers.
    /// - Returns: Whether all units are there; `false` if some of other shards are missing.
    func run(
        store: SweepStore?, shard: Shard?, progress: (Int, Int) -> Void,
        _ measure: (Int) throws -> [Double], receive: (Int, [Double]) throws -> Void
    ) throws -> Bool {
        let (missing, others) = try missing(store, shard, receive)
        let done = owned(by: shard) - missing.count
        progress(done, owned(by: shard))
        for (index, unit) in missing.enumerated() {
            let numbers = try measure(unit)
            try keep(numbers, of: unit, in: store)
            try receive(unit, numbers)
            progress(done + index + 1, owned(by: shard))
        }
        return others == 0
    }

    /// The numbers of every unit; `nil` if units of other shards are missing.
    ///
    /// - Parameter unitsAtOnce: The most units that threads work on at once.
    func run(
        store: SweepStore?, shard: Shard?, unitsAtOnce: Int, progress: (Int, Int) -> Void,
        _ measure: @Sendable (Int) throws -> [Double]
    ) throws -> [[Double]]? {
        var values = [[Double]](repeating: [], count: count)
        let (missing, others) = try missing(store, shard) { values[$0] = $1 }
        let done = owned(by: shard) - missing.count
        progress(done, owned(by: shard))
        try parallelMap(missing.count, atMost: unitsAtOnce) {
            let numbers = try measure(missing[$0])
            try keep(numbers, of: missing[$0], in: store)
            return numbers
        } receiving: { index, numbers in
            values[missing[index]] = numbers
            progress(done + index + 1, owned(by: shard))
        }
        return others == 0 ? values : nil
    }

    /// How many units a shard has.
    private func owned(by shard: Shard?) -> Int {
        (0..<count).count { shard?.contains($0) ?? true }
    }

    /// The units of a shard that are not known, and how many of others; those known are given away.
    private func missing(
        _ store: SweepStore?, _ shard: Shard?, _ receive: (Int, [Double]) throws -> Void
    ) throws -> (own: [Int], others: Int) {
        var (own, others): ([Int], Int) = ([], 0)
        for unit in 0..<count {
            if let numbers = try store?.values(of: unit * width..<(unit + 1) * width) {
                try receive(unit, numbers)
            } else if shard?.contains(unit) ?? true {
                own.append(unit)
            } else {
                others += 1
            }
        }
        return (own, others)
    }

    private func keep(_ numbers: [Double], of unit: Int, in store: SweepStore?) throws {
        precondition(numbers.count == width, "\(numbers.count) numbers of a unit of \(width)")
        try store?.append(numbers, of: Array(unit * width..<(unit + 1) * width))
    }
}
