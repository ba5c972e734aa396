import Models
import Statistics
import Tensors

/// The rows that the encoder is judged on during training.
///
/// The language model stays as it is, so that their gradients are taken once and kept if they fit.
struct EvaluationRows {
    let contrasts: [Contrast]
    /// 1, −1 or 0.
    let labels: [Double]
    /// The class whose gradient is read.
    let classes: [String]
    private let source: Signal
    private var kept: [Tensor]?

    /// What gradients are kept of, in bytes.
    private static let budget = 256 << 20

    /// Takes rows with their contrasts.
    init(
        _ rows: [FeatureRow], _ contrasts: [Contrast], _ pair: ClassPair, reading source: Signal
    ) {
        self.contrasts = contrasts
        labels = rows.map { pair.label(of: $0, reading: source) }
        classes = rows.map { source == .alternative ? $0.alternativeClass : $0.factualClass }
        self.source = source
    }

    /// Places of rows, the directions in turn, in order.
    ///
    /// - Parameters:
    ///   - limit: The most of all; `nil` for no limit.
    ///   - each: The most of a direction; `nil` for no limit.
    static func balanced(
        _ rows: [FeatureRow], atMost limit: Int?, ofEach each: Int? = nil
    ) -> [Int] {
        if let each {
            let groups = Dictionary(grouping: rows.indices) { rows[$0].transition }
            let kept = groups.values.flatMap { $0.prefix(each) }.sorted()
            return balanced(kept.map { rows[$0] }, atMost: limit).map { kept[$0] }
        }
        guard let limit, limit < rows.count else { return Array(rows.indices) }
        var groups = Dictionary(grouping: rows.indices) { rows[$0].transition }
            .sorted { $0.key < $1.key }.map { ArraySlice($0.value) }
        var chosen: [Int] = []
        while chosen.count < limit {
            for index in groups.indices where chosen.count < limit {
                if let next = groups[index].popFirst() { chosen.append(next) }
            }
        }
        return chosen.sorted()
    }

    /// h of each row.
    mutating func encode(
        _ neuron: EncoderDecoder, _ map: ParameterMap, _ model: Transformer
    ) throws -> [Double] {
        if kept == nil, contrasts.count * map.count * 4 <= Self.budget {
            kept = try map.inParallel(contrasts.count) { [contrasts, source] index in
                try map.gradient(source, of: [contrasts[index]], in: model)
            }
        }
        if let kept { return kept.map(neuron.encode) }
        return try map.inParallel(contrasts.count) { [contrasts, source] index in
            neuron.encode(try map.gradient(source, of: [contrasts[index]], in: model))
        }
    }

    /// Correlation and means of some h.
    func evaluation(
        of h: [Double], step: Int, loss: Double?, _ neuron: EncoderDecoder
    ) -> TrainingEvaluation {
        func described(_ groups: [String: [Int]]) -> [String: EncoderMetrics.Distribution] {
            groups.mapValues { places in .init(places.map { h[$0] }) }
        }
        let norms = neuron.norms
        return TrainingEvaluation(
            step: step, correlation: pearsonCorrelation(h, labels),
            classes: described(Dictionary(grouping: h.indices) { classes[$0] }),
            labels: described(Dictionary(grouping: h.indices) { "\(labels[$0])" }), loss: loss,
            encoderNorm: norms.encoder, decoderNorm: norms.decoder)
    }
}
