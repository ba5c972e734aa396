import Tensors

/// The batches of training, each of one direction, the directions in turn.
///
/// A gradient of mixed directions would average out what is to be learnt. Only full batches are
/// made; a direction whose rows are used up begins again in another order.
struct Batches {
    /// The rows of each direction, as places among all rows.
    private let groups: [[Int]]
    private let size: Int
    private let seed: UInt64

    /// Groups rows.
    ///
    /// - Throws: ``GradiendError/tooFewRows(transition:count:batch:)``.
    init(_ rows: [FeatureRow], size: Int, seed: UInt64) throws {
        let byTransition = Dictionary(grouping: rows.indices) { rows[$0].transition }
        for (transition, places) in byTransition.sorted(by: { $0.key < $1.key })
        where places.count < size {
            throw GradiendError.tooFewRows(
                transition: transition, count: places.count, batch: size)
        }
        groups = byTransition.sorted { $0.key < $1.key }.map(\.value)
        self.size = size
        self.seed = seed
    }

    /// How many batches use every row about once.
    var countPerEpoch: Int { groups.reduce(0) { $0 + $1.count / size } }

    /// The rows of a step; a step's batch depends on its number alone.
    subscript(step: Int) -> [Int] {
        let (round, group) = step.quotientAndRemainder(dividingBy: groups.count)
        let perEpoch = groups[group].count / size
        let (epoch, batch) = round.quotientAndRemainder(dividingBy: perEpoch)
        var generator = SeededGenerator(seed: seed, stream: "batches \(group) \(epoch)")
        let order = groups[group].shuffled(using: &generator)
        return Array(order[batch * size..<(batch + 1) * size])
    }
}
