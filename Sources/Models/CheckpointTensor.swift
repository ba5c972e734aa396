public import Tensors

/// One tensor of a model's checkpoint: what it is called there, with the shape it has there.
///
/// Whoever exchanges vectors over parameters with Python goes through these: their order is that of
/// `named_parameters()`, each shared tensor once, and their values lie as they lie there.
///
/// ```swift
/// let gradients = try model.gradients(of: objective, on: batch, withRespectTo: .parameters)
/// let vector = model.checkpointTensors.filter { !$0.isInHead }
///     .flatMap { $0.gradient(in: gradients.parameters)?.values ?? [] }
/// ```
public struct CheckpointTensor {
    /// The name, with the family's prefix, such as `bert.embeddings.word_embeddings.weight`.
    public let name: String
    /// The shape in the checkpoint.
    public let shape: [Int]
    /// Whether it belongs to what predicts, not to the model below it: `cls.…`, `lm_head.…`,
    /// `vocab_…`.
    public let isInHead: Bool
    /// The weight it is, or is a part of.
    public let weight: WeightEntry
    private let parameter: Parameter

    fileprivate init(_ parameter: Parameter, prefix: String, weight: WeightEntry) {
        name = (parameter.isPrefixed ? prefix : "") + parameter.name
        (shape, isInHead) = (parameter.shape, !parameter.isPrefixed)
        (self.weight, self.parameter) = (weight, parameter)
    }

    /// The tensor's value, of ``shape``.
    public func value(in model: Transformer) -> Tensor {
        parameter.tensor(in: model.weights[keyPath: parameter.weight])
    }

    /// The gradient with respect to the tensor, of ``shape``; `nil` if that of its weight was not
    /// asked for.
    public func gradient(in gradients: ParameterGradients) -> Tensor? {
        gradients[parameter.weight].map { parameter.tensor(in: $0) }
    }

    /// Puts another value, of ``shape``, in the tensor's place; a tied unembedding changes with the
    /// embedding.
    public func set(_ value: Tensor, in model: inout Transformer) {
        precondition(value.shape == shape, "\(name) of shape \(value.shape), not \(shape)")
        parameter.store(value, in: &model.weights)
        if model.config.tiesEmbeddings, parameter.weight == \.W_E {
            model.weights.W_U_transposed = model.weights.W_E
        }
    }
}

extension Transformer {
    /// The tensors of the model's checkpoint, in the order of `named_parameters()`.
    public var checkpointTensors: [CheckpointTensor] {
        let family = ModelFamily.family(of: config.family)
        let entries = Dictionary(
            weights.entries.map { ($0.path as PartialKeyPath<Weights>, $0) },
            uniquingKeysWith: { first, _ in first })
        return family.parameters(config).compactMap { parameter in
            entries[parameter.weight].map {
                CheckpointTensor(parameter, prefix: family.prefix, weight: $0)
            }
        }
    }
}
