public import Results
import Tensors

/// What is noted at each step.
public struct TrainingLog: Sendable {
    /// The mean loss of a step's tokens before it, in nats.
    public internal(set) var losses: [Float] = []
    /// The learning rate.
    public internal(set) var learningRates: [Float] = []
    /// The norm of all gradients before clipping.
    public internal(set) var gradientNorms: [Float] = []
    /// The steps up to which the curve's points reach, and the validation loss there; NaN for none.
    var spans: [(end: Int, validation: Float)] = []

    /// The steps at which the curve has points.
    public var ends: [Int] { spans.map(\.end) }

    /// The last validation loss, in nats.
    public var validationLoss: Double? {
        spans.last.flatMap { $0.validation.isNaN ? nil : Double($0.validation) }
    }

    mutating func add(loss: Double, learningRate: Double, gradientNorm: Double) {
        losses.append(Float(loss))
        learningRates.append(Float(learningRate))
        gradientNorms.append(Float(gradientNorm))
    }

    mutating func closeSpan(validationLoss: Double?) {
        spans.append((losses.count, validationLoss.map { Float($0) } ?? .nan))
    }

    /// Every step: `quantity,step,value`.
    public var steps: LabelledArray {
        LabelledArray(
            "steps", quantity: Quantity("value"),
            axes: [
                Axis("quantity", labels: ["loss", "learning_rate", "gradient_norm"]),
                Axis("step", labels: losses.indices.map { String($0 + 1) }),
            ],
            values: Tensor([3, losses.count], losses + learningRates + gradientNorms))
    }

    /// The loss by step: of training the mean since the point before, of validation that at the
    /// step.
    public var curve: LabelledArray {
        let isValidated = spans.contains { !$0.validation.isNaN }
        let starts = [0] + spans.map(\.end)
        let means = zip(starts, spans).map { start, span in
            losses[start..<span.end].reduce(0) { $0 + Double($1) } / Double(span.end - start)
        }
        return LabelledArray(
            "loss", quantity: Quantity("loss", unit: "nats"),
            axes: [
                Axis("text", labels: ["training"] + (isValidated ? ["validation"] : [])),
                Axis("step", labels: spans.map { String($0.end) }),
            ],
            values: Tensor(
                [isValidated ? 2 : 1, spans.count],
                means.map { Float($0) } + (isValidated ? spans.map(\.validation) : [])))
    }
}
