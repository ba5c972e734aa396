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
    /// The most steps; `nil` for as many as the epochs have.
    public var maxSteps: Int?
    /// Steps between evaluations.
    public var evaluateEvery = 250
    /// The most rows of an evaluation, as many of each direction; `nil` for all.
    public var evaluationRows: Int?
    /// The first run's seed; the next have the next numbers.
    public var seed: UInt64 = 0
    /// The most runs.
    public var maxSeeds = 3
    /// How many runs must converge before no further one is made.
    public var minConvergentSeeds = 1
    /// When a run counts as converged.
    public var convergence = ConvergenceRule()
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

    /// The paper's: the factual gradient is read, in one pass.
    public static var paper: TrainingOptions {
        var options = TrainingOptions()
        options.source = .factual
        options.epochs = 1
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
            "the weight decay is \(weightDecay); give 0 or a small number")
        try require(epsilon > 0, "AdamW's ε is \(epsilon); give a positive number")
        try require(
            (1...1_000_000).contains(epochs) && maxSteps ?? 1 > 0,
            "give 1 to 1,000,000 epochs and at least one step")
        try require(evaluateEvery > 0, "give at least one step between evaluations")
        try require(evaluationRows ?? 2 >= 2, "an evaluation needs at least two rows")
        try require(
            maxSeeds > 0 && (1...maxSeeds).contains(minConvergentSeeds),
            "of \(maxSeeds) seeds \(minConvergentSeeds) cannot converge")
        for kept in [prePruning?.kept, postPruning?.kept] {
            if case .share(let share)? = kept {
                try require(
                    share > 0 && share <= 1, "the share kept is \(share); give one in (0, 1]")
            }
        }
        if let pre = prePruning {
            try require(pre.batches > 0 && pre.batchSize > 0, "pre-pruning needs a batch of rows")
        }
    }
}
