public import Results
import Statistics
import Tensors

extension HeadReport {
    /// Heads as a table, a row each.
    ///
    /// - Parameters:
    ///   - heads: See ``topHeads(_:by:)``.
    ///   - effect: What they are ranked by; the interval and the tests are of it.
    public static func table(_ heads: [TopHead], by effect: HeadEffect = .indirect) -> LabelledArray
    {
        let other: HeadEffect = effect == .indirect ? .direct : .indirect
        let names = [effect.rawValue, "low", "high", other.rawValue, "t", "p", "p_paired"]
        let values = heads.flatMap { head in
            let means =
                effect == .indirect ? (head.indirect, head.direct) : (head.direct, head.indirect)
            return [
                means.0, head.interval.lower, head.interval.upper, means.1, head.t, head.p,
                head.pairedP,
            ]
        }
        return LabelledArray(
            "mediation-top-heads", quantity: Quantity("value"),
            axes: [
                Axis("head", labels: heads.map(\.head.description)),
                Axis("statistic", labels: names),
            ], values: Tensor([heads.count, names.count], values.map { Float($0) }))
    }

    /// Indirect and direct effects of heads for stacked bars, [head, effect].
    public static func bars(_ heads: [TopHead]) -> LabelledArray {
        LabelledArray(
            "mediation-bars", quantity: Quantity("mean effect"),
            axes: [
                Axis("head", labels: heads.map(\.head.description)),
                Axis("effect", labels: HeadEffect.allCases.map(\.rawValue)),
            ],
            values: Tensor(
                [heads.count, 2], heads.flatMap { [Float($0.indirect), Float($0.direct)] })
        )
    }

    /// What was found of each item, [item, quantity]: the candidates' scores after x and x′, and
    /// the effects of the whole model.
    public var itemTable: LabelledArray {
        let names = [
            "candidate1_base_prob", "candidate2_base_prob", "candidate1_alt_prob",
            "candidate2_alt_prob", "total_effect", "indirect_effect_model", "direct_effect_model",
            "indirect_effect_head_sum",
        ]
        let values = items.flatMap { item in
            [
                item.base1, item.base2, item.alt1, item.alt2, item.totalEffect, item.indirectModel,
                item.directModel, item.indirectHead.joined().reduce(0, +),
            ]
        }
        return LabelledArray(
            "mediation-items", quantity: Quantity("value"),
            axes: [
                Axis("item", count: items.count, companion: .init("x", items.map(\.base))),
                Axis("quantity", labels: names),
            ], values: Tensor([items.count, names.count], values.map { Float($0) }))
    }

    /// The items' places, those with the largest total effects first.
    public var itemsByEffect: [Int] {
        items.indices.sorted { (-items[$0].totalEffect, $0) < (-items[$1].totalEffect, $1) }
    }

    /// Several results as a table, a row each: how many items there were and which share of them
    /// is aligned, how many were analyzed, the mean effects, and by which share of NIE-all the
    /// heads' sum differs from it.
    public static func comparison(_ reports: [(name: String, report: HeadReport)]) -> LabelledArray
    {
        let names = [
            "items", "aligned_share", "analyzed", "TE", "NIE-all", "NDE-all", "NIE-sum",
            "all_minus_sum_share",
        ]
        let values = reports.flatMap { _, report in
            let (results, means) = (report.results, report.totals.map(\.mean))
            // Without a filter nobody counted.
            let aligned = results.aligned ?? report.items.count { $0.totalEffect > 0 }
            return [
                Double(results.loaded), Double(aligned) / Double(max(results.loaded, 1)),
                Double(results.analyzed),
            ] + means + [(means[1] - means[3]) / means[1]]
        }
        return LabelledArray(
            "mediation-comparison-table", quantity: Quantity("value"),
            axes: [
                Axis("results", labels: reports.map(\.name)), Axis("quantity", labels: names),
            ], values: Tensor([reports.count, names.count], values.map { Float($0) }))
    }
}
