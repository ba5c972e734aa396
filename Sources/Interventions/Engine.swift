import Kernels
import Models
import Synchronization
import Tensors

/// Runs many branches exactly, with the least work.
///
/// What a branch shares with the base run is not computed again:
///
/// 1. It joins at the residual stream behind its first edit; everything before is the base run's.
/// 2. Only positions from its first difference to the one the metric reads are computed; keys and
///    values of those before are the base run's, shared by all branches.
/// 3. Branches are stacked, so that each layer is a few large products; those that join later are
///    appended when the others arrive, so that each weight is read once a chunk.
/// 4. In the last layer only the position that is read goes through queries and MLP.
/// 5. Of the logits only what the metric needs is computed.
/// 6. Sequences of a batch that begin alike share the rows up to where they fork.
/// 7. Edits that all branches share, such as those of heads chosen before, are made once.
///
/// The results are those of a full forward pass per branch, to float32 rounding.
public struct Engine: Sendable {
    /// How the work is cut.
    public struct Options: Sendable, Hashable {
        /// The most rows (positions of branches) that are stacked.
        public var rowsPerChunk: Int
        /// The most bytes that chunks may hold, all threads together; `nil` for no limit.
        ///
        /// The model and the runs come on top. A row counts as (12 · d_model + 3 · d_mlp) · 4
        /// bytes, and more where patterns, heads' results or all logits are needed. Chunks get at
        /// most an eighth each, so that up to eight are worked on at once; with more threads or
        /// long prompts some threads have nothing to do. How many threads there are has no
        /// influence on how the work is cut, and so none on the results.
        public var memory: Int?

        /// Options; the default is large enough for full speed and small enough for the caches.
        public init(rowsPerChunk: Int = 1024, memory: Int? = nil) {
            precondition(rowsPerChunk > 0, "rowsPerChunk must be positive")
            self.rowsPerChunk = rowsPerChunk
            self.memory = memory
        }

        /// The most rows of a chunk, when each needs so many bytes.
        func rows(bytesPerRow: Int) -> Int {
            guard let memory else { return rowsPerChunk }
            return max(1, min(rowsPerChunk, memory / (8 * bytesPerRow)))
        }
    }

    private let base: BaseRun
    private let metric: PreparedMetric
    private let plans: [BranchPlan]
    private let chunks: [[Int]]
    /// How many chunks there is memory for.
    private let chunksAtOnce: Int

    /// Plans branches.
    ///
    /// - Parameter common: Edits that each branch has before its own.
    /// - Throws: ``InterventionError`` for edits that cannot be applied and for too little memory,
    ///   ``RunError`` for positions and tokens that are not there.
    init(
        _ branches: [Branch], sharing common: [Intervention] = [], departingFrom run: Run,
        metric: Metric, options: Options
    ) throws {
        guard let tokens = run.tokens else { throw InterventionError.baseWithoutTokens }
        guard run.cache.tokens == tokens else { throw InterventionError.baseWithHooks }
        let planned = try common.map { try PlannedEdit($0, in: run.model, tokens: tokens) }
        let areShared = planned.allSatisfy { $0.canBeShared(by: tokens) }
        let branches =
            areShared ? branches : branches.map { Branch(common + $0.interventions) }
        let all = branches + [Branch(common)]
        let points = BaseRun.points(for: all, in: run.model)
        let run = try run.with(areShared ? common : [], on: tokens, caching: points)
        let prepared = try PreparedMetric(metric, base: run)
        let base = try BaseRun(
            run, tokens: tokens, edits: areShared ? planned : [], needing: points,
            reading: prepared.base.map(\.positions))
        (self.base, self.metric) = (base, prepared)
        plans = try branches.enumerated().map { index, branch in
            try BranchPlan(index, branch.interventions, base)
        }
        let bytesPerRow = base.bytesPerRow(metric, all)
        chunks = Engine.chunks(of: plans, rows: options.rows(bytesPerRow: bytesPerRow))
        let plans = self.plans
        let needed = chunks.reduce(0) { largest, chunk in
            max(largest, bytesPerRow * chunk.reduce(0) { $0 + plans[$1].rowCount })
        }
        let memory = options.memory ?? .max
        guard needed <= memory else {
            throw InterventionError.tooLittleMemory(bytes: memory, needed: needed)
        }
        chunksAtOnce = max(1, memory / max(1, needed))
    }

    /// The metric of each branch.
    ///
    /// The chunks are those of the whole experiment, whatever is known: a value's last bits depend
    /// on the branches beside it in the products, so only so does a sweep that was stopped end with
    /// the same bits as one that was not. A chunk that is known in part is done again.
    ///
    /// - Parameters:
    ///   - known: Values measured before, by branch.
    ///   - keep: Called from any thread with the values and branches of each finished chunk; an
    ///     error ends the work and is passed on.
    ///   - progress: Called from any thread with how many branches are done, of how many; first
    ///     with those known before.
    func measure(
        knowing known: [Int: Double] = [:],
        keeping keep: @Sendable ([Double], [Int]) throws -> Void = { _, _ in },
        progress: @Sendable (Int, Int) -> Void
    ) throws -> [Double] {
        var values = plans.indices.map { known[$0] ?? 0 }
        let rest = chunks.filter { !$0.allSatisfy { known[$0] != nil } }
        try measure(rest, into: &values, keeping: keep, progress: progress) {
            metric.scaled($0.reduce(0, +) / Double($0.count))
        }
        return values
    }

    /// The metric of each branch and sequence, before it is normalised.
    func measureEach() throws -> [[Double]] {
        var values = [[Double]](repeating: [], count: plans.count)
        try measure(chunks, into: &values) { $0 }
        return values
    }

    /// Measures some chunks, all others being known.
    ///
    /// - Parameter value: What is made of a branch's metric in each sequence.
    private func measure<Value: Sendable>(
        _ rest: [[Int]], into values: inout [Value],
        keeping keep: @Sendable ([Value], [Int]) throws -> Void = { _, _ in },
        progress: @Sendable (Int, Int) -> Void = { _, _ in }, value: @Sendable ([Double]) -> Value
    ) throws {
        let done = plans.count - rest.reduce(0) { $0 + $1.count }
        let state = Mutex(Work(done: done))
        // By the shape of the work, so that threads have no influence on the results.
        let hasParts = chunks.count > 1 && chunksAtOnce > 1
        progress(done, plans.count)
        try values.withUnsafeMutableBufferPointer { values in
            let results = DisjointWrites(values)
            // A worker takes one chunk after another, so that no more than `workers` are in memory.
            let workers = min(Threads.count, chunksAtOnce, rest.count)
            parallelFor(workers) { _ in
                while let members = state.withLock({ $0.next(of: rest) }) {
                    let walk = Walk(base, metric, members.map { plans[$0] })
                    let measured = Threads.keepingProductsWhole(hasParts, walk.run).map(value)
                    for (branch, value) in zip(members, measured) { results[branch] = value }
                    let outcome = Result { try keep(measured, members) }
                    state.withLock { $0.finish(members.count, outcome, of: plans.count, progress) }
                }
            }
            if let failure = state.withLock({ $0.failure }) { throw failure }
        }
    }

    /// The floating-point operations that no exact method can do without: the matrix products of
    /// the rows that differ, from where they differ to what is read, and of logits that are needed.
    ///
    /// Of branches that join at a block's input, keys and values of later positions count too,
    /// which that block's attention could do without: a few percent.
    var neededOperations: Double {
        plans.reduce(0) { sum, plan in
            plan.positions.indices.reduce(sum) { $0 + operations(of: plan, sequence: $1) }
        }
    }

    private func operations(of plan: BranchPlan, sequence: Int) -> Double {
        guard let all = plan.positions[sequence], let changed = plan.changed[sequence] else {
            return 0
        }
        let config = base.model.config
        let (d, heads) = (Double(config.dModel), Double(config.nHeads * config.dHead))
        let projection = 2 * d * heads
        let mlp = 4 * d * Double(config.dMLP)
        let readable = base.reads(of: sequence, from: all.lowerBound)
        var rows = changed
        var sum = 0.0
        for half in plan.joins.index / 2..<2 * config.nLayers {
            let isLast = half / 2 == config.nLayers - 1
            if half.isMultiple(of: 2) {
                // What attends to changed keys changes, with the queries it had.
                sum += 2 * projection * Double(rows.count)
                let next = isLast ? readable : all
                sum += projection * Double(rows.clamped(to: next).count + next.count)
                rows = next
            } else {
                rows = isLast ? rows.clamped(to: readable) : rows
                sum += mlp * Double(rows.count)
            }
        }
        return sum + metric.operationsPerRow * Double(rows.clamped(to: readable).count)
    }

    /// Groups plans by where they join; a group has about `rows` rows, and at least one plan.
    ///
    /// Few branches are dealt out in turn, so that chunks take equally long, among 2, 4 or 8, which
    /// leave few threads idle; many are cut in order, so that those that join together make the
    /// largest products.
    private static func chunks(of plans: [BranchPlan], rows: Int) -> [[Int]] {
        let order = plans.indices.sorted { (plans[$0].joins, $0) < (plans[$1].joins, $1) }
        let total = plans.reduce(0) { $0 + $1.rowCount }
        let least = (total + rows - 1) / rows
        if least <= 8 {
            let count = min(plans.count, [2, 4].first { $0 >= least } ?? 8)
            return (0..<count).map { chunk in
                stride(from: chunk, to: order.count, by: count).map { order[$0] }
            }
        }
        var chunks: [[Int]] = [[]]
        var filled = 0
        for index in order {
            if filled + plans[index].rowCount > rows, !chunks[chunks.count - 1].isEmpty {
                chunks.append([])
                filled = 0
            }
            chunks[chunks.count - 1].append(index)
            filled += plans[index].rowCount
        }
        return chunks
    }
}

extension Run {
    /// The run with logits and some edits: this one, if it has them and there are no edits.
    fileprivate func with(
        _ edits: [Intervention], on tokens: TokenBatch, caching points: Set<HookPoint>
    ) throws -> Run {
        if logits != nil, edits.isEmpty { return self }
        var hooks = Hooks()
        for edit in edits { try edit.install(in: &hooks) }
        return try model.run(.tokens(tokens), hooks: hooks, caching: .points(points))
    }
}

extension PlannedEdit {
    /// Whether branches may depart from a run with this edit: where they differ from it, it is made
    /// once more, and it carries their differences to no position before.
    fileprivate func canBeShared(by tokens: TokenBatch) -> Bool {
        isIdempotent
            && !(0..<tokens.count).contains { looksAhead(in: $0, through: tokens.length - 1) }
    }
}

/// How far the work on chunks is.
private struct Work {
    /// Finished branches.
    var done: Int
    /// Chunks that were begun.
    var begun = 0
    var failure: (any Error)?

    init(done: Int) { self.done = done }

    /// The next chunk to begin; none after an error.
    mutating func next(of chunks: [[Int]]) -> [Int]? {
        guard failure == nil, begun < chunks.count else { return nil }
        begun += 1
        return chunks[begun - 1]
    }

    /// Counts a finished chunk, or remembers why it is none.
    mutating func finish(
        _ branches: Int, _ outcome: Result<Void, any Error>, of total: Int,
        _ progress: (Int, Int) -> Void
    ) {
        switch outcome {
        case .success:
            done += branches
            progress(done, total)
        case .failure(let error): failure = error
        }
    }
}

/// Memory that threads write at different indices.
private struct DisjointWrites<Value: Sendable>: @unchecked Sendable {
    private let values: UnsafeMutableBufferPointer<Value>

    init(_ values: UnsafeMutableBufferPointer<Value>) { self.values = values }

    subscript(index: Int) -> Value {
        get { values[index] }
        nonmutating set { values[index] = newValue }
    }
}
