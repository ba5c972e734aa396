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

    @Option(
        help: """
            The split whose class means are compared with those of --on; the same for no \
            comparison.
            """)
    var against = Split.train

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let feature = try self.feature.load(for: model, classes: data.classes)
        let task = try data.task(for: model, self.model)
        let progress = output.verbosity.progress("encoding")
        var all = try data.rows(seed: texts.seed, for: task)
        if data.identities, let classes = feature.classes {
            all = all.addingIdentities(outside: classes)
        }
        let rows = try feature.encodedRows(
            of: all.of(texts.split), neutral: data.neutralTexts(seed: texts.seed), with: task,
            in: model, atMost: texts.most, progress: progress.update)
        var metrics = EncoderMetrics(rows, reading: feature.source)
        let others = try feature.encodedContrasts(
            of: against == texts.split ? [] : all.filter { $0.split == against }, with: task,
            in: model, atMost: texts.most)
        metrics.split_generalization = SplitGeneralization(
            rows + others, reading: feature.source)
        var result = rows.byGroup(of: feature)
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
            (
                "\(folder)/encoded.csv",
                Array(
                    (rows + others).csv(reading: feature.source, classes: feature.classes).utf8)
            ),
            ("\(folder)/metrics.json", Array(try encoder.encode(metrics))),
        ])
        try report(
            ViolinPlot(
                result,
                style: .init(
                    title: feature.record?.converged == false
                        ? "\(Feature.nonConvergenceMark) not converged" : "",
                    limits: -1.05...1.05)),
            feature.marked(summary(metrics)), command: "gradiend-evaluate", output)
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
                + (metrics.split_generalization.map {
                    "; agreement of \($0.splits_compared.joined(separator: " and ")) "
                        + number($0.agreement)
                } ?? "")
    }
}
