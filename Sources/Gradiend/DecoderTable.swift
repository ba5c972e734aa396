public import Results
import Tensors

extension DecoderEvaluation {
    /// The scores by measure, factor and rate, in [0, 1]: the mean probability of either class,
    /// the language model's score, and ``BiasScores``. The summary holds those of the base model.
    ///
    /// - Parameters:
    ///   - factors: The grid's factors.
    ///   - rates: The grid's rates.
    public func byMeasure(factors: [Double], rates: [Double]) -> LabelledArray {
        let (a, b) = (classes.positive, classes.negative)
        func p(_ name: String) -> (DecoderScores) -> Double {
            { scores in
                let values = scores.probabilities.values.compactMap { $0[name] }
                return values.reduce(0, +) / Double(values.count)
            }
        }
        let measures: [(String, (DecoderScores) -> Double)] = [
            ("P(\(a))", p(a)), ("P(\(b))", p(b)), ("language model", { $0.lms ?? .nan }),
            ("balance", { $0.bias.balanced }), ("only \(a)", { $0.bias.onlyFirst }),
            ("only \(b)", { $0.bias.onlySecond }),
        ]
        let values = measures.flatMap { _, measure in
            candidates.map { Float(measure($0.scores)) }
        }
        return LabelledArray(
            "gradiend-decode", quantity: Quantity("score"),
            axes: [
                Axis("measure", labels: measures.map(\.0)),
                Axis("factor", labels: factors.map(\.short)),
                Axis("rate", labels: rates.map(\.short)),
            ], values: Tensor([measures.count, factors.count, rates.count], values),
            summary: measures.map { ("base " + $0.0, $0.1(base)) })
    }
}

extension Rewriting {
    /// The factor and the rate in words.
    public var summary: String { "factor \(factor.short), rate \(rate.short)" }
}

extension Double {
    /// As short as it can be.
    fileprivate var short: String { Int(exactly: self).map(String.init) ?? "\(self)" }
}
