internal import Glibc
internal import Kernels
public import Models
public import Results
import Tensors

/// What the model would predict if it ended after each layer.
///
/// The stream before each layer goes through the final norm, with statistics of its own, and the
/// unembedding. nostalgebraist 2020, https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru.
public struct LogitLens: Sendable {
    /// The probability of the most likely token, whose word is the text, [layer, pos].
    public let top: LabelledArray
    /// The entropy of the prediction in nats, [layer, pos].
    public let entropy: LabelledArray
    /// The probability of the answer, or of what the model ends up with, [layer, pos]; its rank
    /// from 0 is the text.
    public let answer: LabelledArray

    /// Reads the first sequence of a run.
    ///
    /// - Parameters:
    ///   - run: A run with ``Caching/all``.
    ///   - answer: The token whose rank is told; `nil` for the last layer's most likely token at
    ///     each position.
    ///   - includingMid: Whether the stream between attention and MLP is read as well.
    ///   - progress: Told how many of the layers are done.
    /// - Throws: ``NotCached``; ``NotFinite`` for logits that are not finite.
    public init(
        _ run: Run, answer: Int? = nil, includingMid: Bool = false,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws {
        let model = run.model
        let stack = try run.accumulatedResidual(includingMid: includingMid)
        let length = run.tokens?.lengths.first ?? stack.values.shape[2]
        if let answer, !(0..<model.config.dVocab).contains(answer) {
            throw RunError.unknownToken(id: answer, dVocab: model.config.dVocab)
        }
        var targets = [Int?](repeating: answer, count: length)
        var readings = [[Reading]](repeating: [], count: stack.labels.count)
        // The last layer first: it says what the others are compared with.
        for layer in stack.labels.indices.reversed() {
            let residual = stack.values[at: layer][at: 0][at: 0..<length]
            let logits = try model.run(
                .residual(
                    residual.reshaped([1, length, model.config.dModel]), layer: model.config.nLayers
                )
            ).logits
            guard let rows = logits?.rows else { throw NotCached(point: HookPoint(.unembedOut)) }
            readings[layer] = parallelMap(length) { [targets] in
                Reading(rows[$0], target: targets[$0])
            }
            if let pos = readings[layer].firstIndex(where: { !$0.entropy.isFinite }) {
                throw NotFinite(place: "\(stack.labels[layer]), position \(pos)")
            }
            targets = readings[layer].map { $0.target }
            progress(stack.labels.count - layer, stack.labels.count)
        }
        let prompt = run.tokens?.ids[0].prefix(length)
        let axes = [
            Axis("layer", labels: stack.labels),
            Axis(
                "pos", count: length,
                companion: prompt.map { Axis.Companion("token", $0.map(model.string)) }),
        ]
        func array(
            _ name: String, _ quantity: Quantity, _ value: (Reading) -> Double
        ) -> LabelledArray {
            LabelledArray(
                name, quantity: quantity, axes: axes,
                values: Tensor(
                    axes.map(\.count), readings.joined().map { Float(value($0)) }))
        }
        var top = array("logit-lens", Quantity("probability of the top token"), \.topProbability)
        let ids = readings.joined().map(\.top)
        top.texts = LabelledArray.Texts("top_token", ids.map(model.shortString), ids: ids)
        self.top = top
        let target = answer.map { "“\(model.shortString(of: $0))”" } ?? "the final prediction"
        entropy = array("logit-lens-entropy", Quantity("entropy", unit: "nats"), \.entropy)
        var ranked = array(
            "logit-lens-answer", Quantity("probability of \(target)"), \.probability)
        ranked.texts = LabelledArray.Texts("rank", readings.joined().map { String($0.rank) })
        self.answer = ranked
    }

    /// What one layer predicts at one position.
    private struct Reading: Sendable {
        let top: Int
        let topProbability: Double
        let entropy: Double
        let target: Int
        let rank: Int
        let probability: Double

        init(_ logits: UnsafeBufferPointer<Float>, target: Int?) {
            let ends = Extremes(of: logits, count: 1)
            top = ends.largest.first?.index ?? 0
            let normalizer = logSumExp(logits)
            topProbability = exp(Double(logits[top]) - normalizer)
            entropy = Kernels.entropy(ofLogits: logits)
            let target = target ?? top
            self.target = target
            // Of equal logits the first token comes first.
            var above = 0
            for i in 0..<logits.count
            where logits[i] > logits[target] || (logits[i] == logits[target] && i < target) {
                above += 1
            }
            rank = above
            probability = exp(Double(logits[target]) - normalizer)
        }
    }
}
