public import Tensors

/// What to do at hook points during one run: observe, edit in place, or replace values.
///
/// Hooks are values passed to a run; nothing is registered on the model. Those at one point are
/// called in the order they were added, and what the last leaves is what the run goes on with.
///
/// ```swift
/// var hooks = Hooks()
/// hooks.add(at: HookPoint(.z, layer: 3)) { z, _ in z = Tensor(z.shape) }   // zero all heads
/// let logits = try model.run(tokens, hooks: hooks).logits
/// ```
public struct Hooks {
    /// Receives the value, to change in place or replace by one of the same shape, and the point.
    public typealias Action = (inout Tensor, HookPoint) -> Void

    /// What is done at a point, and how gradients go back through it, if that is known.
    struct Hook {
        let action: Action
        let pullback: Action?
    }

    private var entries: [(matches: (HookPoint) -> Bool, hook: Hook)] = []
    /// Points asked for by name, which must exist.
    private(set) var required: Set<HookPoint> = []

    /// Whether there are none.
    public var isEmpty: Bool { entries.isEmpty }

    /// No hooks.
    public init() {}

    /// Calls `action` at one point.
    ///
    /// - Parameters:
    ///   - point: Where.
    ///   - pullback: Turns the gradient with respect to what `action` leaves, in place, into that
    ///     with respect to what it was given. ``Transformer`` says at `gradients(of:…)` what
    ///     happens without.
    ///   - action: Receives the value.
    public mutating func add(
        at point: HookPoint, pullback: Action? = nil, _ action: @escaping Action
    ) {
        required.insert(point)
        entries.append(({ $0 == point }, Hook(action: action, pullback: pullback)))
    }

    /// Calls `action` at the points of one kind in every layer.
    public mutating func add(at kind: HookKind, _ action: @escaping Action) {
        entries.append(({ $0.kind == kind }, Hook(action: action, pullback: nil)))
    }

    /// Calls `action` at every point that satisfies a condition.
    public mutating func add(
        where matches: @escaping (HookPoint) -> Bool, _ action: @escaping Action
    ) {
        entries.append((matches, Hook(action: action, pullback: nil)))
    }

    /// The actions at one point, in order.
    func actions(at point: HookPoint) -> [Hook] {
        entries.compactMap { $0.matches(point) ? $0.hook : nil }
    }
}

/// Which activations a run keeps.
public struct Caching: Sendable {
    let includes: @Sendable (HookPoint) -> Bool
    /// Points asked for by name, which must exist.
    let required: Set<HookPoint>
    /// The positions kept along the axis `pos` or `query_pos`; `nil` for all, negative from the
    /// end.
    public var positions: [Int]?
    /// Whether nothing is kept for certain.
    private(set) var isNone = false

    /// Nothing.
    public static let none: Caching = {
        var none = Caching(where: { _ in false })
        none.isNone = true
        return none
    }()

    /// Everything that exists without being asked for; see ``HookKind/isOnDemand``.
    public static let all = Caching(where: { !$0.kind.isOnDemand })

    /// Some kinds in every layer.
    public static func only(_ kinds: HookKind...) -> Caching {
        Caching(where: { kinds.contains($0.kind) })
    }

    /// Some points.
    public static func points(_ points: some Sequence<HookPoint>) -> Caching {
        let points = Set(points)
        return Caching(where: { points.contains($0) }, required: points)
    }

    /// Points that satisfy a condition.
    public init(where includes: @escaping @Sendable (HookPoint) -> Bool) {
        self.init(where: includes, required: [])
    }

    private init(where includes: @escaping @Sendable (HookPoint) -> Bool, required: Set<HookPoint>)
    {
        self.includes = includes
        self.required = required
    }

    /// The same activations at some positions only.
    public func at(positions: [Int]) -> Caching {
        var caching = self
        caching.positions = positions
        return caching
    }
}
