internal import Glibc
public import Results
import Statistics
import Tensors

/// What the published study's four scripts compute of the neurons' results.
public struct NeuronReport: Sendable {
    /// Which definitions of the published scripts are kept although they contradict their comments.
    public struct Options: Sendable, Hashable {
        /// The share of a site's neurons that a curve is the mean of.
        public var topShare = 0.025
        /// The least score of both candidates after the base prompt, for the split totals.
        public var leastScore = 0.01
        /// Whether the aggregate is over words that are gendered by definition, as the published
        /// script takes it.
        public var isCompatible = false

        /// The published study's numbers.
        public init() {}
    }

    private let results: NeuronResults
    private let options: Options

    /// Takes results.
    public init(_ results: NeuronResults, options: Options = Options()) {
        (self.results, self.options) = (results, options)
    }

    /// Total effects, of words that are not gendered by definition.
    ///
    /// `same direction`: of each prompt the odds it leans to, towards that gender's word, the mean
    /// of templates' means. `model direction` and `word direction`: against the odds it leans to,
    /// against the word's bias, over all prompts whose candidates both have some probability. The
    /// last one's `all` is the published total effect.
    public var totals: [EffectSummary] {
        let prompts = results.prompts.filter(\.word.isNotDefinitional)
        let leansToFirst = { (prompt: NeuronResults.Prompt) in prompt.scores[0].odds >= 1 }
        let same = prompts.map { leansToFirst($0) ? $0.manRatio : $0.womanRatio }
        let likely = prompts.filter {
            min($0.scores[0].first, $0.scores[0].second) > options.leastScore
        }
        let she = likely.filter { !leansToFirst($0) }.map(\.manRatio)
        let he = likely.filter(leansToFirst).map(\.womanRatio)
        let female = likely.filter { $0.word.total < 0 }.map(\.manRatio)
        let male = likely.filter { $0.word.total > 0 }.map(\.womanRatio)
        let groups: [(String, [Double])] = [
            ("same direction", same), ("man, all words", prompts.map(\.manRatio)),
            ("woman, all words", prompts.map(\.womanRatio)),
            ("model direction, she to he", she), ("model direction, he to she", he),
            ("model direction, all", she + he), ("word direction, female to man", female),
            ("word direction, male to woman", male), ("word direction, all", female + male),
        ]
        return groups.map { EffectSummary($0, $1.map { $0 - 1 }) }
    }

    /// Pearson's correlation of words' biases with log odds ratios of *woman*, over all prompts.
    public var biasCorrelation: Double? {
        let prompts = results.prompts.filter { $0.womanRatio > 0 && $0.womanRatio.isFinite }
        return pearsonCorrelation(prompts.map(\.word.total), prompts.map { log($0.womanRatio) })
    }

    /// Bias against log odds ratio of each word, the mean over templates: for a correlation plot.
    public var biasAgainstEffect: LabelledArray {
        var words: [String: (bias: Double, logs: [Double])] = [:]
        for prompt in results.prompts where prompt.womanRatio > 0 {
            words[prompt.word.name, default: (prompt.word.total, [])].logs.append(
                log(prompt.womanRatio))
        }
        let names = words.keys.sorted()
        let rows = names.compactMap { words[$0] }
        return LabelledArray(
            "mediation-bias", quantity: Quantity("value"),
            axes: [
                Axis("quantity", labels: ["bias of the word", "log total effect + 1 of woman"]),
                Axis("word", labels: names),
            ],
            values: Tensor(
                [2, names.count], (rows.map(\.bias) + rows.map { mean($0.logs) }).map { Float($0) })
        )
    }

    /// The effects against words' biases, by neuron: [statistic, site, neuron].
    ///
    /// Of female words *man*, of others *woman* interventions; means and standard deviations (n −
    /// 1) over prompts of the indirect and the direct ratio and of their sum minus 1, the total
    /// causal effect. `nil` unless indirect effects were measured.
    public var aggregate: LabelledArray? {
        let count = results.sites.count * results.width
        var rows: (indirect: [[Float]], direct: [[Float]]) = ([], [])
        for (index, prompt) in results.prompts.enumerated()
        where prompt.word.isNotDefinitional != options.isCompatible {
            let (indirect, direct): (NeuronIntervention, NeuronIntervention) =
                prompt.word.total < 0 ? (.manIndirect, .manDirect) : (.womanIndirect, .womanDirect)
            guard let first = results.ratios[indirect]?[index], !first.isEmpty else { continue }
            rows.indirect.append(first)
            if let second = results.ratios[direct]?[index], !second.isEmpty {
                rows.direct.append(second)
            }
        }
        guard !rows.indirect.isEmpty else { return nil }
        var (names, parts) = (["indirect_mean", "indirect_std"], moments(rows.indirect, count))
        if rows.direct.count == rows.indirect.count {
            let totals = zip(rows.indirect, rows.direct).map { zip($0, $1).map { $0 + $1 - 1 } }
            names += ["direct_mean", "direct_std", "total_mean", "total_std"]
            parts += moments(rows.direct, count) + moments(totals, count)
        }
        var array = LabelledArray(
            "mediation-neurons", quantity: Quantity("odds ratio"),
            axes: [
                Axis("statistic", labels: names), Axis("site", labels: results.sites),
                Axis(results.axis, count: results.width),
            ],
            values: Tensor(
                [names.count, results.sites.count, results.width], parts.flatMap { $0 }),
            summary: [("prompts", Double(rows.indirect.count))])
        array.settings["direction"] = "against the words' biases"
        return array
    }

    /// The mean indirect effects against words' biases, [site, neuron].
    public var againstBias: LabelledArray? {
        aggregate.map { aggregate in
            var effects = aggregate.part(0).replacingValues { $1 - 1 }
            effects.name = "mediation-neurons"
            effects.quantity = Quantity("mean indirect effect")
            return effects
        }
    }

    /// Means and standard deviations of columns.
    private func moments(_ rows: [[Float]], _ count: Int) -> [[Float]] {
        var sums = [Double](repeating: 0, count: count)
        for row in rows { for i in 0..<count { sums[i] += Double(row[i]) } }
        let means = sums.map { $0 / Double(rows.count) }
        var squares = [Double](repeating: 0, count: count)
        for row in rows {
            for i in 0..<count {
                let difference = Double(row[i]) - means[i]
                squares[i] += difference * difference
            }
        }
        let deviations = squares.map {
            rows.count > 1 ? Float(($0 / Double(rows.count - 1)).squareRoot()) : .nan
        }
        return [means.map { Float($0) }, deviations]
    }

    /// The mean effect of each site's strongest neurons, and the mean of their standard
    /// deviations: [statistic, site].
    ///
    /// - Parameter aggregate: See ``aggregate``.
    public func curve(of aggregate: LabelledArray) -> LabelledArray {
        let count = strongestCount
        let (means, deviations) = (aggregate.values[at: 0], aggregate.values[at: 1])
        let rows = results.sites.indices.map { site in
            let order = (0..<results.width).sorted {
                (-means[site, $0], $0) < (-means[site, $1], $1)
            }.prefix(count)
            return [means, deviations].map { values in
                mean(order.map { Double(values[site, $0]) })
            }
        }
        return LabelledArray(
            "mediation-curve", quantity: Quantity("mean indirect effect"),
            axes: [
                Axis("statistic", labels: ["mean", "std"]), Axis("site", labels: results.sites),
            ],
            values: Tensor(
                [2, rows.count],
                rows.map { Float($0[0] - 1) } + rows.map { Float($0[1]) }),
            summary: [("neurons of a site", Double(count))])
    }

    /// How many neurons of a site a curve is the mean of; at least one.
    public var strongestCount: Int {
        max(1, Int(Double(results.width) * (options.topShare * 100) / 100))
    }
}
