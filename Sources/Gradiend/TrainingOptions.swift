/// How a feature is learnt; the defaults are the Python package's.
public struct TrainingOptions: Sendable, Hashable {
    /// Which gradient the encoder reads.
    public var source = Signal.alternative
    /// Which gradient the decoder writes.
    public var target = Signal.diff
    /// Rows averaged into one gradient.
    public var batchSize = 32
    /// η of AdamW.
    ///
    /// Steps are η/ε times the momentum as long as gradients are below ε, so that larger models
    /// need larger rates; see ``EncoderDecoderOptimizer``.
    public var learningRate = 1e-5
    /// λ of AdamW.
    public var weightDecay = 1e-2
    /// ε of AdamW.
    public var epsilon = 1e-8
    /// Passes over the rows.
    public var epochs = 3
    /// How many steps a pass has.
    public var epochLength = EpochLength.batches
    /// The most steps; `nil` for as many as the epochs have.
    public var maxSteps: Int?
    /// Steps between evaluations.
    public var evaluateEvery = 250
    /// Whether the first evaluation is after the first step, as in the paper, rather than before
    /// it; in either case it never wins.
    public var evaluatesFirstStep = false
    /// The most rows of an evaluation, as many of each direction; `nil` for all.
    public var evaluationRows: Int?
    /// The most rows of an evaluation for each direction; `nil` for all.
    public var evaluationRowsPerDirection: Int?
    /// The most rows to train on for each direction; `nil` for all.
    public var trainingRowsPerDirection: Int?
    /// Whether rows of other classes are added without contrast, whose h should be 0.
    public var addsIdentities = false
    /// The first run's seed; the next have the next numbers.
    public var seed: UInt64 = 0
    /// The most runs.
    public var maxSeeds = 3
    /// How many runs must converge before no further one is made.
    public var minConvergentSeeds = 1
    /// When a run counts as converged.
    public var convergence = ConvergenceRule()
    /// Whether fewer runs than that are a failure.
    public var failsWithoutConvergence = false
    /// Which runs' features are written beside the best.
    public var savedSeeds = SavedSeeds.best
    /// Whether a finished feature is used again.
    public var reuse = Reuse.never
    /// Names of the weights, in which `*` stands for anything; `nil` for the core.
    public var parameters: [String]?
    /// Chooses weights before training.
    public var prePruning: PrePruning?
    /// Chooses weights after training.
    public var postPruning: PostPruning?
    /// Whether the sign is changed where the classes have the wrong one.
    public var normalizesSign = true
    /// Whether a change of sign negates b_d as well, as the package does; it then changes what the
    /// decoder writes.
    public var negatesDecoderBias = false
    /// Where the best numbers so far are kept if they are too large to keep in memory twice.
    public var checkpointFolder: String?

    /// The Python package's defaults.
    public init() {}

    /// The paper's: the factual gradient is read, in one pass with a step for each text; of three
    /// runs the best is kept.
    public static var paper: TrainingOptions {
        var options = TrainingOptions()
        options.source = .factual
        options.epochs = 1
        options.epochLength = .texts
        options.evaluatesFirstStep = true
        options.minConvergentSeeds = options.maxSeeds
        return options
    }

    /// A tenth of the weights at a high rate, for small models.
    public static var quick: TrainingOptions {
        var options = TrainingOptions()
        options.batchSize = 16
        options.maxSteps = 150
        options.evaluateEvery = 20
        options.evaluationRows = 200
        options.learningRate = 1e-4
        options.prePruning = PrePruning(.share(0.1))
        return options
    }

    /// What is wrong with the options.
    ///
    /// - Throws: ``GradiendError/badOption(_:)``.
    public func validate() throws {
        func require(_ condition: Bool, _ reason: String) throws {
            if !condition { throw GradiendError.badOption(reason) }
        }
        try require(batchSize > 0, "the batch size is \(batchSize); give 1 or more")
        try require(
            learningRate > 0 && learningRate.isFinite,
            "the learning rate is \(learningRate); give a positive number")
        try require(
            weightDecay >= 0 && weightDecay * learningRate < 1,
            "a step would shrink weights by \(weightDecay) times \(learningRate), the weight decay "
                + "times the learning rate; give a smaller one")
        try require(epsilon > 0, "AdamW's ε is \(epsilon); give a positive number")
        try require(
            (1...1_000_000).contains(epochs) && maxSteps ?? 1 > 0,
            "give 1 to 1,000,000 epochs and at least one step")
        try require(
            parameters != [], "no weights are named; give names, or nothing for all of the core")
        try require(evaluateEvery > 0, "give at least one step between evaluations")
        try require(evaluationRows ?? 2 >= 2, "an evaluation needs at least two rows")
        try require(
            evaluationRowsPerDirection ?? 1 > 0 && trainingRowsPerDirection ?? 1 > 0,
            "give at least one row of each direction")
        try require(maxSeeds > 0, "give at least one seed")
        try require(
            minConvergentSeeds > 0 && minConvergentSeeds <= maxSeeds,
            "of \(maxSeeds) seeds \(minConvergentSeeds) cannot converge")
        for kept in [prePruning?.kept, postPruning?.kept] {
            if case .share(let share)? = kept {
                try require(
                    share > 0 && share <= 1, "the share kept is \(share); give one in (0, 1]")
            }
            if case .number(let count)? = kept {
                try require(count > 0, "\(count) weights are kept; give 1 or more")
            }
        }
        if let pre = prePruning {
            try require(pre.batches > 0 && pre.batchSize > 0, "pre-pruning needs a batch of rows")
        }
    }
}

/// How many steps an epoch has.
public enum EpochLength: Sendable, Hashable {
    /// As many as the rows make batches, so that each row is used about once.
    case batches
    /// One for each text, as in the paper: a template counts once, whatever names fill it.
    case texts
}

/// Which runs' features are written beside the best; the names are the Python package's.
public enum SavedSeeds: String, Sendable, Hashable, CaseIterable {
    /// None.
    case best = "best_only"
    /// Those that converged.
    case convergent = "all_convergent"
    /// All.
    case all = "all_tried"
}

/// Whether a finished feature is used again instead of training anew; the names are the Python
/// package's.
public enum Reuse: String, Sendable, Hashable, CaseIterable {
    /// It is not.
    case never = "false"
    /// If it was learnt from the same data with the same settings.
    case sameSettings = "true"
    /// If, besides, enough of its runs converged.
    case onlyConvergent = "only_convergent"
    /// Whatever it was learnt from.
    case always

    /// As the package's files have it.
    var argument: JSONValue {
        switch self {
        case .never: .flag(false)
        case .sameSettings: .flag(true)
        case .onlyConvergent, .always: .text(rawValue)
        }
    }
}
