import ArgumentParser
import Figures
import Gradiend
import Models
import Results
import Tensors

/// `probe gradiend-suite`: learns a feature for each pair of several classes.
struct GradiendSuite: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Learn a feature for each pair of the rows' classes, and encode all with each.",
        discussion: """
            Each feature is a folder named by its classes, as gradiend-train writes it. The figure \
            shows how far apart each feature's neuron holds each pair's rows of --on.
            """)

    @OptionGroup(title: "Data") var data: FeatureDataOptions
    @OptionGroup(title: "Training") var training: FeatureTrainingOptions
    @Option(name: .customLong("on"), help: "The split that the figure is about.")
    var split = Split.validation
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func validate() throws {
        if data.classes != nil {
            throw ValidationError("features are learnt for all pairs; leave --classes out")
        }
        if training.useCache != nil || training.saveSeeds != nil {
            throw ValidationError(
                "a suite is trained anew and keeps each pair's best seed; leave --use-cache and "
                    + "--save-seeds out")
        }
    }

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load()
        var (options, arguments) = try training.options()
        guard options.reuse == .never else {
            throw GradiendError.badOption("a suite is trained anew; leave use_cache out")
        }
        if data.identities { options.addsIdentities = true }
        let task = try data.task(for: model, self.model)
        try arguments?.requireObjective(of: task)
        arguments?.notes.forEach(Terminal.note)
        let rows = try data.rows(seed: options.seed, for: task)
        let judged = try rows.of(split)
        let folder = output.folder(for: "gradiend-suite")
        let names = ClassPair.pairs(of: rows.classes).map(\.folder)
        guard Set(names).count == names.count else {
            throw GradiendError.badOption(
                "two pairs of classes would have one folder; rename classes with --merge")
        }
        let suite = try suite(of: rows, task, model, options, in: folder)
        let classes = suite.outcomes.map(\.classes)
        let encoding = try suite.crossEncoding(of: judged, with: task, in: model)
        var result = encoding.array("gradiend-suite", .difference, features: names, pairs: classes)
        result.provenance = try Provenance(of: model, seed: options.seed)
        result.settings = ["encode": "difference", "split": split.rawValue]
        let converged = suite.outcomes.count { $0.outcome.converged }
        try report(
            Heatmap(result, style: figure.style(encoding: .difference, count: names.count)),
            "\(converged) of \(names.count) features converged", command: "gradiend-suite", output)
        if options.failsWithoutConvergence {
            for entry in suite.outcomes { try entry.outcome.requireConvergence() }
        }
    }

    /// Trains, and shows how far it is.
    private func suite(
        of rows: [FeatureRow], _ task: PredictionTask, _ model: Transformer,
        _ options: TrainingOptions, in folder: String
    ) throws -> FeatureSuite {
        var lines: [String: ProgressLine] = [:]
        return try FeatureSuite(of: rows, with: task, in: model, options) { pair, event in
            guard case .step(let step, let total, let seed) = event else { return }
            let name = "training \(pair.positive), \(pair.negative), seed \(seed)"
            let line = lines[name] ?? output.verbosity.progress(name)
            lines[name] = line
            line.update(step, of: total)
        } finished: { pair, outcome in
            let path = "\(folder)/\(pair.folder)"
            try outcome.feature.save(to: path, from: outcome)
            let seed = outcome.feature.record?.seed ?? options.seed
            try AtomicFile.write(
                outcome.seedReport(folders: [seed: path]), to: path + "/seed_report.json")
        }
    }
}

extension ClassPair {
    /// The name of a folder of the pair's feature.
    fileprivate var folder: String {
        "\(positive)__\(negative)".replacing("/", with: "_")
    }
}
