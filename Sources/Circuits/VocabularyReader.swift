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
    ///   - count: How many tokens at each end, no more than there are.
    /// - Throws: ``LinearAlgebraError`` where a dot product is not finite.
    public func extremes(
        of vectors: Tensor, count: Int
    ) throws(LinearAlgebraError) -> [Extremes] {
        let (tokens, n) = (directions.rows, vectors.shape[0])
        // Eight parts of the vocabulary side by side, each in tiles whose logits stay in the cache.
        let tile = 768
        let part = (tokens.count + 8 * tile - 1) / (8 * tile) * tile
        let parts = parallelMap((tokens.count + part - 1) / part) { index in
            var found = [Extremes](repeating: Extremes(count: count), count: n)
            var logits = Tensor(uninitialized: [n, tile])
            let out = logits.mutableRows
            let end = min((index + 1) * part, tokens.count)
            for start in stride(from: index * part, to: end, by: tile) {
                let columns = 0..<min(tile, end - start)
                let some = out[0..<n, columns]
                multiply(
                    vectors.rows, tokens[start..<start + columns.count, 0..<tokens.columns],
                    into: some, transposing: .right)
                for row in 0..<n { found[row].add(some.reading[row], at: start) }
            }
            return found
        }
        let found = parts.dropFirst().reduce(into: parts.first ?? []) { all, next in
            for row in all.indices { all[row].merge(next[row]) }
        }
        // NaN and infinity make all sums over the row so.
        guard found.allSatisfy(\.skew.isFinite) else { throw .notFinite }
        return found
    }
}
