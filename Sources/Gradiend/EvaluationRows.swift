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

    /// Takes rows, or as many of each direction as come to a number.
    init(
        _ rows: [FeatureRow], _ contrasts: [Contrast], _ pair: ClassPair, reading source: Signal,
        atMost limit: Int?
    ) {
        let chosen = EvaluationRows.balanced(rows, atMost: limit)
        self.contrasts = chosen.map { contrasts[$0] }
        labels = chosen.map { pair.label(of: rows[$0], reading: source) }
        classes = chosen.map { index in
            source == .alternative ? rows[index].alternativeClass : rows[index].factualClass
        }
        self.source = source
    }

    /// Places of rows, the directions in turn, in order.
    static func balanced(_ rows: [FeatureRow], atMost limit: Int?) -> [Int] {
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
        let byClass = Dictionary(grouping: h.indices) { classes[$0] }
        let norms = neuron.norms
        return TrainingEvaluation(
            step: step, correlation: pearsonCorrelation(h, labels),
            meanByClass: byClass.mapValues { places in mean(places.map { h[$0] }) }, loss: loss,
            encoderNorm: norms.encoder, decoderNorm: norms.decoder)
    }
}
