import Kernels
import Tensors

/// One architecture: how a checkpoint's config and tensor names map onto the one transformer.
struct ModelFamily: Sendable {
    /// Its name, the `model_type` of its `config.json`.
    let name: FamilyName
    /// Reads the dimensions and kinds.
    let readConfig: @Sendable (Blob) throws -> TransformerConfig
    /// What `config.json` says, to write.
    let writeConfig: @Sendable (TransformerConfig) throws -> [UInt8]
    /// All tensors of a checkpoint, in the order of `named_parameters()` in Python.
    let parameters: @Sendable (TransformerConfig) -> [Parameter]
    /// What some checkpoints put before every name, such as `transformer.`.
    let prefix: String
    /// The tensor of the unembedding, which a tied checkpoint may hold beside the embedding.
    let unembedding: String
    /// Other names that a tensor has in some checkpoints.
    var spellings: @Sendable (String) -> [String] = { _ in [] }
    /// Whether a tensor holds no weights that are read, such as a stored causal mask.
    let isIgnored: @Sendable (String) -> Bool

    /// The families that can be loaded.
    static let all: [ModelFamily] = FamilyName.allCases.map { family(of: $0) }

    /// The family of a name.
    static func family(of name: FamilyName) -> ModelFamily {
        switch name {
        case .gpt2: .gpt2
        case .bert: .bert
        case .distilbert: .distilBERT
        case .roberta: .roBERTa
        }
    }
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
    /// How it lies in the weight.
    let layout: ParameterLayout

    init(
        _ name: String, _ shape: [Int], _ weight: WritableKeyPath<Weights, Tensor>,
        _ initial: InitialValue, _ layout: ParameterLayout = .whole, isPrefixed: Bool = true
    ) {
        self.name = name
        self.shape = shape
        self.isPrefixed = isPrefixed
        self.weight = weight
        self.initial = initial
        self.layout = layout
    }
}

/// What a parameter is before training.
enum InitialValue: Hashable {
    case zeros
    case ones
    /// Independent normal numbers of mean 0.
    case normal(standardDeviation: Double)
}
