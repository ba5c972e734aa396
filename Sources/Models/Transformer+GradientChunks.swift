import Differentiation
import Kernels
import Tensors

/// The loss of a large batch on a small model: some sequences at a time.
///
/// A chunk's activations stay in the caches, threads need not meet at each operation, and no more
/// than a chunk a thread is in memory. Chunks depend on shapes alone and their gradients are added
/// in order, so that the number of threads does not matter.
extension Transformer {
    /// About as many rows as fill a product.
    private static let rowsPerChunk = 512

    /// How a batch is cut, as ranges of sequences; `nil` if it is better not cut.
    ///
    /// It is cut where a chunk's activations outweigh the gradients, of which each chunk has its
    /// own.
    func gradientChunks(of tokens: TokenBatch) -> [Range<Int>]? {
        let (length, count) = (max(tokens.length, 1), tokens.count)
        let size = max(1, Transformer.rowsPerChunk / length)
        let perRow =
            config.nLayers * (10 * config.dModel + 2 * config.dMLP) + config.dVocab
        let parameters = weights.entries.reduce(0) { $0 + weights[keyPath: $1.path].count }
        guard count > size, perRow * size * length > parameters else { return nil }
        return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
    }

    /// The loss, the mean over the whole batch, and its gradients.
    func lossGradients(
        of tokens: TokenBatch, predicting targets: PredictionTargets, in chunks: [Range<Int>],
        _ entries: [WeightEntry]
    ) throws -> (value: Double, gradients: ParameterGradients) {
        let weight = 1 / Double(targets.count)
        // A chunk without targets has no part in the loss.
        let chunks = chunks.filter { targets[$0].count > 0 }
        let watched = entries.map { weights[keyPath: $0.path] }
        let parts = try parallelMap(chunks.count) { index in
            try lossGradients(
                of: tokens[chunks[index]], predicting: targets[chunks[index]], weight: weight,
                watched)
        }
        let gradients = try parameterGradients(entries) { weight in
            let index = watched.firstIndex { $0.rows.base == weight.rows.base } ?? 0
            var sum = parts[0].gradients[index]
            for part in parts.dropFirst() {
                add(part.gradients[index].rows, to: sum.mutableRows)
            }
            return sum
        }
        return (parts.reduce(0) { $0 + $1.value }, gradients)
    }

    /// One chunk's part of the loss, and its gradients with respect to some weights.
    private func lossGradients(
        of tokens: TokenBatch, predicting targets: PredictionTargets, weight: Double,
        _ watched: [Tensor]
    ) throws -> (value: Double, gradients: [Tensor]) {
        let tape = Tape()
        for parameter in watched { tape.watch(parameter) }
        let pass = HookedPass(hooks: Hooks(), tape: tape)
        let (value, loss) = try loss(of: tokens, predicting: targets, weight: weight, pass)
        tape.backward(from: loss, cotangent: Tensor([1], repeating: 1))
        var taken: [UnsafePointer<Float>: Tensor] = [:]
        let gradients = watched.map { parameter in
            let gradient = taken[parameter.rows.base] ?? tape.takeGradient(of: parameter)
            taken[parameter.rows.base] = gradient
            return gradient
        }
        return (value, gradients)
    }
}

extension TokenBatch {
    /// Some of the sequences.
    fileprivate subscript(range: Range<Int>) -> TokenBatch {
        func rows(_ all: [[Int]]) -> [[Int]] { range.map { Array(all[$0].prefix(lengths[$0])) } }
        return TokenBatch(rows(ids), types: rows(types))
    }
}
