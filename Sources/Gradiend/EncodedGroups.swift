public import Results
import Tensors

extension [EncodedRow] {
    /// h by group and text: the feature's classes, other classes, and neutral texts.
    ///
    /// Groups of different sizes are filled up with NaN. The summary holds the correlations and
    /// accuracies of ``EncoderMetrics``.
    public func byGroup(of feature: Feature) -> LabelledArray {
        let metrics = EncoderMetrics(self, reading: feature.source)
        let groups = Dictionary(grouping: self) { $0.group(reading: feature.source) }
        let classes = feature.classes.map { [$0.positive, $0.negative] } ?? []
        let kinds = EncodedRow.Kind.allCases.map(\.rawValue)
        let known =
            classes
            + groups.keys.filter { !classes.contains($0) && !kinds.contains($0) }
            .sorted() + kinds
        let names = known.filter { groups[$0] != nil }
        let width = groups.values.map(\.count).max() ?? 0
        let values = names.flatMap { name -> [Float] in
            let h = groups[name]?.map { Float($0.h) } ?? []
            return h + [Float](repeating: .nan, count: width - h.count)
        }
        let titles = [
            EncodedRow.Kind.neutralTrainingMasked.rawValue: "other word",
            EncodedRow.Kind.neutralDataset.rawValue: "neutral",
        ]
        return LabelledArray(
            "gradiend-evaluate", quantity: Quantity("h"),
            axes: [
                Axis("group", labels: names.map { titles[$0] ?? $0 }), Axis("text", count: width),
            ],
            values: Tensor([names.count, width], values),
            summary: [
                ("correlation", metrics.cor_genter ?? .nan), ("accuracy", metrics.acc_genter),
                ("correlation with neutral", metrics.cor_enc ?? .nan),
                ("balanced accuracy with neutral", metrics.acc_enc),
            ])
    }
}
