import Tensors

/// `training.json`: what the Python package's `load_training_stats` reads, and the run as it was.
struct TrainingFile: Encodable {
    /// The package's part.
    var training_stats: JSONValue
    var best_score_checkpoint: JSONValue
    var training_args: Arguments?
    var convergence_info: JSONValue?
    var losses: [Double]
    var time: [String: Double]
    var abs_mean_by_type: [String: Double]?
    var cache_fingerprint: CacheFingerprint?
    /// The run whose numbers these are.
    var run: TrainingRecord
    /// Every run, in order of seeds.
    var runs: [TrainingRecord]?

    init(_ record: TrainingRecord, _ feature: Feature, _ outcome: TrainingOutcome?) {
        let best = record.bestEvaluation
        training_stats = .table(Self.statistics(record, feature.classes))
        best_score_checkpoint = .table([
            "correlation": JSONValue(best?.correlation), "global_step": JSONValue(best?.step),
            "epoch": JSONValue(record.bestEpoch),
        ])
        training_args = outcome.map { Arguments($0.options) }
        convergence_info = outcome.map { .table($0.convergence) }
        losses = record.evaluations.compactMap(\.loss)
        time = ["total": record.seconds]
        run = record
        runs = outcome?.runs
        cache_fingerprint = outcome.map { CacheFingerprint($0, count: feature.map.count) }
    }

    /// Series by step, under the package's names.
    private static func statistics(
        _ record: TrainingRecord, _ classes: ClassPair?
    ) -> [String: JSONValue] {
        func series(_ value: (TrainingEvaluation) -> JSONValue?) -> JSONValue {
            .table(
                Dictionary(
                    record.evaluations.compactMap { evaluation in
                        value(evaluation).map { ("\(evaluation.step)", $0) }
                    }, uniquingKeysWith: { $1 }))
        }
        var file: [String: JSONValue] = [
            "global_step": JSONValue(record.steps),
            "correlation": JSONValue(record.bestEvaluation?.correlation),
            "scores": series { $0.correlation.map { .number($0) } },
            "encoder_norms": series { .number($0.encoderNorm) },
            "decoder_norms": series { .number($0.decoderNorm) },
        ]
        for (name, value) in EncoderMetrics.Distribution.series {
            file["\(name)_by_class"] = series { JSONValue($0.labels.mapValues(value)) }
            file["\(name)_by_feature_class"] = series { JSONValue($0.classes.mapValues(value)) }
        }
        if let classes {
            file["label_value_to_class_name"] = .table([
                "1.0": .text(classes.positive), "-1.0": .text(classes.negative),
                "0.0": .text("neutral"),
            ])
        }
        return file
    }
}

/// What of `training.json` is read again.
struct SavedTraining: Decodable {
    var run: TrainingRecord?
    var runs: [TrainingRecord]?
    var cache_fingerprint: CacheFingerprint?
}

/// What a later training can tell by whether it would come to the same feature.
///
/// The package compares its own fields; ours are the hash of all that decides the numbers.
struct CacheFingerprint: Codable {
    var source: String?
    var target: String?
    var pre_prune_config: JSONValue?
    var post_prune_config: JSONValue?
    var gradiend_input_dim: Int?
    var training: String?

    init(_ outcome: TrainingOutcome, count: Int) {
        source = outcome.options.source.rawValue
        target = outcome.options.target.rawValue
        pre_prune_config = outcome.options.prePruning.map { JSONValue($0) }
        post_prune_config = outcome.options.postPruning.map { JSONValue($0) }
        gradiend_input_dim = count
        training = outcome.fingerprint
    }
}
