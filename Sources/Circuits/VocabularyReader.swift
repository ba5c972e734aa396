public import Kernels
public import Models
public import Tensors

/// What directions of the residual stream mean in tokens.
public struct VocabularyReader: Sendable {
    /// The matrix that gives each token a direction.
    public enum Basis: String, CaseIterable, Sendable {
        /// W_U: which tokens a direction raises the logits of.
        case unembed
        /// W_E: which tokens' embeddings have a part along a direction.
        case embed

        /// The matrix's name.
        public var matrix: String { self == .unembed ? "W_U" : "W_E" }
    }

    private let directions: Tensor

    /// Prepares to read directions of a model.
    ///
    /// Norms are as the weights have them: without `fold_ln`, W_U lacks the final norm's gain.
    public init(_ model: Transformer, basis: Basis = .unembed) {
        directions = basis == .unembed ? model.weights.W_U_transposed : model.weights.W_E
    }

    /// Each direction's dot product with every token's, [direction, d_vocab].
    ///
    /// - Parameter vectors: [direction, d_model].
    public func project(_ vectors: Tensor) -> Tensor {
        var logits = Tensor(uninitialized: [vectors.shape[0], directions.shape[0]])
        multiply(vectors.rows, directions.rows, into: logits.mutableRows, transposing: .right)
        return logits
    }

    /// The tokens with the largest and with the smallest dot product, for each direction.
    ///
    /// - Parameters:
    ///   - vectors: [direction, d_model].
    ///   - count: How many tokens at each end.
    public func extremes(of vectors: Tensor, count: Int) -> [Extremes] {
        // So many at a time that their logits stay small beside the model.
        let block = 128
        return stride(from: 0, to: vectors.shape[0], by: block).flatMap { start in
            let part = vectors[at: start..<min(start + block, vectors.shape[0])]
            let rows = project(part).rows
            return parallelMap(rows.count) { Extremes(of: rows[$0], count: count) }
        }
    }
}
