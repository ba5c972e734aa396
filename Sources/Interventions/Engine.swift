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
///
/// The results are those of a full forward pass per branch, to float32 rounding.
public struct Engine: Sendable {
    /// How the work is cut.
    public struct Options: Sendable, Hashable {
        /// The most rows (positions of branches) that are stacked. A chunk needs about
        /// (12 · d_model + 3 · d_mlp) · 4 bytes a row and thread.
        public var rowsPerChunk: Int

        /// Options; the default is large enough for full speed and small enough for the caches.
        public init(rowsPerChunk: Int = 512) {
            precondition(rowsPerChunk > 0, "rowsPerChunk must be positive")
            self.rowsPerChunk = rowsPerChunk
        }
    }

    private let base: BaseRun
    private let metric: PreparedMetric
    private let plans: [BranchPlan]
    private let chunks: [[Int]]

    /// Plans branches.
    ///
    /// - Throws: ``InterventionError`` for edits that cannot be applied, ``RunError`` for positions
    ///   and tokens that are not there.
    init(_ branches: [Branch], departingFrom run: Run, metric: Metric, options: Options) throws {
        guard let tokens = run.tokens else { throw InterventionError.baseWithoutTokens }
        let prepared = try PreparedMetric(metric, base: run)
        let base = try BaseRun(
            run, tokens: tokens, branches: branches, reading: prepared.base.map(\.positions))
        (self.base, self.metric) = (base, prepared)
        plans = try branches.enumerated().map { index, branch in
            try BranchPlan(index, branch.interventions, base)
        }
        chunks = Engine.chunks(of: plans, rows: options.rowsPerChunk)
    }

    /// The metric of each branch.
    ///
    /// - Parameter progress: Called from any thread with how many branches are done, of how many.
    func measure(progress: @Sendable (Int, Int) -> Void) -> [Double] {
        var values = [Double](repeating: 0, count: plans.count)
        let done = Mutex(0)
        values.withUnsafeMutableBufferPointer { values in
            let results = DisjointWrites(values)
            parallelFor(chunks.count) { chunk in
                let members = chunks[chunk].map { plans[$0] }
                let walk = Walk(base, metric, members)
                for (plan, value) in zip(members, walk.run()) { results[plan.branch] = value }
                done.withLock { done in
                    done += members.count
                    progress(done, plans.count)
                }
            }
        }
        return values
    }

    /// The floating-point operations that no exact method can do without: the matrix products of
    /// the rows that differ, from where they differ to what is read.
    var neededOperations: Double {
        plans.reduce(0) { sum, plan in
            plan.positions.reduce(sum) { sum, positions in
                sum + (positions.map { operations(rows: $0.count, from: plan.joins) } ?? 0)
            }
        }
    }

    private func operations(rows: Int, from stage: Stage) -> Double {
        let config = base.model.config
        let (d, heads) = (Double(config.dModel), Double(config.nHeads * config.dHead))
        let perRow = (keysAndValues: 4 * d * heads, queriesAndOutput: 4 * d * heads)
        let mlp = 4 * d * Double(config.dMLP)
        return (stage.index / 2..<2 * config.nLayers).reduce(0) { sum, half in
            let read = half / 2 == config.nLayers - 1 ? 1 : Double(rows)
            let attention = Double(rows) * perRow.keysAndValues + read * perRow.queriesAndOutput
            return sum + (half.isMultiple(of: 2) ? attention : read * mlp)
        }
    }

    /// Groups plans by where they join; a group has at most `rows` rows, and at least one plan.
    ///
    /// Few branches are dealt out in turn, so that chunks take equally long; many are cut in order,
    /// so that those that join together make the largest products.
    private static func chunks(of plans: [BranchPlan], rows: Int) -> [[Int]] {
        let order = plans.indices.sorted { (plans[$0].joins, $0) < (plans[$1].joins, $1) }
        let total = plans.reduce(0) { $0 + $1.rowCount }
        let count = max(min(2, plans.count), (total + rows - 1) / rows)
        if count <= 8 {
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

/// Memory that threads write at different indices.
private struct DisjointWrites: @unchecked Sendable {
    private let values: UnsafeMutableBufferPointer<Double>

    init(_ values: UnsafeMutableBufferPointer<Double>) { self.values = values }

    subscript(index: Int) -> Double {
        get { values[index] }
        nonmutating set { values[index] = newValue }
    }
}
