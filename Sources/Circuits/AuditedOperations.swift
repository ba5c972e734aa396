package import Interventions
package import Kernels
package import Models
package import Results

/// The operations that an audit examines, as the toolkit has them.
///
/// A test replaces one by a damaged one and sees which identities notice: so each is known to be
/// able to fail.
package struct AuditedOperations: Sendable {
    /// The toolkit's own.
    package init() {}

    /// Rewrites the weights.
    package var process: @Sendable (Transformer, WeightProcessing) throws -> Transformer = {
        try $0.processed(by: $1)
    }

    /// Runs the model, up to a layer if one is given.
    package var run: @Sendable (Transformer, RunInput, Caching, _ stop: Int?) throws -> Run = {
        try $0.run($1, caching: $2, stoppingAt: $3)
    }

    /// Continues a prompt by the most likely tokens, with a cache of keys and values.
    package var generate: @Sendable (Transformer, [Int], Int, Hooks) throws -> [Int] = {
        try $0.generate(from: $1, count: $2, sampling: .greedy, hooks: $3)
    }

    /// Measures branches.
    package var measure: @Sendable (Metric, [Branch], Run, Engine.Options) throws -> [Double] = {
        try $0.measure($1, departingFrom: $2, options: $3)
    }

    /// Estimates a sweep's branches from gradients.
    package var estimate: @Sendable (Sweep, Metric, Run) throws -> [Double] = {
        try AttributionPatching([$0], $1, departingFrom: $2).estimates(of: $0)
    }

    /// Singular values and vectors of a product.
    package var singularValues: @Sendable (FactoredMatrix) throws -> SingularValues = {
        try $0.svd()
    }

    /// The Frobenius norm of a product.
    package var norm: @Sendable (FactoredMatrix) throws -> Double = { try $0.norm() }

    /// The eigenvalues of a square product.
    package var eigenvalues:
        @Sendable (FactoredMatrix) throws -> [(real: Double, imaginary: Double)] = {
            try $0.eigenvalues()
        }

    /// The composition scores of all pairs of heads.
    package var compositionScores: @Sendable (Transformer, Composition) throws -> LabelledArray = {
        try $0.compositionScores($1)
    }
}
