import Differentiation
import Tensors

/// A pass that calls hooks and keeps activations, both as [batch, pos, …], and records gradients
/// if it is given a tape.
final class HookedPass: Pass {
    let past: KeyValues?
    let tape: Tape?
    private let hooks: Hooks
    private let caching: Caching
    /// The points whose gradients are asked for.
    private let gradients: Caching
    private var actions: [HookPoint: [Hooks.Hook]] = [:]
    /// What was kept so far.
    var cache = ActivationCache()
    /// The gradients that came back so far.
    private(set) var gradientCache = ActivationCache()
    /// The keys and values that were known before, with this pass's; `nil` if none are collected.
    private(set) var known: KeyValues?

    init(
        hooks: Hooks, caching: Caching = .none, past: KeyValues? = nil, tape: Tape? = nil,
        gradients: Caching = .none
    ) {
        self.tape = tape
        self.gradients = gradients
        self.hooks = hooks
        self.caching = caching
        self.past = past
        known = past
    }

    func remember(_ layer: Int, keys: Tensor, values: Tensor, _ layout: RowLayout) {
        let shape = [layout.items.count, layout.items[0].rows.count] + keys.shape.dropFirst()
        known?.extend(layer: layer, keys: keys.reshaped(shape), values: values.reshaped(shape))
    }

    func listens(to kind: HookKind, _ layer: Int?) -> Bool {
        let point = HookPoint(kind, layer: layer)
        return caching.includes(point) || gradients.includes(point) || !actions(at: point).isEmpty
    }

    /// Calls the hooks, which may change the value, and then shows it to the caches.
    func visit(
        _ kind: HookKind, _ layer: Int?, _ value: inout Traced, _ layout: RowLayout
    ) {
        guard listens(to: kind, layer) else { return }
        let point = HookPoint(kind, layer: layer)
        let flat = value.shape
        value = value.reshaped(shape(of: value.value, kind, layout))
        for hook in actions(at: point) {
            value.edit(pullback: hook.pullback.map { pullback in { pullback(&$0, point) } }) {
                let shape = $0.shape
                hook.action(&$0, point)
                precondition(
                    $0.shape == shape, "a hook at \(point) changed shape \(shape) to \($0.shape)")
            }
        }
        if gradients.includes(point) {
            value.observe { [unowned self] gradient in
                gradientCache.keep(selected(gradient, kind, gradients), at: point)
            }
        }
        if caching.includes(point) { cache.keep(selected(value.value, kind, caching), at: point) }
        value = value.reshaped(flat)
    }

    private func shape(of value: Tensor, _ kind: HookKind, _ layout: RowLayout) -> [Int] {
        precondition(layout.isUniform, "hooks need sequences of one length")
        let (count, length) = (layout.items.count, layout.items[0].rows.count)
        guard kind.axes.contains(.queryPos) else {
            return [count, length] + value.shape.dropFirst()
        }
        let keys = layout.items[0].keyCount
        return [count, value.count / (count * length * keys), length, keys]
    }

    private func selected(_ value: Tensor, _ kind: HookKind, _ caching: Caching) -> Tensor {
        guard let positions = caching.positions,
            let axis = kind.axes.firstIndex(where: { $0 == .pos || $0 == .queryPos })
        else { return value }
        let length = value.shape[axis]
        // Where the last position alone is computed, there is nothing to choose from.
        if length == 1 && !kind.isInBlock { return value }
        return value.selecting(positions.map { $0 < 0 ? $0 + length : $0 }, axis: axis)
    }

    private func actions(at point: HookPoint) -> [Hooks.Hook] {
        if let known = actions[point] { return known }
        let found = hooks.actions(at: point)
        actions[point] = found
        return found
    }
}
