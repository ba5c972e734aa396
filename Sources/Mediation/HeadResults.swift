private import FoundationEssentials
import Models
import Statistics
public import Tensors

/// The heads' study of a data set in the published study's JSON form, which Python reads and
/// writes.
///
/// Files of models other than GPT-2 also hold odds of each head; they are read and kept.
public struct HeadResults: Sendable, Codable, Hashable {
    /// The model's name, without a mark of random weights.
    public var modelVersion: String
    /// Whether its weights are random, which only the file's name says.
    public var isRandom = false
    /// Whether the beginning-of-text token comes first; not in published files.
    public var prependBOS: Bool?
    /// Whether items with small total effects were left out.
    public var isFiltered: Bool
    /// The part of WinoBias; `nil` for other data.
    public var split: String?
    /// The statistic of Winogender; `nil` for other data.
    public var stat: String?
    /// How many items there were.
    public var loaded: Int
    /// How many of them have a positive total effect; `nil` without a filter.
    public var aligned: Int?
    /// The quantile of their ratios that is the threshold; `nil` without a filter.
    public var filterQuantile: Double?
    /// The ratio of odds that an item must exceed; `nil` without a filter.
    public var threshold: Double?
    /// How many items are below.
    public var analyzed: Int
    /// The mean of ``Item/totalEffect``.
    public var meanTotal: Double
    /// The mean of ``Item/indirectModel``.
    public var meanIndirect: Double
    /// The mean of ``Item/directModel``.
    public var meanDirect: Double
    /// The items.
    public var results: [Item]

    enum CodingKeys: String, CodingKey {
        case modelVersion = "model_version"
        case prependBOS = "prepend_bos"
        case isFiltered = "do_filter"
        case split, stat, threshold, results
        case loaded = "num_examples_loaded"
        case aligned = "num_examples_aligned"
        case filterQuantile = "filter_quantile"
        case analyzed = "num_examples_analyzed"
        case meanTotal = "mean_total_effect"
        case meanIndirect = "mean_model_indirect_effect"
        case meanDirect = "mean_model_direct_effect"
    }
}

extension HeadResults {
    /// One item's effects.
    public struct Item: Sendable, Codable, Hashable {
        /// The text of x.
        public var base: String
        /// The text of x′.
        public var alternative: String
        /// The tokens of the candidates, with spaces between.
        public var candidate1: String
        /// The same of the second.
        public var candidate2: String
        /// The score of the first candidate after x.
        public var base1: Double
        /// The score of the second candidate after x.
        public var base2: Double
        /// Second against first, after x.
        public var oddsBase: Double
        /// The score of the first candidate after x′.
        public var alt1: Double
        /// The score of the second candidate after x′.
        public var alt2: Double
        /// Second against first, after x′.
        public var oddsAlternative: Double
        /// odds(x′) / odds(x) − 1.
        public var totalEffect: Double
        /// Of each head, [layer][head].
        public var indirectHead: [[Double]]
        /// Of each layer.
        public var indirectLayer: [Double]
        /// Of all heads together.
        public var indirectModel: Double
        /// Of each head, [layer][head].
        public var directHead: [[Double]]
        /// Of each layer.
        public var directLayer: [Double]
        /// Of all heads together.
        public var directModel: Double
        /// The odds with each head's pattern put in; in files of models other than GPT-2.
        public var indirectOddsHead: [[Double]]?
        /// The same for the direct effect.
        public var directOddsHead: [[Double]]?
        /// What is known of the item beforehand; not in published files.
        public var score: Double?

        enum CodingKeys: String, CodingKey {
            case base = "base_string1"
            case alternative = "base_string2"
            case candidate1, candidate2, score
            case base1 = "candidate1_base_prob"
            case base2 = "candidate2_base_prob"
            case oddsBase = "odds_base"
            case alt1 = "candidate1_alt_prob"
            case alt2 = "candidate2_alt_prob"
            case oddsAlternative = "odds_alt"
            case totalEffect = "total_effect"
            case indirectHead = "indirect_effect_head"
            case indirectLayer = "indirect_effect_layer"
            case indirectModel = "indirect_effect_model"
            case directHead = "direct_effect_head"
            case directLayer = "direct_effect_layer"
            case directModel = "direct_effect_model"
            case indirectOddsHead = "indirect_odds_head"
            case directOddsHead = "direct_odds_head"
        }
    }

    /// How many layers there are.
    public var layerCount: Int { results.first?.indirectHead.count ?? 0 }

    /// How many heads each has.
    public var headCount: Int { results.first?.indirectHead.first?.count ?? 0 }

    /// The model's name, with `_random` behind it where its weights are random.
    public var modelName: String { modelVersion + (isRandom ? "_random" : "") }

    /// Puts results together; means are taken.
    public init(
        model: String, split: String? = nil, stat: String? = nil, loaded: Int,
        filter: TotalEffectFilter? = nil, prependBOS: Bool = false, items: [Item]
    ) {
        let mark = "_random"
        isRandom = model.hasSuffix(mark)
        modelVersion = isRandom ? String(model.dropLast(mark.count)) : model
        (self.split, self.stat) = (split, stat)
        self.prependBOS = prependBOS ? true : nil
        isFiltered = filter != nil
        self.loaded = loaded
        (aligned, threshold) = (filter?.aligned, filter?.threshold)
        filterQuantile = filter?.quantile
        analyzed = items.count
        let mean = { (value: (Item) -> Double) in
            items.reduce(0) { $0 + value($1) } / Double(items.count)
        }
        meanTotal = mean(\.totalEffect)
        (meanIndirect, meanDirect) = (mean(\.indirectModel), mean(\.directModel))
        results = items
    }

    /// Reads a file.
    ///
    /// - Throws: ``MediationError/badFile(path:reason:)`` with the place.
    public init(_ file: Blob) throws {
        do {
            self = try decodeJSON(HeadResults.self, from: file.bytes)
        } catch {
            throw MediationError.badFile(path: file.name, reason: error.description)
        }
        guard results.count == analyzed else {
            throw MediationError.badFile(
                path: file.name,
                reason: "it has \(results.count) results, not \(analyzed) as its "
                    + "num_examples_analyzed says")
        }
        let name = file.name.split(separator: "/").last.map(String.init) ?? file.name
        isRandom = name.contains("_random_") && !modelVersion.hasSuffix("_random")
        let (layers, heads) = (layerCount, headCount)
        guard !results.isEmpty, layers > 0, heads > 0 else {
            throw MediationError.badFile(path: file.name, reason: "it has no results")
        }
        for (index, item) in results.enumerated() {
            let lists = [item.indirectHead, item.directHead]
            let isWhole =
                lists.allSatisfy { $0.count == layers && $0.allSatisfy { $0.count == heads } }
                && item.indirectLayer.count == layers && item.directLayer.count == layers
            guard isWhole else {
                throw MediationError.badFile(
                    path: file.name,
                    reason: "results[\(index)] has not effects of \(layers) layers of \(heads) "
                        + "heads, as the first has")
            }
        }
    }

    /// The file's text.
    public func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }

    /// The published study's file name without its ending, such as
    /// `attention_intervention_gpt2_filtered_dev`.
    public var fileStem: String {
        let filter = isFiltered ? "filtered" : "unfiltered"
        let name = String(modelName.map { $0 == "/" ? "_" : $0 })
        return "attention_intervention_" + (stat.map { $0 + "_" } ?? "") + "\(name)_\(filter)"
            + (split.map { "_" + $0 } ?? "")
    }
}

/// Which items are analyzed: those whose total effect has the expected sign and is not among the
/// smallest.
public struct TotalEffectFilter: Sendable, Hashable {
    /// How many ratios exceed 1.
    public let aligned: Int
    /// The share of the aligned ones that is left out.
    public let quantile: Double
    /// The ratio that an item must exceed.
    public let threshold: Double
    /// The items that are kept, by their places.
    public let kept: [Int]

    /// Filters items.
    ///
    /// - Parameters:
    ///   - ratios: odds(x′) / odds(x) of each.
    ///   - quantile: The quantile of those above 1 that is the threshold, linear between values.
    /// - Throws: ``MediationError/nothingLeft(_:)``.
    public init(_ ratios: [Double], quantile share: Double = 0.25) throws {
        let sorted = ratios.filter { $0 > 1 }.sorted()
        aligned = sorted.count
        quantile = share
        guard !sorted.isEmpty else {
            throw MediationError.nothingLeft(
                "none of the \(ratios.count) items has a positive total effect, so none passes "
                    + "the filter; analyze all with --no-filter")
        }
        let threshold = Statistics.quantile(share, ofSorted: sorted)
        self.threshold = threshold
        kept = ratios.indices.filter { ratios[$0] > threshold }
        guard !kept.isEmpty else {
            throw MediationError.nothingLeft(
                "no item exceeds the threshold \(threshold), as \(aligned) aligned items are too "
                    + "few; lower --filter-quantile, or analyze all with --no-filter")
        }
    }
}

extension HeadResults.Item {
    /// Puts an item together.
    public init(
        _ item: HeadItem, _ tokens: HeadTokens, _ experiment: HeadExperiment,
        indirect: HeadEffects, direct: HeadEffects
    ) throws {
        let pieces = tokens.candidates.map { candidate in
            candidate.map { experiment.model.string(of: $0).trimmed }.joined(separator: " ")
        }
        let (base, alternative) = (experiment.base.scores, experiment.alternative.scores)
        (self.base, self.alternative) = (item.texts[0], item.texts[1])
        (candidate1, candidate2) = (pieces[0], pieces[1])
        (base1, base2, oddsBase) = (base.first, base.second, base.second / base.first)
        (alt1, alt2) = (alternative.first, alternative.second)
        oddsAlternative = alternative.second / alternative.first
        totalEffect = try experiment.totalEffect()
        (indirectHead, indirectLayer, indirectModel) = (
            indirect.head, indirect.layer, indirect.model
        )
        (directHead, directLayer, directModel) = (direct.head, direct.layer, direct.model)
        score = item.score
    }
}
