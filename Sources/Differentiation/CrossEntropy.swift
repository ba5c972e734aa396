import Kernels
import Tensors

/// `L = −weight · Σ_row log softmax(x)[target]`.
///
/// ```
/// dx = weight · dL · (softmax(x) − δ_target)
/// ```
/// The logits become their gradient in place: they are the largest tensor of a model.
struct CrossEntropy: Operation {
    let input: Tape.Node?
    var logits: Tensor
    let targets: [Int?]
    /// ln Σ exp of each row with a target.
    let normalizers: [Double]
    let weight: Float

    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents) {
        let factor = weight * gradient.values[0]
        let rows = logits.mutableRows
        parallelFor(rows.count) { [targets, normalizers] row in
            let x = rows[row]
            guard let target = targets[row] else { return x.update(repeating: 0) }
            exponentials(x, less: Float(normalizers[row]), times: factor)
            x[target] -= factor
        }
        cotangents.add(logits, to: input)
    }
}

extension Traced {
    /// The cross-entropy of rows of logits and the tokens that follow, in nats.
    ///
    /// - Parameters:
    ///   - targets: The token of each row of the last axis; `nil` for rows that do not count.
    ///   - weight: Multiplies the sum: 1 / count for a mean.
    /// - Returns: The weighted sum in double precision, and as a value to walk back from, [1].
    public consuming func crossEntropy(
        _ targets: [Int?], weight: Double
    ) -> (sum: Double, loss: Traced) {
        let rows = value.rows
        precondition(targets.count == rows.count, "\(targets.count) targets for \(rows.count) rows")
        let normalizers = parallelMap(targets.count) { row in
            targets[row] == nil ? 0 : logSumExp(rows[row])
        }
        let sum = targets.indices.reduce(0.0) { sum, row in
            targets[row].map { sum + weight * (normalizers[row] - Double(rows[row][$0])) } ?? sum
        }
        let loss = recording(Tensor([1], [Float(sum)]), from: [node]) {
            CrossEntropy(
                input: node, logits: value, targets: targets, normalizers: normalizers,
                weight: Float(weight))
        }
        return (sum, loss)
    }
}
