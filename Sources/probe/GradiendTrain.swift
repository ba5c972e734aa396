import ArgumentParser
import Figures
import Gradiend
import Models
import Results
import Tensors

/// `probe gradiend-train`: learns a feature from gradients.
struct GradiendTrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Learn a feature, such as a pronoun's gender, from gradients.",
        discussion: """
            An encoder-decoder with one neuron reads the gradient of the loss for a word and \
            writes its difference to that for another word. After training the neuron tells which \
            word it was. The feature is written as a folder that the Python package gradiend loads.
            """)

    @OptionGroup(title: "Data") var data: FeatureDataOptions
    @OptionGroup(title: "Training") var training: FeatureTrainingOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let folder = output.folder(for: "gradiend-train")
        var options = try training.options()
        options.checkpointFolder = folder + "/feature"
        let task = try data.task(for: model, self.model)
        let training = try FeatureTraining(
            of: data.rows(seed: options.seed, for: task), with: task, in: model,
            classes: data.classes,
            options)
        let outcome = try run(training)
        try outcome.feature.save(to: folder + "/feature", from: outcome, options)
        guard let record = outcome.feature.record else { return }
        var curves = FeatureCurves(record, training.classes).array
        curves.provenance = try Provenance(of: model, seed: options.seed)
        curves.settings = [
            "source": options.source.rawValue, "target": options.target.rawValue,
            "classes": "\(training.classes.positive),\(training.classes.negative)",
            "weights": "\(outcome.feature.map.count)", "place": task.place.rawValue,
            "batch_size": "\(options.batchSize)", "learning_rate": "\(options.learningRate)",
        ]
        let style = LinePlot.Style(title: "", limits: -1.05...1.05)
        try report(
            LinePlot(curves, style: style), summary(outcome, training.classes, folder),
            command: "gradiend-train", output, isPreviewed: false)
        if !outcome.converged {
            Terminal.note(
                "no run converged: try another --learning-rate, more --steps or --max-seeds, "
                    + "or a smaller --keep")
        }
    }

    /// Trains, and shows how far it is.
    private func run(_ training: FeatureTraining) throws -> TrainingOutcome {
        var lines: [UInt64: ProgressLine] = [:]
        return try training.run { event in
            switch event {
            case .step(let step, let total, let seed):
                let line = lines[seed] ?? output.verbosity.progress("training, seed \(seed)")
                lines[seed] = line
                line.update(step, of: total)
            case .evaluated: break
            }
        }
    }

    private func summary(
        _ outcome: TrainingOutcome, _ classes: ClassPair, _ folder: String
    ) -> String {
        func number(_ value: Double?) -> String {
            value.map { NumberText.fixed($0, decimals: 3, minus: "-") } ?? "undefined"
        }
        let runs = outcome.runs.map { run -> String in
            let best = run.bestEvaluation
            return "seed \(run.seed): step \(best?.step ?? 0) of \(run.steps), correlation "
                + "\(number(best?.correlation)), mean h \(classes.positive) "
                + "\(number(best?.meanByClass[classes.positive])), \(classes.negative) "
                + "\(number(best?.meanByClass[classes.negative]))"
                + (run.converged ? "" : ", not converged")
        }
        return (runs + ["\(outcome.feature.map.count) weights in \(folder)/feature"])
            .joined(separator: "\n")
    }
}

/// The course of a run as lines over its steps.
private struct FeatureCurves {
    let array: LabelledArray

    init(_ record: TrainingRecord, _ classes: ClassPair) {
        let evaluations = record.evaluations
        let series: [(String, (TrainingEvaluation) -> Double?)] = [
            ("correlation", \.correlation),
            ("mean h \(classes.positive)", { $0.meanByClass[classes.positive] }),
            ("mean h \(classes.negative)", { $0.meanByClass[classes.negative] }),
        ]
        let values = series.flatMap { _, value in
            evaluations.map { Float(value($0) ?? .nan) }
        }
        array = LabelledArray(
            "gradiend-train", quantity: Quantity("encoder on validation texts"),
            axes: [
                Axis("series", labels: series.map(\.0)),
                Axis("step", labels: evaluations.map { "\($0.step)" }),
            ], values: Tensor([series.count, evaluations.count], values),
            summary: [
                ("best step", Double(record.bestEvaluation?.step ?? 0)),
                ("best correlation", record.bestEvaluation?.correlation ?? .nan),
                ("converged", record.converged ? 1 : 0), ("seconds", record.seconds),
            ])
    }
}
