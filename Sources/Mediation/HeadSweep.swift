public import Interventions
import Kernels
public import Models
public import Results
import Synchronization

/// The heads' study: every item, both effects, every head, layer and the model.
public struct HeadSweep: Sendable {
    /// The items that are analyzed.
    public let items: [HeadItem]
    /// The same as tokens.
    public let tokens: [HeadTokens]
    /// How many items there were.
    public let loaded: Int
    /// Which of them are analyzed; `nil` if all.
    public let filter: TotalEffectFilter?
    /// Items left out before, each with the reason.
    public let skipped: [(item: String, reason: String)]
    private let model: Transformer
    private let prependBOS: Bool
    private static let effects = HeadEffect.allCases

    /// Splits items, and filters them by their total effects.
    ///
    /// - Parameters:
    ///   - items: The items; those whose inputs have different lengths are left out.
    ///   - model: The model.
    ///   - quantile: The quantile of the filter; `nil` to keep all.
    ///   - prependBOS: Whether the beginning-of-text token comes first.
    ///   - progress: Called from any thread, one at a time, with how many items have a total
    ///     effect, of how many.
    /// - Throws: ``MediationError/nothingLeft(_:)``.
    public init(
        _ items: [HeadItem], in model: Transformer, filterQuantile quantile: Double? = 0.25,
        prependBOS: Bool = false, progress: (Int, Int) -> Void = { _, _ in }
    ) throws {
        var split: [(item: HeadItem, tokens: HeadTokens)] = []
        var skipped: [(item: String, reason: String)] = []
        for item in items {
            do {
                split.append((item, try HeadTokens(item, in: model, prependBOS: prependBOS)))
            } catch let error as MediationError {
                skipped.append((item.texts[0], error.description))
            }
        }
        guard !split.isEmpty else {
            throw MediationError.nothingLeft(
                "no item is left of \(items.count)"
                    + (skipped.first.map { "; \($0.item.debugDescription): \($0.reason)" } ?? ""))
        }
        (self.model, self.skipped, loaded) = (model, skipped, split.count)
        self.prependBOS = prependBOS
        if let quantile {
            let tokens = split.map(\.tokens)
            var ratios: [Double] = []
            progress(0, tokens.count)
            try parallelMap(tokens.count, atMost: Engine.Options().itemsAtOnce(of: tokens.count)) {
                try HeadExperiment(tokens[$0], in: model, caching: .none).totalEffect()
            } receiving: { _, effect in
                ratios.append(1 + effect)
                progress(ratios.count, tokens.count)
            }
            let filter = try TotalEffectFilter(ratios, quantile: quantile)
            self.filter = filter
            split = filter.kept.map { split[$0] }
        } else {
            filter = nil
        }
        (self.items, tokens) = (split.map(\.item), split.map(\.tokens))
    }

    private var width: Int {
        model.config.nLayers * model.config.nHeads + model.config.nLayers + 1
    }

    /// How many numbers a store of this study holds.
    public var branchCount: Int { items.count * Self.effects.count * width }

    /// All that the numbers depend on.
    public func description(
        _ provenance: Provenance, options: Engine.Options
    ) -> [String: String] {
        study(
            provenance, model, options,
            data: tokens.map { "\($0.base) \($0.alternative) \($0.candidates)" }, "heads")
    }

    /// Measures the study.
    ///
    /// - Parameters:
    ///   - split: The part of WinoBias, for the results.
    ///   - stat: The statistic of Winogender, for the results.
    ///   - options: How the work is cut.
    ///   - store: Where numbers are kept as they come, of ``branchCount`` branches.
    ///   - shard: The part of the work; `nil` for all.
    ///   - progress: Called from any thread, one at a time, with how many items are done, of how
    ///     many.
    /// - Returns: The results; `nil` if items of other shards are missing.
    public func measure(
        split: String? = nil, stat: String? = nil, options: Engine.Options = .init(),
        store: SweepStore? = nil, shard: Shard? = nil,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> HeadResults? {
        // The odds of both inputs.
        let known = Mutex<[Int: HeadExperiment]>([:])
        let work = StudyUnits(count: items.count, width: Self.effects.count * width)
        let values = try work.run(
            store: store, shard: shard, unitsAtOnce: options.itemsAtOnce(of: items.count),
            progress: progress
        ) { item in
            let experiment = try HeadExperiment(tokens[item], in: model)
            known.withLock { $0[item] = experiment.keeping([]) }
            return try Self.effects.flatMap {
                try experiment.effects($0, of: HeadEffects.sets(in: model), options: options)
            }
        }
        guard let values else { return nil }
        let results = try items.indices.map { item in
            try HeadResults.Item(
                items[item], tokens[item],
                known.withLock { $0[item] }
                    ?? HeadExperiment(tokens[item], in: model, caching: .none),
                indirect: HeadEffects(Array(values[item].prefix(width)), in: model),
                direct: HeadEffects(Array(values[item].suffix(width)), in: model))
        }
        return HeadResults(
            model: model.name, split: split, stat: stat, loaded: loaded, filter: filter,
            prependBOS: prependBOS, items: results)
    }
}
