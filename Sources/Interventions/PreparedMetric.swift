import Kernels
import Models
import Tensors

/// A metric with its tokens looked up, read off the residual stream with no more logits than it
/// needs.
struct PreparedMetric: Sendable {
    /// The metric of each sequence of the base run, before it is normalised.
    let baseValues: [Double]
    private let metric: Metric
    private let model: Transformer
    private let tokens: (answer: Int, wrong: Int?)
    /// What a logit difference is the product with: the difference of two unembedding rows, and of
    /// their biases.
    private let direction: (vector: Tensor, bias: Double)

    init(_ metric: Metric, base: Run) throws {
        self.metric = metric
        model = base.model
        let answer = try metric.answer.id(in: model)
        let wrong = try metric.wrong?.id(in: model)
        tokens = (answer, wrong)
        let unembedding = model.weights.W_U_transposed
        let right = unembedding[at: answer]
        let bias = { (id: Int) in Double(base.model.weights.b_U.map { $0[id] } ?? 0) }
        direction =
            wrong.map { (right.minus(unembedding[at: $0]), bias(answer) - bias($0)) }
            ?? (right, bias(answer))
        baseValues = try metric.values(of: base)
    }

    /// The metric's value on its scale, from its raw value.
    func scaled(_ raw: Double) -> Double { metric.scaled(raw) }

    /// The metric of each item, before it is normalised.
    ///
    /// - Parameters:
    ///   - resid: The residual stream at the end, [row, d_model].
    ///   - layout: One row per item: the position the metric reads.
    func values(of resid: Tensor, _ layout: RowLayout, _ pass: BranchPass) -> [Double] {
        let x = model.finalNorm(resid, layout, pass)
        if metric.kind == .logitDifference && !pass.listens(to: .unembedOut, nil) {
            let vector = direction.vector.rows[0]
            return (0..<x.shape[0]).map { row in
                Double(dot(x.rows[row], vector)) + direction.bias
            }
        }
        let logits = model.unembed(x, layout, pass).rows
        return (0..<logits.count).map { row in
            metric.kind.value(of: logits[row], answer: tokens.answer, wrong: tokens.wrong)
        }
    }
}
