public import Tensors

/// The number whose gradient is asked for.
public struct Objective: Sendable {
    /// Receives logits, [batch, pos, d_vocab], and returns the number and its gradient, of the same
    /// shape.
    public typealias Function = @Sendable (Tensor) throws -> (value: Double, gradient: Tensor)

    enum Kind: Sendable {
        case loss
        case function(Function, LogitPositions)
    }

    let kind: Kind

    /// The mean of −log p over all next tokens that are not padding, in nats: ``Run/loss``.
    public static let loss = Objective(kind: .loss)

    /// A function of the logits.
    ///
    /// - Parameters:
    ///   - positions: Where the logits are computed, as in a run.
    ///   - function: The value and the gradient with respect to those logits.
    public static func function(
        at positions: LogitPositions = .all, _ function: @escaping Function
    ) -> Objective {
        Objective(kind: .function(function, positions))
    }

    /// `Σ cotangent · logits`.
    ///
    /// - Parameter cotangent: What each logit counts, [batch, pos, d_vocab] or, at the last
    ///   position, [batch, 1, d_vocab].
    public static func logits(
        times cotangent: Tensor, at positions: LogitPositions = .all
    ) -> Objective {
        .function(at: positions) { logits in
            precondition(
                logits.shape == cotangent.shape,
                "a cotangent of shape \(cotangent.shape) for logits \(logits.shape)")
            let (x, factors) = (logits.rows, cotangent.rows)
            var sum = 0.0
            for row in 0..<x.count {
                for i in 0..<x.columns { sum += Double(x[row][i]) * Double(factors[row][i]) }
            }
            return (sum, cotangent)
        }
    }
}
