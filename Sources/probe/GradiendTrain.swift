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

    @Option(
        help: """
            What is shaded about the means in the figure: minmax, iqr (the quartiles), ci95 or \
            none.
            """)
    var band = CurveBand.iqr

    func run() throws {
        output.verbosity.apply()
        let (settings, arguments) = try self.training.options()
        let model = try self.model.load()
        let folder = output.folder(for: "gradiend-train")
        var options = settings
        options.checkpointFolder = folder + "/feature"
        if data.identities { options.addsIdentities = true }
        let task = try data.task(for: model, self.model)
        try arguments?.requireObjective(of: task)
        arguments?.notes.forEach(Terminal.note)
        let training = try FeatureTraining(
            of: data.rows(seed: options.seed, for: task), with: task, in: model,
            classes: data.classes,
            options)
        let outcome = try self.outcome(of: training, in: folder)
        guard let record = outcome.feature.record else { return }
        var curves = FeatureCurves(record, training.classes, band: band)
        curves.array.provenance = try Provenance(of: model, seed: options.seed)
        curves.array.settings = self.settings(of: training, outcome)
        let mark = Feature.nonConvergenceMark
        try report(
            curves.figure(title: outcome.converged ? "" : "\(mark) not converged"),
            summary(outcome, training.classes, folder), command: "gradiend-train", output,
            isPreviewed: false)
        if options.failsWithoutConvergence { try outcome.requireConvergence() }
        if !outcome.converged {
            Terminal.note(
                "no run converged: try another --learning-rate, more --steps or --max-seeds, "
                    + "or a smaller --keep")
        }
    }

    /// What an earlier training left, if that may be used, or else a training's, with its feature
    /// and the report of its seeds written.
    private func outcome(
        of training: FeatureTraining, in folder: String
    ) throws -> TrainingOutcome {
        let feature = folder + "/feature"
        if let finished = try training.finished(in: feature) {
            Terminal.note(
                "\(feature) is used again: "
                    + (training.options.reuse == .always
                        ? "nothing is trained" : "it was learnt with these settings"))
            return finished
        }
        if training.options.reuse != .never {
            Terminal.note("\(feature) holds nothing that was learnt with these settings: training")
        }
        var folders: [UInt64: String] = [:]
        let outcome = try run(training) { found, seed in
            let saved = training.options.savedSeeds
            guard saved == .all || saved == .convergent && found.converged else { return }
            let path = "\(folder)/seeds/seed_\(seed)"
            try found.feature.save(to: path, from: found)
            folders[seed] = path
        }
        if let seed = outcome.feature.record?.seed { folders[seed] = folders[seed] ?? feature }
        try outcome.feature.save(to: feature, from: outcome)
        try AtomicFile.write(
            outcome.seedReport(folders: folders), to: folder + "/seeds/seed_report.json")
        return outcome
    }

    /// Trains, and shows how far it is.
    ///
    /// - Parameter finished: Is given what each run left.
    private func run(
        _ training: FeatureTraining, finished: (TrainingOutcome, UInt64) throws -> Void
    ) throws -> TrainingOutcome {
        var lines: [UInt64: ProgressLine] = [:]
        return try training.run { event in
            switch event {
            case .step(let step, let total, let seed):
                let line = lines[seed] ?? output.verbosity.progress("training, seed \(seed)")
                lines[seed] = line
                line.update(step, of: total)
            case .evaluated: break
            case .finished(let outcome, let seed): try finished(outcome, seed)
            }
        }
    }

    private func settings(
        of training: FeatureTraining, _ outcome: TrainingOutcome
    ) -> [String: String] {
        let options = training.options
        return [
            "source": options.source.rawValue, "target": options.target.rawValue,
            "classes": "\(training.classes.positive),\(training.classes.negative)",
            "weights": "\(outcome.feature.map.count)", "place": training.task.place.rawValue,
            "batch_size": "\(options.batchSize)", "learning_rate": "\(options.learningRate)",
            "band": band.rawValue,
        ]
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
                + (run.converged ? "" : " \(Feature.nonConvergenceMark) not converged")
        }
        return (runs + ["\(outcome.feature.map.count) weights in \(folder)/feature"])
            .joined(separator: "\n")
    }
}
