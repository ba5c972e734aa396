internal import Glibc
public import Results
public import Statistics
import Tensors

/// What the published study's scripts compute of the heads' results, and what they lack.
public struct HeadReport: Sendable {
    /// The results.
    public let results: HeadResults
    private let seed: UInt64
    var items: [HeadResults.Item] { results.results }

    /// Takes results.
    ///
    /// - Parameters:
    ///   - results: The results.
    ///   - seed: Starts the bootstrap and the sign flips.
    public init(_ results: HeadResults, seed: UInt64 = 0) {
        (self.results, self.seed) = (results, seed)
    }

    /// Total, indirect and direct effect of the model, and the sum of all heads' indirect effects.
    public var totals: [EffectSummary] {
        let groups: [(String, [Double])] = [
            ("TE", items.map(\.totalEffect)), ("NIE-all", items.map(\.indirectModel)),
            ("NDE-all", items.map(\.directModel)),
            ("NIE-sum", items.map { $0.indirectHead.joined().reduce(0, +) }),
        ]
        return groups.map { EffectSummary($0, $1, seed: seed) }
    }

    /// The mean effect of each head, [effect, layer, head].
    public var heads: LabelledArray {
        let parts = HeadEffect.allCases.map { columns(effectRows($0)).map { Float(mean($0)) } }
        let shape = [2, results.layerCount, results.headCount]
        return LabelledArray(
            "mediation-heads", quantity: Quantity("mean effect"),
            axes: [
                Axis("effect", labels: HeadEffect.allCases.map(\.rawValue)),
                Axis("layer", count: shape[1]), Axis("head", count: shape[2]),
            ], values: Tensor(shape, parts.flatMap { $0 }))
    }

    /// The mean effect of each layer, [layer, effect].
    public var layers: LabelledArray {
        let parts = [items.map(\.indirectLayer), items.map(\.directLayer)].map { effects in
            columns(effects).map { Float(mean($0)) }
        }
        return LabelledArray(
            "mediation-layers", quantity: Quantity("mean effect"),
            axes: [
                Axis("layer", count: results.layerCount),
                Axis("effect", labels: HeadEffect.allCases.map(\.rawValue)),
            ],
            values: Tensor([results.layerCount, 2], zip(parts[0], parts[1]).flatMap { [$0, $1] }))
    }

    /// The mean effect of all heads of a layer together, [layer], for bars beside the heads'.
    public func allHeads(_ effect: HeadEffect) -> LabelledArray {
        let effects = items.map { effect == .indirect ? $0.indirectLayer : $0.directLayer }
        return LabelledArray(
            "mediation-layers-\(effect.rawValue)", quantity: Quantity("all heads"),
            axes: [Axis("layer", count: results.layerCount)],
            values: Tensor([results.layerCount], columns(effects).map { Float(mean($0)) }))
    }

    /// One of the heads through which most of the effect passes.
    public struct TopHead: Sendable, Hashable {
        /// The head.
        public let head: Head
        /// Its mean indirect effect.
        public let indirect: Double
        /// Its mean direct effect.
        public let direct: Double
        /// The 95 % bootstrap interval of the mean of the effect by which heads are ranked.
        public let interval: ConfidenceInterval
        /// Student's t of its effects against those of all heads, itself among them.
        public let t: Double
        /// Half the two-sided p of t, as published.
        public let p: Double
        /// The p of a paired test: sign flips of the differences from the item's mean over heads,
        /// with correction for false discoveries over all heads.
        public let pairedP: Double
    }

    /// The heads through which most of the effect passes: those with the largest mean indirect
    /// effects, or those without which least of it is left, with the smallest direct ones.
    public func topHeads(_ count: Int, by effect: HeadEffect = .indirect) -> [TopHead] {
        let effects = HeadEffect.allCases.map(effectRows)
        let means = effects.map { columns($0).map(mean) }
        let (index, sign) = effect == .indirect ? (0, -1.0) : (1, 1.0)
        let (rows, ranked) = (effects[index], means[index])
        let (all, byHead) = (rows.flatMap { $0 }, columns(rows))
        let intervals = bootstrapInterval(ofMeanOf: rows, resamples: 2000, seed: seed)
        let differences = rows.map { row in
            let centre = mean(row)
            return row.map { $0 - centre }
        }
        let paired = benjaminiHochberg(
            signFlipTest(ofMeanOf: differences, flips: 2000, seed: seed))
        let order = ranked.indices.sorted { (sign * ranked[$0], $0) < (sign * ranked[$1], $1) }
        return order.prefix(count).map { index in
            let (layer, head) = index.quotientAndRemainder(dividingBy: results.headCount)
            let test = StudentTest(byHead[index], all)
            return TopHead(
                head: Head(layer: layer, head: head), indirect: means[0][index],
                direct: means[1][index], interval: intervals[index], t: test?.t ?? .nan,
                p: test.map { $0.twoSidedP / 2 } ?? .nan, pairedP: paired[index])
        }
    }

    /// Each item's effects of all heads.
    private func effectRows(_ effect: HeadEffect) -> [[Double]] {
        items.map { Array((effect == .indirect ? $0.indirectHead : $0.directHead).joined()) }
    }

    /// Of all items and heads, TE − NDE against NIE: whether the effects add up.
    ///
    /// - Parameter line: The line, if its share alone is asked for: slope 1, intercept 0 for
    ///   effects that add up.
    public func decomposition(
        given line: (slope: Double, intercept: Double)? = nil
    ) -> LinearFit? {
        let x = items.flatMap { $0.indirectHead.joined() }
        let y = items.flatMap { item in item.directHead.joined().map { item.totalEffect - $0 } }
        return LinearFit(x, y, given: line)
    }

    /// Pearson's correlation of items' scores with the log of their total effects, as in the
    /// published regression; `nil` without scores.
    ///
    /// Of other items than WinoBias's and Winogender's, and where an effect is not positive, it is
    /// the log of 1 + the effect.
    public var scoreCorrelation: Double? {
        let known = items.filter { $0.score != nil && $0.totalEffect > -1 }
        guard known.count > 2 else { return nil }
        let effects = known.map(\.totalEffect)
        let isPublished =
            (results.split != nil || results.stat != nil) && effects.allSatisfy { $0 > 0 }
        return pearsonCorrelation(
            known.map { $0.score ?? 0 }, effects.map { isPublished ? log($0) : log1p($0) })
    }

    private func columns(_ rows: [[Double]]) -> [[Double]] {
        (0..<(rows.first?.count ?? 0)).map { column in rows.map { $0[column] } }
    }
}
