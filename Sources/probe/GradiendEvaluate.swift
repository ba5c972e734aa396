import ArgumentParser
import Figures
import FoundationEssentials
import Gradiend
import Models
import Results
import Tensors

/// `probe gradiend-evaluate`: what the neuron of a feature says of texts.
struct GradiendEvaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Test whether a feature's neuron tells its classes apart.",
        discussion: """
            Reads the gradients of rows that were not trained on, of the same texts with another \
            word to predict, and of neutral texts, and draws what the neuron says of each.
            """)

    @OptionGroup(title: "Feature") var feature: FeatureOptions
    @OptionGroup(title: "Data") var data: FeatureDataOptions
    @OptionGroup var texts: FeatureSplitOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let feature = try self.feature.load(for: model, classes: data.classes)
        let task = try data.task(for: model, self.model)
        let progress = output.verbosity.progress("encoding")
        let rows = try feature.encodedRows(
            of: data.rows(seed: texts.seed).of(texts.split),
            neutral: data.neutralTexts(seed: texts.seed), with: task, in: model,
            atMost: texts.most, progress: progress.update)
        let metrics = EncoderMetrics(rows, reading: feature.source)
        var result = EncodedGroups(rows, feature, metrics).array
        result.provenance = try Provenance(of: model, seed: texts.seed)
        result.settings = [
            "feature": self.feature.feature, "split": texts.split.rawValue,
            "source": feature.source.rawValue,
        ]
        let folder = output.folder(for: "gradiend-evaluate")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        try AtomicFile.write([
            ("\(folder)/encoded.csv", Array(rows.csv(reading: feature.source).utf8)),
            ("\(folder)/metrics.json", Array(try encoder.encode(metrics))),
        ])
        try report(
            ViolinPlot(result, style: .init(title: "", limits: -1.05...1.05)),
            summary(metrics), command: "gradiend-evaluate", output)
    }

    private func summary(_ metrics: EncoderMetrics) -> String {
        func number(_ value: Double?) -> String {
            value.map { NumberText.fixed($0, decimals: 3, minus: "-") } ?? "undefined"
        }
        return """
            correlation \(number(metrics.cor_genter)), accuracy \(number(metrics.acc_genter)) on \
            rows; with neutral texts \(number(metrics.cor_enc)) and, balanced, \
            \(number(metrics.acc_enc))
            """
    }
}

/// What the neuron says, by group.
private struct EncodedGroups {
    let array: LabelledArray

    init(_ rows: [EncodedRow], _ feature: Feature, _ metrics: EncoderMetrics) {
        let groups = Dictionary(grouping: rows) { $0.group(reading: feature.source) }
        let classes = feature.classes.map { [$0.positive, $0.negative] } ?? []
        let kinds = EncodedRow.Kind.allCases.map(\.rawValue)
        let known =
            classes
            + groups.keys.filter { !classes.contains($0) && !kinds.contains($0) }
            .sorted() + kinds
        let names = known.filter { groups[$0] != nil }
        let width = groups.values.map(\.count).max() ?? 0
        // Groups of different sizes: what is missing is no number.
        let values = names.flatMap { name -> [Float] in
            let h = groups[name]?.map { Float($0.h) } ?? []
            return h + [Float](repeating: .nan, count: width - h.count)
        }
        let titles = [
            EncodedRow.Kind.neutralTrainingMasked.rawValue: "other word",
            EncodedRow.Kind.neutralDataset.rawValue: "neutral",
        ]
        array = LabelledArray(
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
