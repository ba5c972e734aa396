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
    /// The loss of the validation text at each of ``ends``, in nats; NaN without one.
    public internal(set) var validationLosses: [Float] = []
    private let config: TrainingConfig

    init(_ config: TrainingConfig) { self.config = config }

    /// The steps at which the curve has points: those with a validation.
    public var ends: [Int] {
        let last = losses.count == config.max_steps ? config.max_steps : 0
        let ends = Array(
            stride(from: config.eval_steps, through: losses.count, by: config.eval_steps))
        return ends.last ?? 0 < last ? ends + [last] : ends
    }

    /// The last validation loss, in nats; `nil` without a validation text.
    public var validationLoss: Double? {
        validationLosses.last.flatMap { $0.isNaN ? nil : Double($0) }
    }

    mutating func add(loss: Double, learningRate: Double, gradientNorm: Double) {
        losses.append(Float(loss))
        learningRates.append(Float(learningRate))
        gradientNorms.append(Float(gradientNorm))
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
        let (isValidated, ends) = (validationLoss != nil, ends)
        let means = zip([0] + ends, ends).map { start, end in
            losses[start..<end].reduce(0) { $0 + Double($1) } / Double(end - start)
        }
        return LabelledArray(
            "loss", quantity: Quantity("loss", unit: "nats"),
            axes: [
                Axis("text", labels: ["training"] + (isValidated ? ["validation"] : [])),
                Axis("step", labels: ends.map(String.init)),
            ],
            values: Tensor(
                [isValidated ? 2 : 1, ends.count],
                means.map { Float($0) } + (isValidated ? validationLosses : [])))
    }
}
