public import Interventions
import Kernels
public import Models
public import Results
import Synchronization
import Tensors

/// The neurons' study: every prompt, every intervention, every neuron.
public struct NeuronSweep: Sendable {
    /// The prompts.
    public let prompts: [NeuronPrompt]
    /// What is done to neurons.
    public let interventions: [NeuronIntervention]
    /// How much of it.
    public let alpha: Float
    /// Which values are neurons.
    public let sites: NeuronSites
    /// Whether the candidates' scores are measured, not just their ratios.
    public let measuresScores: Bool
    /// Whether only what moves the odds against a word's bias is measured.
    public let onlyAgainstBias: Bool
    private let model: Transformer
    private let units: [(prompt: Int, intervention: Int)]

    /// Plans a study.
    ///
    /// - Parameters:
    ///   - prompts: The prompts.
    ///   - interventions: What is done to neurons.
    ///   - alpha: How much of it.
    ///   - sites: Which values are neurons.
    ///   - measuresScores: Whether the candidates' scores are measured; it costs all logits.
    ///   - onlyAgainstBias: Whether female words get *man* and others *woman* interventions only,
    ///     which is all that the published tables use.
    ///   - model: The model.
    /// - Throws: ``MediationError/nothingLeft(_:)``.
    public init(
        _ prompts: [NeuronPrompt], _ interventions: [NeuronIntervention], alpha: Float = 1,
        sites: NeuronSites = .mlpOut, measuresScores: Bool = false, onlyAgainstBias: Bool = false,
        in model: Transformer
    ) throws {
        (self.prompts, self.interventions, self.alpha) = (prompts, interventions, alpha)
        (self.sites, self.measuresScores, self.model) = (sites, measuresScores, model)
        self.onlyAgainstBias = onlyAgainstBias
        units = prompts.indices.flatMap { prompt in
            interventions.indices.filter { index in
                !onlyAgainstBias
                    || interventions[index].isTowardsFirst == (prompts[prompt].word.total < 0)
            }.map { (prompt, $0) }
        }
        guard !units.isEmpty else {
            throw MediationError.nothingLeft(
                "none of the \(prompts.count) prompts has one of these interventions; choose "
                    + "others with --type")
        }
    }

    private var neurons: Int {
        sites.labels(in: model).count * sites.width(in: model)
    }

    /// How many numbers a store of this study holds.
    public var branchCount: Int { units.count * width }

    private var width: Int { neurons * (measuresScores ? 2 : 1) }

    /// All that the numbers depend on.
    ///
    /// - Parameters:
    ///   - provenance: Which checkpoint and version the results will name.
    ///   - options: How the work is cut.
    public func description(
        _ provenance: Provenance, options: Engine.Options
    ) -> [String: String] {
        let data = prompts.map {
            "\($0.tokens) \($0.positions) \($0.candidates) \($0.word.total < 0)"
        }
        return study(
            provenance, model, options, data: data,
            "neurons of \(sites.rawValue), \(interventions.map(\.rawValue)), alpha \(alpha)"
                + (measuresScores ? ", scores" : "")
                + (onlyAgainstBias ? ", against biases" : ""))
    }

    /// Measures the study.
    ///
    /// - Parameters:
    ///   - options: How the work is cut.
    ///   - store: Where numbers are kept as they come, of ``branchCount`` branches.
    ///   - shard: The part of the work; `nil` for all.
    ///   - progress: Called with how many units are done, of how many.
    /// - Returns: The results; `nil` if units of other shards are missing.
    public func measure(
        options: Engine.Options = .init(), store: SweepStore? = nil, shard: Shard? = nil,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> NeuronResults? {
        // The units of a prompt follow each other.
        let current = Mutex<(prompt: Int, runs: NeuronRuns)?>(nil)
        @Sendable func runs(of prompt: Int) throws -> NeuronRuns {
            try current.withLock { current in
                if let current, current.prompt == prompt { return current.runs }
                let made = try NeuronRuns(prompts[prompt], in: model)
                current = (prompt, made)
                return made
            }
        }
        let work = StudyUnits(count: units.count, width: width)
        var isDescribed = prompts.map { _ in false }
        var results = NeuronResults(
            sites: sites.labels(in: model), width: sites.width(in: model), axis: sites.axis,
            interventions: interventions, prompts: prompts.map { NeuronResults.Prompt($0) })
        func describe(_ prompt: Int) throws {
            if isDescribed[prompt] { return }
            results.prompts[prompt] = try NeuronResults.Prompt(runs(of: prompt))
            isDescribed[prompt] = true
        }
        let isComplete = try work.run(store: store, shard: shard, progress: progress) { unit in
            let experiment = try NeuronExperiment(
                runs(of: units[unit].prompt), interventions[units[unit].intervention],
                alpha: alpha, sites: sites)
            guard measuresScores else { return try experiment.ratios(options: options) }
            let scores = try experiment.scores(options: options)
            return scores.map(\.first) + scores.map(\.second)
        } receive: { unit, values in
            try describe(units[unit].prompt)
            set(values, of: unit, in: &results)
        }
        guard isComplete else { return nil }
        // Some may have no unit.
        for prompt in prompts.indices { try describe(prompt) }
        return results
    }

    private func set(_ values: [Double], of unit: Int, in results: inout NeuronResults) {
        let (prompt, intervention) = (units[unit].prompt, interventions[units[unit].intervention])
        guard measuresScores else {
            return results.set(values.map { Float($0) }, of: intervention, prompt: prompt)
        }
        let scores = zip(values[..<neurons], values[neurons...]).map {
            NeuronResults.Scores(first: $0, second: $1)
        }
        results.set(scores, of: intervention, prompt: prompt)
    }
}

/// What a study's numbers depend on, in words; see ``SweepStore``.
func study(
    _ provenance: Provenance, _ model: Transformer, _ options: Engine.Options, data: [String],
    _ what: String
) -> [String: String] {
    [
        "toolkit version": provenance.version, "BLAS": BLAS.library,
        "model": "\(provenance.checkpoint) \(model.processing) \(model.config)",
        "weights": model.weights.W_E.withUnsafeBytes { Fingerprint($0).hexadecimal },
        "data": Array(data.joined(separator: "\n").utf8).withUnsafeBytes {
            Fingerprint($0).hexadecimal
        }, "study": what,
        "memory limit": "\(options.rowsPerChunk) rows, \(options.memory.map(String.init) ?? "any")",
    ]
}
