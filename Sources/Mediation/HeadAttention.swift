import Models
public import Results
import Tensors

extension HeadExperiment {
    /// Where heads look from the last token of the context, in x and in x′: [input, head, pos].
    ///
    /// Each row sums to 1. In the published data sets the last token is the pronoun, and what it
    /// looks at are the two it may stand for.
    ///
    /// - Parameter heads: Which.
    public func attention(of heads: [Head]) -> LabelledArray {
        let length = base.context.count
        let rows = [base, alternative].flatMap { runs in
            heads.flatMap { head -> [Float] in
                guard let pattern = runs.runs[0].run.cache[.pattern, head.layer] else {
                    preconditionFailure("the pattern of layer \(head.layer) was not cached")
                }
                let row = head.head * pattern.shape[2] + length - 1
                return Array(pattern[at: 0].rows(of: pattern.shape[3])[row][..<length])
            }
        }
        let texts = [base, alternative].map { model.string(of: $0.context[length - 1]).trimmed }
        let tokens = zip(base.context, alternative.context).map { token, other in
            model.string(of: token) + (token == other ? "" : " /" + model.string(of: other))
        }
        return LabelledArray(
            "mediation-attention", quantity: Quantity("attention"),
            axes: [
                Axis(
                    "input",
                    labels: texts[0] == texts[1] ? ["x", "x′"] : texts),
                Axis("head", labels: heads.map(\.description)),
                Axis(
                    "pos", count: length,
                    companion: .init("token", tokens)),
            ], values: Tensor([2, heads.count, length], rows))
    }
}

extension HeadReport {
    /// The mean indirect effect of each layer's heads, the largest first: [layer, rank].
    public var sortedHeads: LabelledArray {
        let indirect = heads.part(0)
        let rows = (0..<results.layerCount).flatMap { layer in
            indirect.values.rows[layer].sorted(by: >)
        }
        return LabelledArray(
            "mediation-heads-sorted", quantity: Quantity("mean indirect effect"),
            axes: [indirect.axes[0], Axis("rank", count: results.headCount)],
            values: Tensor([results.layerCount, results.headCount], rows))
    }
}
