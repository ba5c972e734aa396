public import Tensors

/// The activations a run kept, by hook point, with the axes of ``HookKind/axes``.
///
/// Where a hook changed a value, the cache holds the changed one.
public struct ActivationCache: Sendable {
    private var values: [HookPoint: Tensor] = [:]
    /// The tokens that the activations follow from; `nil` if hooks,
    /// a residual stream or a later change did more.
    public internal(set) var tokens: TokenBatch?

    /// An empty cache.
    public init() {}

    /// The points with a value, in the order of the forward pass.
    public var points: [HookPoint] {
        let order = Dictionary(
            uniqueKeysWithValues: HookKind.allCases.enumerated().map { ($1, $0) })
        func rank(_ point: HookPoint) -> (Int, Int) {
            let after = point.kind.isInBlock || order[point.kind]! < order[.residPre]! ? 0 : 1
            return (point.layer ?? (after == 1 ? Int.max : -1), order[point.kind]!)
        }
        return values.keys.sorted { rank($0) < rank($1) }
    }

    /// The value at a point; `nil` if it was not kept.
    public subscript(point: HookPoint) -> Tensor? {
        get { values[point] }
        set {
            values[point] = newValue
            tokens = nil
        }
    }

    /// Keeps a value that follows from the tokens.
    mutating func keep(_ value: Tensor, at point: HookPoint) { values[point] = value }

    /// The cache with some of its points only.
    func keeping(_ points: [HookPoint]) -> ActivationCache {
        var copy = self
        copy.values = values.filter { points.contains($0.key) }
        return copy
    }

    /// The value at a point of a block; `nil` if it was not kept.
    public subscript(kind: HookKind, layer: Int) -> Tensor? {
        kind.isInBlock ? values[HookPoint(kind, layer: layer)] : nil
    }
}
