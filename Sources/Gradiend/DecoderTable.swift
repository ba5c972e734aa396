public import Results
import Tensors

/// One number that a model is scored by, in [0, 1].
private struct DecoderMeasure {
    let name: String
    let value: (DecoderScores) -> Double
}

extension DecoderEvaluation {
    /// The paper's measures: the groups' probabilities, the language model's score, BPI, FPI, MPI.
    private var paperMeasures: [DecoderMeasure] {
        let (a, b) = (groups.positive, groups.negative)
        return [
            DecoderMeasure(name: "P(\(a))") { $0.bias.first },
            DecoderMeasure(name: "P(\(b))") { $0.bias.second },
            DecoderMeasure(name: "language model", value: \.lms),
            DecoderMeasure(name: "balance") { $0.bias.balanced },
            DecoderMeasure(name: "only \(a)") { $0.bias.onlyFirst },
            DecoderMeasure(name: "only \(b)") { $0.bias.onlySecond },
        ]
    }

    /// The others: how far the groups are apart, and the classes in each other's texts.
    private var moreMeasures: [DecoderMeasure] {
        let names = [classes.positive, classes.negative]
        return [DecoderMeasure(name: "difference") { $0.bias.meanDifference }]
            + names.flatMap { texts in
                names.map { name in
                    DecoderMeasure(name: "P(\(name)) in texts of \(texts)") {
                        $0.probabilities[texts]?[name] ?? .nan
                    }
                }
            }
    }

    /// All scores by measure, factor and rate, in [0, 1].
    ///
    /// The summary holds those of the base model.
    ///
    /// - Parameters:
    ///   - factors: The grid's factors.
    ///   - rates: The grid's rates.
    public func byMeasure(factors: [Double], rates: [Double]) -> LabelledArray {
        array(paperMeasures + moreMeasures, factors, rates)
    }

    /// The paper's measures alone, for heat maps: P of both groups, the language model's score,
    /// BPI, FPI and MPI.
    public func byPaperMeasure(factors: [Double], rates: [Double]) -> LabelledArray {
        array(paperMeasures, factors, rates)
    }

    private func array(
        _ measures: [DecoderMeasure], _ factors: [Double], _ rates: [Double]
    ) -> LabelledArray {
        let values = measures.flatMap { measure in
            candidates.map { Float(measure.value($0.scores)) }
        }
        return LabelledArray(
            "gradiend-decode", quantity: Quantity("score"),
            axes: [
                Axis("measure", labels: measures.map(\.name)),
                Axis("factor", labels: factors.map(\.short)),
                Axis("rate", labels: rates.map(\.short)),
            ], values: Tensor([measures.count, factors.count, rates.count], values),
            summary: measures.map { ("base " + $0.name, $0.value(base)) })
    }

    /// How scores go with the rate at one factor, from the base model, whose rate is 0: that of the
    /// language model, [rate]; the probabilities of both classes in the texts of each,
    /// [words, rate]; and those of names, where they are judged.
    public func shifts(factor: Double) -> [LabelledArray] {
        let along = candidates.filter { $0.rewriting.factor == factor && $0.rewriting.rate != 0 }
        let points =
            ([ScoredRewriting(rewriting: .none, scores: base)] + along)
            .sorted { $0.rewriting.rate < $1.rewriting.rate }
        let rates = Axis("rate", labels: points.map(\.rewriting.rate.short))
        func panel(
            _ name: String, _ lines: [(name: String, value: (DecoderScores) -> Double)]
        ) -> LabelledArray {
            LabelledArray(
                "gradiend-shift", quantity: Quantity(name),
                axes: [Axis("words", labels: lines.map(\.name)), rates],
                values: Tensor(
                    [lines.count, points.count],
                    lines.flatMap { line in points.map { Float(line.value($0.scores)) } }))
        }
        let names = [classes.positive, classes.negative]
        let byClass = names.map { texts in
            panel(
                "P in texts of \(texts)",
                names.map { name in (name, { $0.probabilities[texts]?[name] ?? .nan }) })
        }
        let byName = panel(
            "P of names", [(groups.positive, \.bias.first), (groups.negative, \.bias.second)])
        return [panel("language model", [("language model", \.lms)]).part(0)] + byClass
            + (groups == classes ? [] : [byName])
    }
}

extension Rewriting {
    /// The factor, or the vector that depends on none, and the rate in words.
    public var summary: String {
        let isDecoder = part == VectorPart.decoder.rawValue
        return (isDecoder ? "factor \(factor.short)" : part) + ", rate \(rate.short)"
            + (top.map { ", top \($0.short)" } ?? "")
    }
}

extension Double {
    /// As short as it can be.
    fileprivate var short: String { Int(exactly: self).map(String.init) ?? "\(self)" }
}
