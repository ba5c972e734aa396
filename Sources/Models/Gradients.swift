public import Tensors

/// With respect to what gradients are taken.
public struct GradientTargets {
    let includes: (String) -> Bool
    let activations: Caching

    /// Some of the weights, by their names; see ``WeightEntry/name``.
    public static func parameters(where includes: @escaping (String) -> Bool) -> GradientTargets {
        GradientTargets(includes: includes, activations: .none)
    }

    /// All weights.
    public static var parameters: GradientTargets { .parameters { _ in true } }

    /// The activations at some hook points, after the hooks there.
    public static func activations(_ points: Caching) -> GradientTargets {
        GradientTargets(includes: { _ in false }, activations: points)
    }

    /// The same weights, and the activations at some hook points.
    public func and(activations points: Caching) -> GradientTargets {
        GradientTargets(includes: includes, activations: points)
    }
}

/// What a backward pass leaves.
public struct Gradients {
    /// The objective.
    public let value: Double
    /// By weight; those that share memory have the same, which is their sum.
    public internal(set) var parameters: ParameterGradients
    /// By hook point, under the names and with the axes of the activations: TransformerLens' cache
    /// of `*_grad`.
    public let activations: ActivationCache
    /// The activations that were asked for.
    public let cache: ActivationCache
}

/// Gradients with respect to weights.
public struct ParameterGradients {
    /// The weights that have one, in the order of the forward pass.
    public let entries: [WeightEntry]
    var values: [PartialKeyPath<Weights>: Tensor]

    init(_ gradients: [(entry: WeightEntry, value: Tensor)]) {
        entries = gradients.map(\.entry)
        values = Dictionary(
            gradients.map { ($0.entry.path as PartialKeyPath<Weights>, $0.value) },
            uniquingKeysWith: { first, _ in first })
    }

    /// The gradient with respect to a weight, of its shape; `nil` if it was not asked for.
    public subscript(path: WritableKeyPath<Weights, Tensor>) -> Tensor? { values[path] }

    /// The gradient with respect to a weight by its name; see ``WeightEntry/name``.
    public subscript(name: String) -> Tensor? {
        entries.first { $0.name == name }.flatMap { values[$0.path] }
    }

    /// Lets a weight's gradient go, and with it its memory.
    public mutating func remove(_ entry: WeightEntry) { values[entry.path] = nil }
}

/// Why there is no gradient.
public enum GradientError: Error, Hashable, CustomStringConvertible {
    /// A loss of a batch without next tokens.
    case noNextToken
    /// Targets that do not fit the batch.
    case unfitTargets(String)
    /// The objective is infinite or not a number.
    case objectiveNotFinite(String)
    /// A gradient is infinite or not a number somewhere.
    case gradientNotFinite(of: String)

    /// A sentence that says what to do next.
    public var description: String {
        switch self {
        case .noNextToken:
            "the batch has no next token to predict; give sequences of two or more tokens"
        case .unfitTargets(let reason):
            "the targets do not fit the batch: \(reason); give at least one token to predict, at "
                + "positions that the sequences have"
        case .objectiveNotFinite(let objective):
            "the objective is \(objective); look for weights or activations that are not finite "
                + "(probe audit checks the weights)"
        case .gradientNotFinite(let name):
            "the gradient with respect to \(name) is not finite; lower the learning rate, or look "
                + "at the activations where it arises"
        }
    }
}
