import Kernels
public import Results
import Tensors

/// Few parts that carry much of an effect, one after the other.
///
/// Top-k takes parts by their effects alone; greedy takes at each step the part that raises the
/// mean effect of all so far most, or lowers it least. Vig et al. 2020, section 4. Of equal values
/// the smaller layer, then the smaller index is taken.
///
/// All means are kept in a store, so that a selection that was stopped, or one of more parts, goes
/// on where the last ended, with the same bits.
public struct Selection<Objective: SelectionObjective> {
    /// How parts are chosen.
    public enum Algorithm: Sendable, Hashable {
        /// Each step the one that does most together with those before.
        case greedy
        /// In the order of their effects alone.
        case topK
        /// In that order too, but measured only when so many more are chosen.
        case chunks(of: Int)
        /// Each step one of those that do most together with those before, its rank drawn evenly
        /// from 1 to `ranks`. A store must be of one seed and number of ranks.
        case randomGreedy(ranks: Int, seed: UInt64)
    }

    /// What was chosen.
    public struct Outcome: Sendable {
        /// The parts, in the order in which they were chosen.
        public let parts: [Objective.Part]
        /// How many of them each effect is of: 1, 2, …, or the chunks' ends.
        public let sizes: [Int]
        /// The mean effect of the first parts together, as many as ``sizes`` says.
        public let effects: [Double]
        /// The mean effect of each part alone, in the objective's order; of parts that may be
        /// chosen.
        public let alone: [Objective.Part: Double]
        /// The mean effect of all parts together.
        public let whole: Double

        /// How many parts first reach the effect of all; `nil` if none of these do.
        public var enough: Int? { effects.firstIndex { $0 >= whole }.map { sizes[$0] } }
    }

    private let objective: Objective
    private let candidates: [Objective.Part]
    private let store: SweepStore?
    /// What is known of each mean: its sum so far, by the place in the store.
    private var known: [Int: Double]
    private let progress: (Int, Int) -> Void
    /// How many effects are known, one of each set in each item, and how many there are in all.
    private var (done, total) = (0, 0)

    /// Prepares a selection.
    ///
    /// - Parameters:
    ///   - objective: What is maximized.
    ///   - candidates: The parts that may be chosen, such as one layer's; `nil` for all.
    ///   - store: Where means are kept, of ``branchCount(of:)`` branches.
    ///   - progress: Called from any thread, one at a time, with how many effects are known, of how
    ///     many: one of each set in each item.
    public init(
        _ objective: Objective, among candidates: [Objective.Part]? = nil,
        store: SweepStore? = nil, progress: @escaping (Int, Int) -> Void = { _, _ in }
    ) throws {
        precondition(objective.itemCount > 0, "a selection over no items")
        self.objective = objective
        self.candidates = candidates ?? objective.parts
        self.store = store
        self.progress = progress
        known = try store?.known ?? [:]
    }

    /// How many numbers a store of an objective holds at most.
    public static func branchCount(of objective: Objective) -> Int {
        (objective.parts.count + 2) * (objective.parts.count + 1) * 2
    }

    /// Chooses parts.
    ///
    /// - Parameters:
    ///   - count: How many.
    ///   - algorithm: How.
    public func choose(_ count: Int, by algorithm: Algorithm) throws -> Outcome {
        var selection = self
        return try selection.run(min(count, candidates.count), algorithm)
    }

    private mutating func run(_ count: Int, _ algorithm: Algorithm) throws -> Outcome {
        if case .chunks(let size) = algorithm { precondition(size > 0, "chunks of \(size)") }
        total = objective.itemCount * setCount(count, algorithm)
        // The first greedy step is the effect of each part alone.
        let alone = try means(of: candidates.map { [$0] }, step: 0)
        let whole = try means(of: [objective.parts], as: 0, of: 1)[0]
        let order = candidates.indices.sorted {
            (-alone[$0], candidates[$0]) < (-alone[$1], candidates[$1])
        }
        let ranked = order.map { candidates[$0] }
        var (chosen, effects) = (Array(ranked.prefix(count)), [Double]())
        var sizes = Array(0..<count).map { $0 + 1 }
        switch algorithm {
        case .topK: effects = try prefixes(of: ranked, count: count)
        case .chunks(let size):
            sizes = stride(from: size, to: count, by: size) + [count]
            effects = try sizes.map { try chunk(Array(chosen.prefix($0))) }
        case .greedy: (chosen, effects) = try grow(to: count, alone) { _ in 0 }
        case .randomGreedy(let ranks, let seed):
            var generator = SeededGenerator(seed: seed, stream: "random greedy selection")
            (chosen, effects) = try grow(to: count, alone) { rest in
                Int(generator.uniform() * Double(min(max(ranks, 1), rest)))
            }
        }
        return Outcome(
            parts: chosen, sizes: sizes, effects: effects,
            alone: Dictionary(uniqueKeysWithValues: zip(candidates, alone)), whole: whole)
    }

    /// How many sets are measured, each in every item.
    private func setCount(_ count: Int, _ algorithm: Algorithm) -> Int {
        let (all, block) = (candidates.count, prefixBlock)
        let others =
            switch algorithm {
            case .greedy, .randomGreedy: (1..<max(count, 1)).reduce(0) { $0 + all - $1 }
            case .topK: min((count + block - 1) / block * block, all)
            case .chunks(let size): count == 0 ? 0 : (count - 1) / size + 1
            }
        return 1 + all + others
    }

    /// Adds part after part.
    ///
    /// - Parameters:
    ///   - alone: The first step's values.
    ///   - rank: Which of so many, the best first, is taken.
    private mutating func grow(
        to count: Int, _ alone: [Double], rank: (Int) -> Int
    ) throws -> (chosen: [Objective.Part], effects: [Double]) {
        var (chosen, effects): ([Objective.Part], [Double]) = ([], [])
        for step in 0..<count {
            let rest = candidates.filter { !chosen.contains($0) }
            let values = step == 0 ? alone : try means(of: rest.map { chosen + [$0] }, step: step)
            let order = rest.indices.sorted { (-values[$0], rest[$0]) < (-values[$1], rest[$1]) }
            let taken = order[rank(order.count)]
            chosen.append(rest[taken])
            effects.append(values[taken])
        }
        return (chosen, effects)
    }

    /// The mean effects of groups of parts, such as every whole layer, each changed together.
    ///
    /// - Parameter groups: No more groups than the objective has parts, and always the same ones.
    public func effects(ofGroups groups: [[Objective.Part]]) throws -> [Double] {
        precondition(groups.count <= objective.parts.count, "\(groups.count) groups")
        var selection = self
        selection.total = objective.itemCount * groups.count
        return try selection.means(
            of: groups, as: firstChunk + 2 * objective.parts.count, of: groups.count)
    }

    /// The place of what is known of chunks, behind all steps; a place and the number of items for
    /// each size.
    private var firstChunk: Int {
        2 + 2 * objective.parts.count + objective.parts.count * (objective.parts.count + 1)
    }

    /// The mean effect of the parts up to a chunk's end.
    ///
    /// It is measured alone: the last bits depend on what is measured beside it, and chunks of
    /// other sizes may end there too.
    private mutating func chunk(_ parts: [Objective.Part]) throws -> Double {
        try means(of: [parts], as: firstChunk + 2 * (parts.count - 1), of: 1)[0]
    }

    /// The mean effects of a greedy step's sets.
    private mutating func means(of sets: [[Objective.Part]], step: Int) throws -> [Double] {
        // After the mean of all, and the prefixes of top-k.
        let start = 2 + 2 * objective.parts.count + step * (objective.parts.count + 1)
        return try means(of: sets, as: start, of: sets.count)
    }

    /// How many of the first, of the first two, … are measured together.
    private var prefixBlock: Int { 8 }

    /// The mean effects of the first, of the first two, …
    ///
    /// They are measured in blocks, whatever their number: a value's last bits depend on what is
    /// measured beside it.
    private mutating func prefixes(of order: [Objective.Part], count: Int) throws -> [Double] {
        let (start, block) = (2, prefixBlock)
        let effects = try stride(from: 0, to: count, by: block).flatMap { first in
            let sets = (first..<min(first + block, order.count)).map { Array(order[...$0]) }
            return try means(of: sets, as: start + first * 2, of: sets.count)
        }
        return Array(effects.prefix(count))
    }

    /// The mean effects of some sets; their sums are kept as items come.
    ///
    /// - Parameters:
    ///   - start: The place of the first sum in the store; the number of items done is behind the
    ///     last.
    private mutating func means(
        of sets: [[Objective.Part]], as start: Int, of count: Int
    ) throws -> [Double] {
        var sums = (0..<count).map { known[start + $0] ?? 0 }
        let first = Int(known[start + count] ?? 0)
        done += first * count
        var (items, saved, whenSaved) = (first, first, ContinuousClock.now)
        func keepAll() throws {
            guard items > saved else { return }
            try keep(sums + [Double(items)], at: start)
            (saved, whenSaved) = (items, .now)
        }
        let objective = objective
        do {
            try parallelMap(objective.itemCount - first, atMost: objective.itemsAtOnce) {
                try objective.effects(of: sets, item: first + $0)
            } receiving: { _, effects in
                for (index, effect) in effects.enumerated() { sums[index] += effect }
                items += 1
                done += count
                if ContinuousClock.now - whenSaved > .seconds(5) { try keepAll() }
                progress(done, total)
            }
        } catch {
            try keepAll()
            throw error
        }
        try keepAll()
        return sums.map { $0 / Double(objective.itemCount) }
    }

    private mutating func keep(_ values: [Double], at start: Int) throws {
        let places = values.indices.map { start + $0 }
        for (place, value) in zip(places, values) { known[place] = value }
        try store?.append(values, of: places)
    }
}
