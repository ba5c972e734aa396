import Differentiation
import Kernels
import Models
import Tensors

/// One chunk of branches on its way through the layers; see ``Engine``.
struct Walk {
    private let base: BaseRun
    private let metric: PreparedMetric
    private let plans: [BranchPlan]
    private let pass: BranchPass
    private var layout = RowLayout()
    /// The residual stream of the items so far, [row, d_model].
    private var resid: Traced
    /// The plan that each item belongs to, by its place in `plans`.
    private var owners: [Int] = []

    init(_ base: BaseRun, _ metric: PreparedMetric, _ plans: [BranchPlan]) {
        (self.base, self.metric, self.plans) = (base, metric, plans)
        pass = BranchPass(base, plans.flatMap(\.later))
        resid = Traced(Tensor([0, base.model.config.dModel]))
    }

    /// The metric of each plan and sequence, before it is normalised.
    func run() -> [[Double]] {
        var walk = self
        let values = walk.arrive()
        // Elsewhere nothing differs from the base run.
        var all = [[Double]](repeating: metric.base.map(\.mean), count: plans.count)
        for (index, item) in walk.layout.items.enumerated() {
            all[walk.owners[index]][item.sequence] = values[index]
        }
        return all
    }

    /// Takes all items through the layers, and returns the metric of each.
    private mutating func arrive() -> [Double] {
        let model = base.model
        let last = model.config.nLayers - 1
        for layer in 0...last {
            let block = 4 * layer
            spread(at: Stage(index: block))
            join(Stage(index: block))
            pass.visit(.residPre, layer, &resid, layout)
            if !layout.items.isEmpty {
                let readers =
                    layer == last
                    ? layout.rows { base.reads(of: $0.sequence, from: $0.start) } : nil
                resid = model.addAttention(layer, resid, layout, readers: readers, pass)
                if let readers { layout = readers.layout }
            }
            join(Stage(index: block + 2), readRowOnly: layer == last)
            if !layout.items.isEmpty { resid = model.addMLP(layer, resid, layout, pass) }
            resid = model.endBlock(layer, resid, layout, pass)
        }
        join(Stage(index: 4 * (last + 1)), readRowOnly: true)
        guard !layout.items.isEmpty else { return [] }
        return metric.values(of: resid, layout, pass)
    }

    /// Adds the positions to which the coming attention carries a branch's difference; they are the
    /// base run's so far.
    private mutating func spread(at stage: Stage) {
        var spread = RowLayout()
        for (item, owner) in zip(layout.items, owners) {
            let end = plans[owner].positions[item.sequence]?.upperBound ?? item.end
            spread.append(
                positions: item.start..<max(end, item.end), of: item.sequence,
                tokenCount: item.tokenCount, trunk: item.trunk)
        }
        guard spread.rowCount > layout.rowCount else { return }
        let columns = 0..<base.model.config.dModel
        var all = Tensor(uninitialized: [spread.rowCount, columns.count])
        let rows = all.mutableRows
        for (old, new) in zip(layout.items, spread.items) {
            let known = new.rows.prefix(old.rows.count)
            copy(resid.value.rows[old.rows, columns], into: rows[known, columns])
            copy(
                base.residual(stage)[base.rows(at: old.end..<new.end, of: new.sequence), columns],
                into: rows[known.upperBound..<new.rows.upperBound, columns])
        }
        (resid, layout) = (Traced(all), spread)
    }

    /// Appends the branches that join at a residual stream.
    private mutating func join(_ stage: Stage, readRowOnly: Bool = false) {
        var new: [Tensor] = []
        for (owner, plan) in plans.enumerated() where plan.joins == stage {
            let trunk = layout.items.count
            for (sequence, rows) in zip(plan.positions, plan.changed).enumerated() {
                guard let all = rows.0, var positions = rows.1 else { continue }
                if readRowOnly {
                    positions = positions.clamped(
                        to: base.reads(of: sequence, from: positions.lowerBound))
                }
                if !positions.isEmpty {
                    let injection = Injection(
                        base: base, sequence: sequence, positions: positions,
                        keyCount: all.upperBound)
                    new.append(injection.residual(after: plan.injected, at: stage))
                }
                layout.append(
                    positions: positions, of: sequence, tokenCount: base.tokens.lengths[sequence],
                    trunk: plan.forks[sequence] ? trunk : nil)
                owners.append(owner)
                pass.append(plan.later, sequence: sequence)
            }
        }
        if !new.isEmpty { resid = Traced(.concatenating([resid.value] + new, axis: 0)) }
    }
}
