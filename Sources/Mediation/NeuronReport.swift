internal import Glibc
public import Results
import Statistics
import Tensors

/// What the published study's four scripts compute of the neurons' results.
public struct NeuronReport: Sendable {
    /// What is counted, and which of the published scripts' mistakes are repeated.
    public struct Options: Sendable, Hashable {
        /// The share of a site's neurons that a curve is the mean of.
        public var topShare = 0.025
        /// The least score of both candidates after the base prompt, for the split totals.
        public var leastScore = 0.01
        /// Whether two mistakes of the published scripts are made, for tables that have them: the
        /// aggregate is over the words that are gendered by definition (|definitional| > 0.75)
        /// instead of the others, and the groups of the split totals have each other's names.
        public var isCompatible = false

        /// The published study's numbers.
        public init() {}
    }

    let results: NeuronResults
    let options: Options

    /// Takes results.
    public init(_ results: NeuronResults, options: Options = Options()) {
        (self.results, self.options) = (results, options)
    }

    /// Total effects, of words that are not gendered by definition.
    ///
    /// `same direction`: of each prompt the odds it leans to, towards that gender's word (the
    /// published mean of templates' means, if all have the same words). `model direction` and
    /// `word direction`: against the odds it leans to, against the word's bias, over all prompts
    /// whose candidates both have some probability. The last one's `all` is the published total
    /// effect.
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
        let (split, biased) =
            options.isCompatible ? ([he, she], [male, female]) : ([she, he], [female, male])
        let groups: [(String, [Double])] = [
            ("same direction", same), ("man, all words", prompts.map(\.manRatio)),
            ("woman, all words", prompts.map(\.womanRatio)),
            ("model direction, she to he", split[0]), ("model direction, he to she", split[1]),
            ("model direction, all", she + he), ("word direction, female to man", biased[0]),
            ("word direction, male to woman", biased[1]), ("word direction, all", female + male),
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
        for prompt in results.prompts where prompt.womanRatio > 0 && prompt.womanRatio.isFinite {
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

    /// Mean effects, [effect, site, neuron]: against the words' biases, if that was measured, then
    /// of each intervention over all its prompts.
    public var means: LabelledArray {
        let all = results.mean
        guard let effects = againstBias else { return all }
        return LabelledArray(
            all.name, quantity: all.quantity,
            axes: [Axis("effect", labels: ["against biases"] + all.axes[0].labels)]
                + all.axes.dropFirst(),
            values: Tensor(
                [all.axes[0].count + 1] + all.values.shape.dropFirst(),
                effects.values.values + all.values.values))
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
