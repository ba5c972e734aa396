import Models
import Tensors

extension FeatureTraining {
    /// A hash of all that decides the numbers: the settings, the rows, and the model.
    public func fingerprint() throws -> String {
        var lines = Arguments(options).values.sorted { $0.key < $1.key }.compactMap {
            Self.withoutEffect.contains($0.key) ? nil : "\($0.key)=\($0.value.json)"
        }
        lines += [
            "\(options.epochLength) \(options.evaluatesFirstStep) \(options.negatesDecoderBias)",
            "\(options.evaluationRows ?? 0) \(classes.positive) \(classes.negative)",
            "\(task.place) \(task.maxLength) \(task.beginning) \(task.ending)",
            "\(try model.checkpointHash() ?? model.name) \(map.count)",
        ]
        lines += (rows + validationRows).map { row in
            [
                row.split.rawValue, row.masked, row.factualClass, row.alternativeClass,
                row.factual, row.alternative, row.template ?? "", "\(row.followsSentences)",
            ].joined(separator: "\t")
        }
        let text = lines.joined(separator: "\n")
        return Array(text.utf8).withUnsafeBytes { Fingerprint($0).hexadecimal }
    }

    /// Fields that say what is done with the feature once it is learnt.
    private static let withoutEffect: Set<String> = [
        "use_cache", "saved_seed_runs", "fail_on_non_convergence",
    ]

    /// What an earlier training left in a folder, if the options allow to use it again.
    ///
    /// - Parameter folder: Where ``Feature/save(to:from:)`` wrote.
    /// - Returns: `nil` where there is nothing finished, or something that was learnt otherwise.
    /// - Throws: ``FeatureFileError`` for a finished feature whose files are damaged.
    public func finished(in folder: String) throws -> TrainingOutcome? {
        guard options.reuse != .never,
            let file = try ModelFolder(folder).file("training.json"),
            let saved = try? decodeJSON(SavedTraining.self, from: file.copy()),
            let runs = saved.runs
        else { return nil }
        let fingerprint = try fingerprint()
        guard options.reuse == .always || saved.cache_fingerprint?.training == fingerprint
        else { return nil }
        let feature = try Feature(folder: folder)
        guard feature.classes == classes else {
            throw GradiendError.badOption(
                "\(folder) holds a feature of other classes than \(classes.positive) and "
                    + "\(classes.negative); train into another folder")
        }
        let outcome = TrainingOutcome(
            feature: feature, runs: runs, options: options,
            fingerprint: fingerprint)
        let isEnough = outcome.convergentCount >= options.minConvergentSeeds
        return options.reuse == .onlyConvergent && !isEnough ? nil : outcome
    }
}
