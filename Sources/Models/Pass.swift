import Tensors

/// One walk of a batch through the model: what happens beside the arithmetic.
///
/// The forward pass tells it every value by name; it calls the hooks, keeps what the cache wants,
/// and says whether anyone listens, so that values nobody reads need not exist.
final class Pass {
    private let hooks: Hooks
    private var caching: Caching
    private var actions: [HookPoint: [Hooks.Action]] = [:]
    /// What was kept so far.
    private(set) var cache = ActivationCache()
    /// Keys and values of the positions before this batch's; it grows as layers are computed.
    var past: KeyValueCache?

    init(hooks: Hooks = Hooks(), caching: Caching = .none, past: KeyValueCache? = nil) {
        self.hooks = hooks
        self.caching = caching
        self.past = past
    }

    /// The same walk where values have one position only, so that none is chosen from.
    func withoutPositions() -> Pass {
        caching.positions = nil
        return self
    }

    /// Whether anyone reads or changes the value at a point.
    func listens(to kind: HookKind, _ layer: Int? = nil) -> Bool {
        let point = HookPoint(kind, layer: layer)
        return caching.includes(point) || !actions(at: point).isEmpty
    }

    /// Shows a value to the hooks, which may change it, and then to the cache.
    func visit(_ kind: HookKind, _ layer: Int? = nil, _ value: inout Tensor) {
        let point = HookPoint(kind, layer: layer)
        for action in actions(at: point) {
            let shape = value.shape
            action(&value, point)
            precondition(
                value.shape == shape, "a hook at \(point) changed shape \(shape) to \(value.shape)")
        }
        if caching.includes(point) { cache[point] = selected(value, kind) }
    }

    private func selected(_ value: Tensor, _ kind: HookKind) -> Tensor {
        guard let positions = caching.positions,
            let axis = kind.axes.firstIndex(where: { $0 == .pos || $0 == .queryPos })
        else { return value }
        let length = value.shape[axis]
        return value.selecting(positions.map { $0 < 0 ? $0 + length : $0 }, axis: axis)
    }

    private func actions(at point: HookPoint) -> [Hooks.Action] {
        if let known = actions[point] { return known }
        let found = hooks.actions(at: point)
        actions[point] = found
        return found
    }
}

/// Keys and values of positions that were computed before, so that a longer text need not start
/// anew.
struct KeyValueCache: Sendable {
    /// One pair per layer, each [batch, past, head, d_head].
    private var layers: [(keys: Tensor, values: Tensor)?]

    init(nLayers: Int) {
        layers = [(keys: Tensor, values: Tensor)?](repeating: nil, count: nLayers)
    }

    /// How many positions are known.
    var length: Int { layers[0]?.keys.shape[1] ?? 0 }

    /// Appends a layer's new keys and values, and returns all of them.
    mutating func extend(layer: Int, keys: Tensor, values: Tensor) -> (keys: Tensor, values: Tensor)
    {
        var all = (keys: keys, values: values)
        if let known = layers[layer] {
            all.keys = .concatenating([known.keys, keys], axis: 1)
            all.values = .concatenating([known.values, values], axis: 1)
        }
        layers[layer] = all
        return all
    }
}
