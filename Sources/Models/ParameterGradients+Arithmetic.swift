import Kernels
import Tensors

/// What training does with gradients between two backward passes and a step.
///
/// Gradients of weights that share memory share theirs, and stay so.
extension ParameterGradients {
    /// The 2-norm over all weights; those that share memory count once.
    public var norm: Double {
        distinct.reduce(0) { sum, index in
            guard let rows = self[entries[index].path]?.rows else { return sum }
            return (0..<rows.count).reduce(sum) { sum, row in
                rows[row].reduce(sum) { $0 + Double($1) * Double($1) }
            }
        }.squareRoot()
    }

    /// Multiplies all by a number.
    public mutating func scale(by factor: Double) {
        change { _, gradient in
            let rows = gradient.mutableRows
            for row in 0..<rows.count {
                let x = rows[row]
                for i in 0..<x.count { x[i] *= Float(factor) }
            }
        }
    }

    /// Adds gradients with respect to the same weights.
    public mutating func add(_ other: ParameterGradients) {
        change { path, gradient in
            guard let more = other[path] else { preconditionFailure("other weights") }
            Kernels.add(more.rows, to: gradient.mutableRows)
        }
    }

    /// Scales gradients whose norm exceeds a bound down to it, as PyTorch's `clip_grad_norm_`.
    ///
    /// - Returns: The norm before.
    @discardableResult
    public mutating func clip(toNorm bound: Double) -> Double {
        let norm = norm
        if norm > bound { scale(by: bound / (norm + 1e-6)) }
        return norm
    }

    /// The first entry of each memory.
    private var distinct: [Int] {
        var seen: Set<UnsafePointer<Float>> = []
        return entries.indices.filter { index in
            self[entries[index].path].map { seen.insert($0.rows.base).inserted } ?? false
        }
    }

    /// Changes each memory once, in place.
    private mutating func change(
        _ body: (WritableKeyPath<Weights, Tensor>, inout Tensor) -> Void
    ) {
        let addresses = entries.map { self[$0.path]?.rows.base }
        for index in distinct {
            let sharing = entries.indices.filter { addresses[$0] == addresses[index] }
            guard var gradient = self[entries[index].path] else { continue }
            for other in sharing { values[entries[other].path] = nil }
            body(entries[index].path, &gradient)
            for other in sharing { values[entries[other].path] = gradient }
        }
    }
}
