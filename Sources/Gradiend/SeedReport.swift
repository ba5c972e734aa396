internal import FoundationEssentials

extension TrainingOutcome {
    /// `seed_report.json`: every run, under the Python package's names.
    ///
    /// Runs are chosen by the evaluations during training, which are all of validation rows, so
    /// that `eval_correlation` of a further one is null.
    ///
    /// - Parameter folders: Where runs' features are, by seed; null for the others.
    public func seedReport(folders: [UInt64: String]) throws -> [UInt8] {
        let best = feature.record
        let isEnough = convergentCount >= options.minConvergentSeeds
        let fields: [String: JSONValue] = [
            "convergence_metric": .text("correlation"),
            "threshold": .number(options.convergence.correlation),
            "convergent_mean_by_class_threshold": .number(options.convergence.mean),
            "min_convergent_seeds": JSONValue(options.minConvergentSeeds),
            "max_seeds": JSONValue(options.maxSeeds),
            "seeds_tried": .list(runs.map { .number(Double($0.seed)) }),
            "convergent_count": JSONValue(convergentCount),
            "convergent_seeds": .list(
                runs.filter(\.converged).map { .number(Double($0.seed)) }),
            "best_seed": JSONValue(best.map { Double($0.seed) }),
            "best_selection_score": JSONValue(best?.bestEvaluation?.correlation),
            "best_seed_selection_strategy": .text(
                converged ? "best_convergent_selection_score" : "highest_correlation_fallback"),
            "early_stop_reason": isEnough && runs.count < options.maxSeeds
                ? .text(
                    "min_convergent_seeds reached: \(convergentCount) >= "
                        + "\(options.minConvergentSeeds) with metric=correlation "
                        + "threshold=\(options.convergence.correlation)") : .null,
            "runs": .list(runs.map { .table(report(of: $0, folder: folders[$0.seed])) }),
        ]
        return try featureJSON(JSONValue.table(fields))
    }

    private func report(of run: TrainingRecord, folder: String?) -> [String: JSONValue] {
        let best = run.bestEvaluation
        return [
            "seed": .number(Double(run.seed)),
            "output_dir": folder.map { .text($0) } ?? .null,
            "trained": .flag(true), "used_cache": .flag(false),
            "training_score": JSONValue(best?.correlation),
            "eval_correlation": .null,
            "selection_score": JSONValue(best?.correlation),
            "convergence_metric": .text("correlation"),
            "convergence_metric_value": JSONValue(best?.correlation),
            "best_checkpoint_global_step": JSONValue(best?.step),
            "threshold": .number(options.convergence.correlation),
            "convergent_mean_by_class_threshold": .number(options.convergence.mean),
            "convergent_min_target_class_abs_mean": JSONValue(smallestMean(of: run)),
            "converged": .flag(run.converged),
            "split_cycle_index": .null, "split_cycle_length": .null,
        ]
    }

    /// The smaller |mean h| of the two classes.
    private func smallestMean(of run: TrainingRecord?) -> Double? {
        guard let best = run?.bestEvaluation, let classes = feature.classes,
            let positive = best.classes[classes.positive],
            let negative = best.classes[classes.negative]
        else { return nil }
        return min(abs(positive.mean), abs(negative.mean))
    }

    /// `convergence_info` of `training.json`.
    var convergence: [String: JSONValue] {
        [
            "converged": .flag(converged), "convergent_count": JSONValue(convergentCount),
            "min_convergent_seeds": JSONValue(options.minConvergentSeeds),
            "convergence_metric": .text("correlation"),
            "threshold": .number(options.convergence.correlation),
            "convergent_mean_by_class_threshold": .number(options.convergence.mean),
            "convergent_min_target_class_abs_mean": JSONValue(smallestMean(of: feature.record)),
        ]
    }
}

/// A file of a feature's folder.
func featureJSON(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
        positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    return [UInt8](try encoder.encode(value)) + [UInt8(ascii: "\n")]
}
