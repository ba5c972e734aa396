import Kernels
public import Models
public import Tensors

/// A text with one or more tokens to predict: what a gradient is taken of.
///
/// In a causal model the logits of a position predict the token after it, in a masked model the
/// token there; ``labels`` say at which position logits are read, so that both are one case.
public struct Prediction: Sendable, Hashable {
    /// A token to predict.
    public struct Label: Sendable, Hashable {
        /// The position whose logits predict it.
        public let position: Int
        /// The token.
        public let token: Int

        /// A token and the position whose logits predict it.
        public init(position: Int, token: Int) {
            self.position = position
            self.token = token
        }
    }

    /// What the model reads.
    public let tokens: [Int]
    /// What it should predict; at least one.
    public let labels: [Label]

    /// Tokens with what is to be predicted from them.
    public init(tokens: [Int], labels: [Label]) {
        precondition(
            !labels.isEmpty && labels.allSatisfy { tokens.indices.contains($0.position) },
            "labels at positions of the tokens")
        self.tokens = tokens
        self.labels = labels
    }

    /// The token after a text.
    public init(of token: Int, after tokens: [Int]) {
        self.init(tokens: tokens, labels: [Label(position: tokens.count - 1, token: token)])
    }

    /// Whether all is predicted at the last position.
    var readsLast: Bool { labels.allSatisfy { $0.position == tokens.count - 1 } }

    /// Whether it differs from another in the tokens to predict alone.
    func hasSameInput(as other: Prediction) -> Bool {
        tokens == other.tokens && labels.map(\.position) == other.labels.map(\.position)
    }
}

/// A text with the word that stands there and with another in its place.
public struct Contrast: Sendable, Hashable {
    /// The word that stands there.
    public let factual: Prediction
    /// The other word; in a masked model it may have another number of tokens, and so of masks.
    public let alternative: Prediction

    /// Pairs two predictions.
    public init(factual: Prediction, alternative: Prediction) {
        self.factual = factual
        self.alternative = alternative
    }
}

/// Which gradient of a contrast; the names are the Python package's.
public enum Signal: String, Sendable, Hashable, CaseIterable, Codable {
    /// g⁺, of the loss for the word that stands there.
    case factual
    /// g⁻, of the loss for the other word: the counterfactual.
    case alternative
    /// g⁺ − g⁻.
    case diff
}

extension [Contrast] {
    /// Whether both words are predicted behind the same texts.
    fileprivate var shareInputs: Bool {
        allSatisfy { $0.factual.readsLast && $0.factual.hasSameInput(as: $0.alternative) }
    }
}

extension ParameterMap {
    /// One gradient vector, [n]: of the loss averaged over all labels of some contrasts.
    ///
    /// Nothing is normalised, clipped or centred. Where both words are predicted after the same
    /// text, g⁺ − g⁻ takes one walk back: the gradient is linear in the logits' cotangent.
    ///
    /// - Parameters:
    ///   - signal: Which gradient.
    ///   - contrasts: The batch.
    ///   - model: The language model, which the map fits.
    public func gradient(
        _ signal: Signal, of contrasts: [Contrast], in model: Transformer
    ) throws -> Tensor {
        switch signal {
        case .factual: try gradient(of: contrasts.map(\.factual), in: model)
        case .alternative: try gradient(of: contrasts.map(\.alternative), in: model)
        case .diff where contrasts.shareInputs:
            try gradient(
                of: contrasts.map(\.factual), less: contrasts.map(\.alternative), in: model)
        case .diff:
            try gradients(source: .factual, target: .diff, of: contrasts, in: model).target
        }
    }

    /// The vectors that a step reads; one and the same where both are the same signal.
    public func gradients(
        source: Signal, target: Signal, of contrasts: [Contrast], in model: Transformer
    ) throws -> (source: Tensor, target: Tensor) {
        let first = try gradient(source, of: contrasts, in: model)
        guard target == .diff, source != .diff, !contrasts.shareInputs else {
            return (
                first, target == source ? first : try gradient(target, of: contrasts, in: model)
            )
        }
        // The words' own gradients make their difference, without a third walk.
        let isFactual = source == .factual
        var difference = try gradient(
            isFactual ? .alternative : .factual, of: contrasts, in: model)
        if isFactual { difference.negate() }
        add(first, times: isFactual ? 1 : -1, to: &difference)
        return (first, difference)
    }

    /// The gradient of the mean loss of predictions, or of its difference to that of others.
    func gradient(
        of predictions: [Prediction], less others: [Prediction]? = nil, in model: Transformer
    ) throws -> Tensor {
        let tensors = try tensors(of: model)
        let names = Set(zip(parts, tensors).lazy.filter { $0.0.count > 0 }.map { $0.1.weight.name })
        var gradients = try model.gradients(
            of: .crossEntropy(of: predictions, less: others),
            on: TokenBatch(predictions.map(\.tokens)),
            withRespectTo: .parameters { names.contains($0) }
        ).parameters
        let lastUse = Dictionary(
            tensors.indices.map { (tensors[$0].weight.name, $0) }, uniquingKeysWith: { $1 })
        return gather { index in
            // What was copied goes at once: a large model's gradient is in memory just once.
            let tensor = tensors[index]
            defer {
                if lastUse[tensor.weight.name] == index { gradients.remove(tensor.weight) }
            }
            return tensor.gradient(in: gradients)
        }
    }
}

extension Objective {
    /// The mean over all labels of −log p, in nats.
    ///
    /// - Parameters:
    ///   - predictions: One for each sequence of the batch.
    ///   - others: The same inputs with other tokens, whose mean is subtracted.
    static func crossEntropy(
        of predictions: [Prediction], less others: [Prediction]? = nil
    ) -> Objective {
        guard predictions.allSatisfy(\.readsLast) else {
            precondition(others == nil, "a difference of words in gaps")
            return .targets(
                predictions.map { prediction in
                    var labels = [Int?](repeating: nil, count: prediction.tokens.count)
                    for label in prediction.labels { labels[label.position] = label.token }
                    return labels
                })
        }
        let count = predictions.reduce(0) { $0 + $1.labels.count }
        return .function(at: .last) { logits in
            var gradient = Tensor(logits.shape)
            let (x, dx) = (logits.rows, gradient.mutableRows)
            var sum = 0.0
            for (sequence, prediction) in predictions.enumerated() {
                let (row, out) = (x[sequence], dx[sequence])
                for (place, label) in prediction.labels.enumerated() {
                    if let other = others?[sequence].labels[place] {
                        sum += Double(row[other.token]) - Double(row[label.token])
                        out[other.token] += 1 / Float(count)
                    } else {
                        let total = logSumExp(row)
                        sum += total - Double(row[label.token])
                        _ = out.update(fromContentsOf: row)
                        exponentials(out, less: Float(total), times: 1 / Float(count))
                    }
                    out[label.token] -= 1 / Float(count)
                }
            }
            return (sum / Double(count), gradient)
        }
    }
}
