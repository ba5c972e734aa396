import Differentiation
import Models
import Tensors

/// The walk of many branches at once, or of a part of one: each one's edits are applied to its own
/// rows.
final class BranchPass: Pass {
    let past: KeyValues?
    private let base: BaseRun
    /// The edits and sequence of each item of the layout, in order.
    private var items: [(edits: [PlannedEdit], sequence: Int)] = []
    /// The points that some item edits on the way.
    private let points: Set<HookPoint>

    /// Prepares for items with some edits.
    init(_ base: BaseRun, _ edits: some Sequence<PlannedEdit>) {
        self.base = base
        past = base.past
        points = Set(edits.map(\.site.point))
    }

    /// Adds an item below the others.
    func append(_ edits: [PlannedEdit], sequence: Int) { items.append((edits, sequence)) }

    func listens(to kind: HookKind, _ layer: Int?) -> Bool {
        !points.isEmpty && points.contains(HookPoint(kind, layer: layer))
    }

    func visit(_ kind: HookKind, _ layer: Int?, _ value: inout Traced, _ layout: RowLayout) {
        guard listens(to: kind, layer) else { return }
        value.edit { edit(&$0, HookPoint(kind, layer: layer), layout) }
    }

    private func edit(_ value: inout Tensor, _ point: HookPoint, _ layout: RowLayout) {
        let shape = Array(value.shape.dropFirst())
        var offset = 0
        for (item, entry) in zip(layout.items, items) {
            let size = item.rows.count * item.keyCount
            for edit in entry.edits where edit.site.point == point {
                if point.kind.axes.contains(.queryPos) {
                    let all = value.mutableRows(of: value.count)
                    for head in 0..<base.model.config.nHeads {
                        edit.apply(
                            toPattern: all.block(
                                at: offset + head * size, item.rows.count, item.keyCount),
                            start: item.start, sequence: item.sequence, head: head)
                    }
                } else {
                    let rows = value.mutableRows(of: shape.reduce(1, *))
                    edit.apply(
                        to: rows[item.rows, 0..<rows.columns], start: item.start,
                        sequence: item.sequence, shape: shape)
                }
            }
            offset += base.model.config.nHeads * size
        }
    }

    func remember(_ layer: Int, keys: Tensor, values: Tensor, _ layout: RowLayout) {}
}
