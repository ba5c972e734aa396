/// `training.json`: what the Python package's `load_training_stats` reads, and the run as it was.
struct TrainingFile: Codable {
    /// Series by step, under the package's names.
    struct Statistics: Codable {
        var global_step: Int
        var correlation: Double?
        var scores: [String: Double]
        var mean_by_class: [String: [String: Double]]
        var encoder_norms: [Double]
        var decoder_norms: [Double]
    }

    struct Checkpoint: Codable {
        var correlation: Double?
        var global_step: Int
        var epoch: Int
    }

    struct Convergence: Codable {
        var converged: Bool
        var convergent_metric: String
        var convergent_score_threshold: Double
        var convergent_mean_by_class_threshold: Double
    }

    struct Time: Codable { var total: Double }

    var training_stats: Statistics?
    var best_score_checkpoint: Checkpoint?
    var training_args: Arguments?
    var convergence_info: Convergence?
    var losses: [Double]?
    var time: Time?
    /// The run whose numbers these are.
    var run: TrainingRecord?
    /// Every run, in order of seeds.
    var runs: [TrainingRecord]?
    /// What a later run of the same settings can be told by.
    var cache_fingerprint: String?

    init(
        _ record: TrainingRecord, _ feature: Feature, _ outcome: TrainingOutcome?,
        _ options: TrainingOptions?
    ) {
        func series<Value>(_ value: (TrainingEvaluation) -> Value?) -> [String: Value] {
            Dictionary(
                record.evaluations.compactMap { evaluation in
                    value(evaluation).map { ("\(evaluation.step)", $0) }
                }, uniquingKeysWith: { $1 })
        }
        let best = record.bestEvaluation
        training_stats = Statistics(
            global_step: record.steps, correlation: best?.correlation,
            scores: series(\.correlation),
            mean_by_class: series { evaluation in
                Dictionary(
                    evaluation.meanByClass.map { name, mean in
                        (feature.classes?.label(of: name).description ?? name, mean)
                    }, uniquingKeysWith: { first, _ in first })
            },
            encoder_norms: record.evaluations.map(\.encoderNorm),
            decoder_norms: record.evaluations.map(\.decoderNorm))
        best_score_checkpoint = best.map {
            Checkpoint(correlation: $0.correlation, global_step: $0.step, epoch: 0)
        }
        losses = record.evaluations.compactMap(\.loss)
        time = Time(total: record.seconds)
        run = record
        runs = outcome?.runs
        convergence_info = outcome.map {
            Convergence(
                converged: record.converged, convergent_metric: "correlation",
                convergent_score_threshold: $0.convergence.correlation,
                convergent_mean_by_class_threshold: $0.convergence.mean)
        }
        training_args = options.map(Arguments.init)
        cache_fingerprint = options.map {
            Arguments($0).fingerprint(count: feature.map.count, feature.baseModel)
        }
    }
}

/// Options under the names of the Python package's `TrainingArguments`; those that are left out
/// keep what they are, so that a file may hold some of them.
public struct Arguments: Codable, Sendable, Hashable {
    struct Prune: Codable, Hashable {
        var topk: Double?
        var threshold: Double?
        var n_samples: Int?
        var batch_size: Int?
        var source: String?
        var part: String?
    }

    var source: String?
    var target: String?
    var train_batch_size: Int?
    var learning_rate: Double?
    var weight_decay: Double?
    var adam_epsilon: Double?
    var num_train_epochs: Int?
    var max_steps: Int?
    var eval_steps: Int?
    var encoder_eval_max_size: Int?
    var seed: UInt64?
    var max_seeds: Int?
    var min_convergent_seeds: Int?
    var convergent_score_threshold: Double?
    var convergent_mean_by_class_threshold: Double?
    var params: [String]?
    var normalize_gradiend: Bool?
    var pre_prune_config: Prune?
    var post_prune_config: Prune?
}
