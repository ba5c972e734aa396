import Kernels
public import Tensors

extension Run {
    /// Log-probabilities, [batch, pos, d_vocab]; `nil` if the run has no logits.
    public var logProbabilities: Tensor? {
        guard var result = logits else { return nil }
        logSoftmax(result.mutableRows)
        return result
    }

    /// −log p of each next token, [batch, pos − 1], in nats; NaN where either token is padding.
    ///
    /// `nil` unless the run began with tokens and has logits at all positions.
    public var lossPerToken: Tensor? {
        guard let tokens, let logits, logits.shape[1] == tokens.length else { return nil }
        var loss = Tensor([tokens.count, tokens.length - 1], repeating: .nan)
        let (rows, out) = (logits.rows, loss.mutableRows(of: 1))
        for sequence in 0..<tokens.count {
            for pos in 0..<tokens.lengths[sequence] - 1 {
                let row = rows[sequence * tokens.length + pos]
                let next = tokens.ids[sequence][pos + 1]
                out[sequence * (tokens.length - 1) + pos][0] = Float(
                    logSumExp(row) - Double(row[next]))
            }
        }
        return loss
    }

    /// The mean of ``lossPerToken`` over all next tokens that are not padding, in nats.
    public var loss: Double? {
        guard let losses = lossPerToken?.values.filter({ !$0.isNaN }), !losses.isEmpty else {
            return nil
        }
        return losses.reduce(0) { $0 + Double($1) } / Double(losses.count)
    }
}
