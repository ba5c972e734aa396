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
    ///   - unitsAtOnce: The most units that threads work on at once.
    ///   - progress: Called with how many units are done, of how many.
    ///   - measure: The numbers of a unit.
    ///   - receive: Takes a unit and its numbers.
    /// - Returns: Whether all units are there; `false` if some of other shards are missing.
    func run(
        store: SweepStore?, shard: Shard?, unitsAtOnce: Int = 1, progress: (Int, Int) -> Void,
        _ measure: @Sendable (Int) throws -> [Double], receive: (Int, [Double]) throws -> Void
    ) throws -> Bool {
        var missing: [Int] = []
        var isComplete = true
        let own = { (unit: Int) in shard?.contains(unit) ?? true }
        for unit in 0..<count {
            if let numbers = try store?.values(of: unit * width..<(unit + 1) * width) {
                try receive(unit, numbers)
            } else if own(unit) {
                missing.append(unit)
            } else {
                isComplete = false
            }
        }
        let all = (0..<count).count(where: own)
        let (units, done) = (missing, all - missing.count)
        progress(done, all)
        try parallelMap(units.count, atMost: unitsAtOnce) { index in
            let unit = units[index]
            let numbers = try measure(unit)
            precondition(numbers.count == width, "\(numbers.count) numbers of a unit of \(width)")
            try store?.append(numbers, of: Array(unit * width..<(unit + 1) * width))
            return numbers
        } receiving: { index, numbers in
            try receive(units[index], numbers)
            progress(done + index + 1, all)
        }
        return isComplete
    }

    /// The numbers of every unit; `nil` if units of other shards are missing.
    func run(
        store: SweepStore?, shard: Shard?, unitsAtOnce: Int = 1, progress: (Int, Int) -> Void,
        _ measure: @Sendable (Int) throws -> [Double]
    ) throws -> [[Double]]? {
        var values = [[Double]](repeating: [], count: count)
        let isComplete = try run(
            store: store, shard: shard, unitsAtOnce: unitsAtOnce, progress: progress, measure,
            receive: { values[$0] = $1 })
        return isComplete ? values : nil
    }
}
