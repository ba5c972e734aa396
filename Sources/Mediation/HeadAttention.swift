public import Models
public import Results
import Tensors

extension HeadTokens {
    /// Where heads look from the last token of the context, in x and in x′: [input, head, pos].
    ///
    /// Each row sums to 1. In the published data sets the last token is the pronoun, and what it
    /// looks at are the two it may stand for. Candidates play no part, as they come behind.
    ///
    /// - Parameters:
    ///   - heads: Which.
    ///   - model: The model, whose layers must have these heads.
    public func attention(of heads: [Head], in model: Transformer) throws -> LabelledArray {
        let contexts = [base, alternative]
        let length = base.count
        let rows = try contexts.flatMap { context in
            let run = try model.run([context], caching: .only(.pattern), logits: .none)
            return heads.flatMap { head -> [Float] in
                guard let pattern = run.cache[.pattern, head.layer] else {
                    preconditionFailure("the pattern of layer \(head.layer) was not cached")
                }
                let row = head.head * pattern.shape[2] + length - 1
                return Array(pattern[at: 0].rows(of: pattern.shape[3])[row][..<length])
            }
        }
        let texts = contexts.map { model.string(of: $0[length - 1]).trimmed }
        let tokens = zip(base, alternative).map { token, other in
            model.string(of: token) + (token == other ? "" : " /" + model.string(of: other))
        }
        return LabelledArray(
            "mediation-attention", quantity: Quantity("attention"),
            axes: [
                Axis("input", labels: texts[0] == texts[1] ? ["x", "x′"] : texts),
                Axis("head", labels: heads.map(\.description)),
                Axis("pos", count: length, companion: .init("token", tokens)),
            ], values: Tensor([2, heads.count, length], rows))
    }
}

extension HeadResults.Item {
    /// The item's inputs in a model's tokens, without candidates: files do not hold theirs.
    ///
    /// - Parameters:
    ///   - model: The model.
    ///   - prependBOS: Whether the beginning-of-text token comes first.
    /// - Throws: ``MediationError`` for inputs of different lengths or without text.
    public func tokens(in model: Transformer, prependBOS: Bool = false) throws -> HeadTokens {
        let tokens = try [base, alternative].map {
            try model.tokens($0, prependBOS: prependBOS)
        }
        guard tokens[0].count == tokens[1].count else {
            throw MediationError.unequalLengths(
                base: tokens[0].map(model.string), alternative: tokens[1].map(model.string))
        }
        guard !tokens[0].isEmpty else { throw MediationError.badText("an item has no text") }
        return HeadTokens(base: tokens[0], alternative: tokens[1], candidates: [])
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
