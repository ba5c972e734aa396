import Kernels
import Tensors

/// One architecture: how a checkpoint's config and tensor names map onto the one transformer.
struct ModelFamily: Sendable {
    /// The `model_type` of its `config.json`.
    let modelType: String
    /// Reads the dimensions and kinds.
    let readConfig: @Sendable (Blob) throws -> TransformerConfig
    /// What `config.json` says, to write.
    let writeConfig: @Sendable (TransformerConfig) throws -> [UInt8]
    /// All tensors of a checkpoint, in the order they are written.
    let parameters: @Sendable (TransformerConfig) -> [Parameter]
    /// What some checkpoints put before every name, such as `transformer.`.
    let prefix: String
    /// Whether a tensor holds no weights, such as a stored causal mask; by name without prefix.
    let isIgnored: @Sendable (String) -> Bool

    /// The families that can be loaded.
    static let all: [ModelFamily] = [.gpt2]
}

/// One tensor of a checkpoint, and where it stands in ``Weights``.
struct Parameter {
    /// The checkpoint's name without the family's prefix.
    let name: String
    let shape: [Int]
    /// Whether the checkpoint's name takes the family's prefix.
    let isPrefixed: Bool
    let weight: WritableKeyPath<Weights, Tensor>
    let initial: InitialValue

    init(
        _ name: String, _ shape: [Int], _ weight: WritableKeyPath<Weights, Tensor>,
        _ initial: InitialValue, isPrefixed: Bool = true
    ) {
        self.name = name
        self.shape = shape
        self.isPrefixed = isPrefixed
        self.weight = weight
        self.initial = initial
    }
}

/// What a parameter is before training.
enum InitialValue: Hashable {
    case zeros
    case ones
    /// Independent normal numbers of mean 0.
    case normal(standardDeviation: Double)
}
