public import Tensors

/// Options under the names of the Python package's `TrainingArguments`; those that are left out
/// keep what they are, so that a file may hold some of them.
public struct Arguments: Sendable, Hashable {
    var values: [String: JSONValue]

    /// Options under the package's names: all 83 fields.
    public init(_ options: TrainingOptions) {
        values = Self.fields.mapValues(\.standard)
        func number(_ value: Int?) -> JSONValue { value.map { .number(Double($0)) } ?? .null }
        let given: [String: JSONValue] = [
            "source": .text(options.source.rawValue),
            "target": .text(options.target.rawValue),
            "train_batch_size": number(options.batchSize),
            "base_gradient_batch_size": number(options.batchSize),
            "learning_rate": .number(options.learningRate),
            "weight_decay": .number(options.weightDecay),
            "adam_epsilon": .number(options.epsilon),
            "num_train_epochs": number(options.epochs),
            "max_steps": number(options.maxSteps ?? -1),
            "eval_steps": number(options.evaluateEvery),
            "encoder_eval_train_max_size": number(options.evaluationRowsPerDirection),
            "train_max_size": number(options.trainingRowsPerDirection),
            "add_identity_for_other_classes": .flag(options.addsIdentities),
            "seed": .number(Double(options.seed)),
            "max_seeds": number(options.maxSeeds),
            "min_convergent_seeds": number(options.minConvergentSeeds),
            "convergent_score_threshold": .number(options.convergence.correlation),
            "convergent_mean_by_class_threshold": .number(options.convergence.mean),
            "saved_seed_runs": .text(options.savedSeeds.rawValue),
            "fail_on_non_convergence": .flag(options.failsWithoutConvergence),
            "use_cache": options.reuse.argument,
            "params": options.parameters.map { .list($0.map(JSONValue.text)) } ?? .null,
            "normalize_gradiend": .flag(options.normalizesSign),
            "pre_prune_config": JSONValue(options.prePruning),
            "post_prune_config": JSONValue(options.postPruning),
        ]
        values.merge(given) { $1 }
    }

    /// Reads a file of the package's arguments, JSON, or a `training.json` that holds them.
    ///
    /// - Throws: ``FeatureFileError`` for a field that is not known, and for a value that cannot
    ///   be had here.
    public static func read(_ file: Blob) throws -> Arguments {
        do {
            var values = try decodeJSON([String: JSONValue].self, from: file.bytes)
            if case .table(let inner)? = values["training_args"] { values = inner }
            for (name, value) in values.sorted(by: { $0.key < $1.key }) {
                guard let (standard, rule) = fields[name] else {
                    throw FeatureFileError(
                        path: file.name,
                        "\(quoted(name)) is no field of the package's TrainingArguments")
                }
                if case .fixed(let others) = rule, value != standard, !others.contains(value) {
                    throw FeatureFileError(
                        path: file.name,
                        "\(name) is \(shown(value)); here it can only be "
                            + ([standard] + others).map(\.json).joined(separator: " or "))
                }
            }
            let arguments = Arguments(values: values)
            // Values of a wrong type are told now, with the file's name.
            _ = try arguments.applied(to: TrainingOptions())
            return arguments
        } catch let error as JSONProblem {
            throw FeatureFileError(path: file.name, error.description)
        } catch GradiendError.badOption(let reason) {
            throw FeatureFileError(path: file.name, reason)
        }
    }

    private init(values: [String: JSONValue]) { self.values = values }

    /// What fields with another value than the package's have no effect here, and why.
    public var notes: [String] {
        values.sorted { $0.key < $1.key }.compactMap { name, value in
            guard let (standard, rule) = Self.fields[name], case .noted(let reason) = rule,
                value != standard
            else { return nil }
            return "\(name) has no effect: \(reason)"
        }
    }

    /// Checks that a model predicts what the file asks for.
    public func requireObjective(of task: PredictionTask) throws {
        guard case .text(let name)? = values["prediction_objective"], name != "auto" else { return }
        guard (name == "mlm_mask_token") == (task.place == .mask) else {
            throw GradiendError.badOption(
                "prediction_objective is \(quoted(name)), but the model is a "
                    + "\(task.place == .mask ? "masked" : "causal") one; give auto")
        }
    }

    /// Options with the arguments that are given in place of their own.
    ///
    /// - Throws: ``GradiendError/badOption(_:)`` that names the field.
    public func applied(to options: TrainingOptions) throws -> TrainingOptions {
        var options = options
        let fields = ArgumentReader(values: values)
        try fields.applySteps(to: &options)
        try fields.applySeeds(to: &options)
        if let names = try fields.optional("params", { try fields.texts($0, $1) }) {
            options.parameters = names
        }
        if let config = try fields.optional("pre_prune_config", { try fields.table($0, $1) }) {
            options.prePruning = try config.map { try PrePruning(ArgumentReader(values: $0)) }
        }
        if try fields.flag("reuse_pre_prune") == true, options.prePruning?.seed == nil {
            options.prePruning?.seed = options.seed
        }
        if let config = try fields.optional("post_prune_config", { try fields.table($0, $1) }) {
            options.postPruning = try config.map { try PostPruning(ArgumentReader(values: $0)) }
        }
        return options
    }
}

/// A value for a message, cut when it is long.
func shown(_ value: JSONValue) -> String {
    value.json.count <= 60 ? value.json : value.json.prefix(60) + "…"
}

extension Arguments: Encodable {
    /// Writes one object.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }
}
