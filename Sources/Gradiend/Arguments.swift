public import Tensors

extension Arguments {
    /// Options under the package's names.
    public init(_ options: TrainingOptions) {
        source = options.source.rawValue
        target = options.target.rawValue
        train_batch_size = options.batchSize
        learning_rate = options.learningRate
        weight_decay = options.weightDecay
        adam_epsilon = options.epsilon
        num_train_epochs = options.epochs
        max_steps = options.maxSteps ?? -1
        eval_steps = options.evaluateEvery
        encoder_eval_max_size = options.evaluationRows
        seed = options.seed
        max_seeds = options.maxSeeds
        min_convergent_seeds = options.minConvergentSeeds
        convergent_score_threshold = options.convergence.correlation
        convergent_mean_by_class_threshold = options.convergence.mean
        params = options.parameters
        normalize_gradiend = options.normalizesSign
        pre_prune_config = options.prePruning.map { pruning in
            var prune = Prune(pruning.kept)
            prune.n_samples = pruning.batches
            prune.batch_size = pruning.batchSize
            prune.source = pruning.signal.rawValue
            return prune
        }
        post_prune_config = options.postPruning.map { pruning in
            var prune = Prune(pruning.kept)
            prune.part = pruning.part.rawValue
            return prune
        }
    }

    /// Reads a file of the package's arguments, JSON; what is not known here is refused.
    ///
    /// - Throws: ``FeatureFileError``.
    public static func read(_ file: Blob) throws -> Arguments {
        do {
            let names = try decodeJSON([String: Anything].self, from: file.bytes).keys
            if let unknown = names.filter({ !known.contains($0) }).min() {
                throw FeatureFileError(
                    path: file.name,
                    "\(quoted(unknown)) is no argument here; known are "
                        + known.sorted().joined(separator: ", "))
            }
            return try decodeJSON(Arguments.self, from: file.bytes)
        } catch let error as JSONProblem {
            throw FeatureFileError(path: file.name, error.description)
        }
    }

    /// Options with the arguments that are given in place of their own.
    public func applied(to options: TrainingOptions) throws -> TrainingOptions {
        var options = options
        func signal(_ name: String?, _ keep: Signal) throws -> Signal {
            guard let name else { return keep }
            guard let signal = Signal(rawValue: name) else {
                throw GradiendError.badOption(
                    "\(quoted(name)) is no gradient; give factual, alternative or diff")
            }
            return signal
        }
        options.source = try signal(source, options.source)
        options.target = try signal(target, options.target)
        options.batchSize = train_batch_size ?? options.batchSize
        options.learningRate = learning_rate ?? options.learningRate
        options.weightDecay = weight_decay ?? options.weightDecay
        options.epsilon = adam_epsilon ?? options.epsilon
        options.epochs = num_train_epochs ?? options.epochs
        if let max_steps { options.maxSteps = max_steps < 0 ? nil : max_steps }
        options.evaluateEvery = eval_steps ?? options.evaluateEvery
        options.evaluationRows = encoder_eval_max_size ?? options.evaluationRows
        options.seed = seed ?? options.seed
        options.maxSeeds = max_seeds ?? options.maxSeeds
        options.minConvergentSeeds = min_convergent_seeds ?? options.minConvergentSeeds
        options.convergence.correlation =
            convergent_score_threshold ?? options.convergence.correlation
        options.convergence.mean = convergent_mean_by_class_threshold ?? options.convergence.mean
        options.parameters = params ?? options.parameters
        options.normalizesSign = normalize_gradiend ?? options.normalizesSign
        if let prune = pre_prune_config {
            var pruning = PrePruning(prune.kept(otherwise: 0.1))
            pruning.batches = prune.n_samples ?? pruning.batches
            pruning.batchSize = prune.batch_size ?? pruning.batchSize
            pruning.signal = try signal(prune.source, pruning.signal)
            options.prePruning = pruning
        }
        if let prune = post_prune_config {
            let part = try prune.part.map { name in
                guard let part = VectorPart(rawValue: name) else {
                    throw GradiendError.badOption("\(quoted(name)) is no part of a feature")
                }
                return part
            }
            options.postPruning = PostPruning(
                prune.kept(otherwise: 0.01), by: part ?? .decoderWeight)
        }
        return options
    }

    /// A hash of the settings, to tell whether a finished feature can be used again.
    func fingerprint(count: Int, _ baseModel: String) -> String {
        // Dictionary-free description: the order of the properties.
        let text = "\(self) \(count) \(baseModel)"
        return Array(text.utf8).withUnsafeBytes { Fingerprint($0).hexadecimal }
    }

    private static let known: Set<String> = [
        "source", "target", "train_batch_size", "learning_rate", "weight_decay", "adam_epsilon",
        "num_train_epochs", "max_steps", "eval_steps", "encoder_eval_max_size", "seed",
        "max_seeds", "min_convergent_seeds", "convergent_score_threshold",
        "convergent_mean_by_class_threshold", "params", "normalize_gradiend", "pre_prune_config",
        "post_prune_config",
    ]

    /// A value that is not looked at.
    private struct Anything: Decodable {
        init(from decoder: any Decoder) throws {}
    }
}

extension Arguments.Prune {
    init(_ kept: Kept) {
        switch kept {
        case .share(let share): topk = share
        case .threshold(let bound): threshold = bound
        }
    }

    func kept(otherwise share: Double) -> Kept {
        threshold.map { .threshold($0) } ?? .share(topk ?? share)
    }
}
