public import Interventions
public import Models
public import Results

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
    ///   - progress: Called with how many items have a total effect, of how many.
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
            let ratios = try split.enumerated().map { index, entry in
                progress(index, split.count)
                return 1 + (try HeadExperiment(entry.tokens, in: model).totalEffect())
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
    ///   - progress: Called with how many units are done, of how many.
    /// - Returns: The results; `nil` if units of other shards are missing.
    public func measure(
        split: String? = nil, stat: String? = nil, options: Engine.Options = .init(),
        store: SweepStore? = nil, shard: Shard? = nil,
        progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> HeadResults? {
        // Both effects of an item follow each other.
        var current: (item: Int, experiment: HeadExperiment)?
        func experiment(_ item: Int) throws -> HeadExperiment {
            if let current, current.item == item { return current.experiment }
            let made = try HeadExperiment(tokens[item], in: model)
            current = (item, made)
            return made
        }
        let work = StudyUnits(count: items.count * Self.effects.count, width: width)
        let values = try work.run(store: store, shard: shard, progress: progress) { unit in
            let (item, effect) = unit.quotientAndRemainder(dividingBy: Self.effects.count)
            return try experiment(item).effects(
                Self.effects[effect], of: HeadEffects.sets(in: model), options: options)
        }
        guard let values else { return nil }
        let results = try items.indices.map { item in
            try HeadResults.Item(
                items[item], tokens[item], experiment(item),
                indirect: HeadEffects(values[2 * item], in: model),
                direct: HeadEffects(values[2 * item + 1], in: model))
        }
        return HeadResults(
            model: model.name, split: split, stat: stat, loaded: loaded, filter: filter,
            prependBOS: prependBOS, items: results)
    }
}
