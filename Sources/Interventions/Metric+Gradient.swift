internal import Glibc
import Kernels
public import Models
import Tensors

extension Metric {
    /// The metric as a number to differentiate.
    ///
    /// Its value and gradient are on the metric's scale.
    ///
    /// - Parameters:
    ///   - model: The model that the tokens are looked up in.
    ///   - tokens: What it reads.
    /// - Throws: ``InterventionError/noGradient(metric:)`` for a function of the logits.
    public func objective(in model: Transformer, on tokens: TokenBatch) throws -> Objective {
        if kind == .function { throw InterventionError.noGradient(metric: name) }
        let reader = try MetricReader(self, model: model)
        let positions = try tokens.lengths.enumerated().map { sequence, length in
            try reader.positions(in: tokens, sequence: sequence, length: length)
        }
        let readsLast = zip(positions, tokens.lengths).allSatisfy { $0 == [$1 - 1] }
        let factor = range.map { 1 / ($0.clean - $0.base) } ?? 1
        return .function(at: readsLast ? .last : .all) { logits in
            var gradient = Tensor(logits.shape)
            let (rows, out) = (logits.rows, gradient.mutableRows)
            var total = 0.0
            for (sequence, positions) in positions.enumerated() {
                let share = 1 / Double(positions.count * tokens.count)
                for pos in positions {
                    let row = sequence * logits.shape[1] + (readsLast ? 0 : pos)
                    let value = reader.value(of: rows[row], tokens, sequence: sequence, pos: pos)
                    total += share * value
                    reader.addGradient(
                        of: rows[row], tokens, sequence: sequence, pos: pos, times: share * factor,
                        to: out[row])
                }
            }
            return (scaled(total), gradient)
        }
    }
}

extension MetricReader {
    /// Adds the derivative of ``value(of:_:sequence:pos:)`` with respect to the logits.
    ///
    /// ```
    /// d log p_a = δ_a − p,   d p_a = p_a (δ_a − p),   d KL(P‖p) = p − P
    /// ```
    func addGradient(
        of logits: UnsafeBufferPointer<Float>, _ tokens: TokenBatch?, sequence: Int, pos: Int,
        times factor: Double, to gradient: UnsafeMutableBufferPointer<Float>
    ) {
        func add(_ amount: Double, at token: Int) { gradient[token] += Float(factor * amount) }
        /// Adds `amount` times the distribution that logits give.
        func addDistribution(of logits: UnsafeBufferPointer<Float>, _ amount: Double) {
            let total = logSumExp(logits)
            for token in logits.indices {
                add(amount * exp(Double(logits[token]) - total), at: token)
            }
        }
        let total = logSumExp(logits)
        let right = exp(Double(logits[answer]) - total)
        switch metric.kind {
        case .logitDifference:
            add(1, at: answer)
            if let wrong { add(-1, at: wrong) }
        case .oddsRatio:
            let ratio = value(of: logits, tokens, sequence: sequence, pos: pos)
            add(ratio, at: answer)
            if let wrong { add(-ratio, at: wrong) }
        case .logProbability:
            add(1, at: answer)
            addDistribution(of: logits, -1)
        case .probability:
            add(right, at: answer)
            addDistribution(of: logits, -right)
        case .probabilityDifference:
            let other = wrong.map { exp(Double(logits[$0]) - total) } ?? 0
            add(right, at: answer)
            if let wrong { add(-other, at: wrong) }
            addDistribution(of: logits, other - right)
        case .divergence:
            guard let reference = metric.reference else { return }
            let width = reference.shape[1]
            addDistribution(of: logits, 1)
            addDistribution(of: reference.rows[sequence * width + min(pos, width - 1)], -1)
        case .loss:
            guard let next = tokens?.ids[sequence][pos + 1] else { return }
            addDistribution(of: logits, 1)
            add(-1, at: next)
        case .function: return
        }
    }
}
