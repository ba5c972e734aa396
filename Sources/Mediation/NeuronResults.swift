import Models
public import Results
import Tensors

/// What the neurons' study found: ratios of odds by intervention, prompt, site and neuron.
public struct NeuronResults: Sendable {
    /// One prompt and its plain runs.
    public struct Prompt: Sendable, Hashable {
        /// The word, with its scores; NaN where they are not known.
        public var word: Profession
        /// The texts: base, man, woman.
        public var texts: [String]
        /// The candidates.
        public var candidates: [String]
        /// The candidates' scores in the plain runs of base, man, woman.
        public var scores: [Scores]

        /// Puts a prompt together.
        public init(word: Profession, texts: [String], candidates: [String], scores: [Scores]) {
            precondition(scores.count == 3, "\(scores.count) plain runs")
            (self.word, self.texts) = (word, texts)
            (self.candidates, self.scores) = (candidates, scores)
        }

        /// The odds of *he* after man against those after base: the total effect of *man*, plus 1.
        public var manRatio: Double { scores[1].odds / scores[0].odds }

        /// The odds of *she* after woman against those after base.
        public var womanRatio: Double { scores[0].odds / scores[2].odds }
    }

    /// The scores of both candidates.
    public struct Scores: Sendable, Hashable {
        /// Of the first.
        public var first: Double
        /// Of the second.
        public var second: Double

        /// Pairs scores.
        public init(first: Double, second: Double) { (self.first, self.second) = (first, second) }

        /// First against second.
        public var odds: Double { first / second }
    }

    /// `emb` and the layers.
    public let sites: [String]
    /// How many neurons each site has.
    public let width: Int
    /// The name of the neurons' axis.
    public let axis: String
    /// What was done.
    public let interventions: [NeuronIntervention]
    /// The prompts.
    public var prompts: [Prompt]
    /// Per intervention and prompt, the ratio of each neuron, site by site; empty where it was not
    /// measured.
    public private(set) var ratios: [NeuronIntervention: [[Float]]]
    /// The same for the candidates' scores, if they were measured.
    public private(set) var scores: [NeuronIntervention: [[Scores]]] = [:]

    /// Results that are still to be set.
    public init(
        sites: [String], width: Int, axis: String = "neuron",
        interventions: [NeuronIntervention], prompts: [Prompt]
    ) {
        (self.sites, self.width, self.axis) = (sites, width, axis)
        (self.interventions, self.prompts) = (interventions, prompts)
        ratios = Dictionary(
            uniqueKeysWithValues: interventions.map {
                ($0, [[Float]](repeating: [], count: prompts.count))
            })
    }

    /// Sets one prompt's ratios.
    public mutating func set(
        _ values: [Float], of intervention: NeuronIntervention, prompt: Int
    ) {
        precondition(values.count == sites.count * width, "\(values.count) ratios")
        ratios[intervention]?[prompt] = values
    }

    /// Sets one prompt's scores, and the ratios that follow.
    public mutating func set(
        _ values: [Scores], of intervention: NeuronIntervention, prompt: Int
    ) {
        let base = prompts[prompt].scores[0].odds
        set(
            values.map { Float(intervention.isTowardsFirst ? $0.odds / base : base / $0.odds) },
            of: intervention, prompt: prompt)
        scores[intervention, default: [[Scores]](repeating: [], count: prompts.count)][prompt] =
            values
    }
}

extension NeuronResults.Prompt {
    /// A prompt whose plain runs are still to come.
    init(_ prompt: NeuronPrompt) {
        self.init(
            word: prompt.word, texts: prompt.texts, candidates: [],
            scores: [NeuronResults.Scores](
                repeating: NeuronResults.Scores(first: .nan, second: .nan), count: 3))
    }

    /// Describes a prompt by its plain runs.
    init(_ runs: NeuronRuns) throws {
        self.init(
            word: runs.prompt.word, texts: runs.prompt.texts,
            candidates: runs.prompt.candidates.map { ids in
                ids.map { runs.model.string(of: $0) }.joined().trimmed
            },
            scores: NeuronRuns.Prompt.allCases.map { prompt in
                let scores = runs[prompt].scores
                return NeuronResults.Scores(first: scores.first, second: scores.second)
            })
    }
}

extension NeuronResults {
    /// The ratios with labels, [type, prompt, site, neuron]; NaN where they were not measured.
    public var array: LabelledArray {
        let missing = [Float](repeating: .nan, count: sites.count * width)
        let values = interventions.flatMap { intervention in
            (ratios[intervention] ?? []).flatMap { $0.isEmpty ? missing : $0 }
        }
        return LabelledArray(
            "mediate-neurons-prompts", quantity: Quantity("odds ratio"),
            axes: [
                Axis("type", labels: interventions.map(\.rawValue)), promptAxis,
                Axis("site", labels: sites), Axis(axis, count: width),
            ],
            values: Tensor([interventions.count, prompts.count, sites.count, width], values))
    }

    /// What is known of each prompt, [prompt, quantity].
    public var promptTable: LabelledArray {
        let names = [
            "definitional", "stereotypical", "p1_base", "p2_base", "p1_man", "p2_man", "p1_woman",
            "p2_woman", "man_total_ratio", "woman_total_ratio",
        ]
        let values = prompts.flatMap { prompt in
            [prompt.word.definitional, prompt.word.stereotypical]
                + prompt.scores.flatMap { [$0.first, $0.second] }
                + [prompt.manRatio, prompt.womanRatio]
        }
        return LabelledArray(
            "mediate-neurons-totals", quantity: Quantity("value"),
            axes: [promptAxis, Axis("quantity", labels: names)],
            values: Tensor([prompts.count, names.count], values.map { Float($0) }))
    }

    private var promptAxis: Axis {
        Axis(
            "word", labels: prompts.map(\.word.name),
            companion: .init("prompt", prompts.map { $0.texts[0] }))
    }

    /// Takes results from the two arrays as they were written.
    ///
    /// - Throws: ``MediationError/badFile(path:reason:)``.
    public init(ratios: LabelledArray, prompts table: LabelledArray, path: String) throws {
        let bad = { (reason: String) in MediationError.badFile(path: path, reason: reason) }
        guard ratios.axes.map(\.name).prefix(3) == ["type", "word", "site"],
            ratios.axes.count == 4, table.axes.map(\.name) == ["word", "quantity"],
            table.axes[0] == ratios.axes[1], table.axes[1].count == 10
        else {
            throw bad(
                "it is not the ratios of all prompts, which mediate-neurons-prompts.json has, with "
                    + "mediate-neurons-totals.json of the same run beside it")
        }
        let interventions = try ratios.axes[0].labels.map { name in
            guard let intervention = NeuronIntervention(rawValue: name) else {
                throw bad("there is no intervention \(quoted(name))")
            }
            return intervention
        }
        let texts = ratios.axes[1].companion?.labels ?? ratios.axes[1].labels
        let prompts = try ratios.axes[1].labels.enumerated().map { index, word in
            let row = table.values.rows[index].map(Double.init)
            guard row[2..<8].allSatisfy({ $0 > 0 && $0 <= 1 }) else {
                throw bad(
                    "beside it, \(quoted(texts[index])) has a candidate without a probability, so "
                        + "there are no odds; leave the word out")
            }
            return Prompt(
                word: Profession(word, definitional: row[0], stereotypical: row[1]),
                texts: [texts[index], "", ""], candidates: [],
                scores: stride(from: 2, to: 8, by: 2).map {
                    Scores(first: row[$0], second: row[$0 + 1])
                })
        }
        self.init(
            sites: ratios.axes[2].labels, width: ratios.axes[3].count, axis: ratios.axes[3].name,
            interventions: interventions, prompts: prompts)
        for (type, intervention) in interventions.enumerated() {
            for prompt in prompts.indices {
                let values = ratios.values[at: type][at: prompt].values
                if !values.allSatisfy(\.isNaN) { set(values, of: intervention, prompt: prompt) }
            }
        }
    }
}

extension NeuronResults {
    /// The mean effect over prompts, [type, site, neuron]: the mean ratio minus 1.
    public var mean: LabelledArray {
        let count = sites.count * width
        let values = interventions.flatMap { intervention -> [Float] in
            let rows = (ratios[intervention] ?? []).filter { !$0.isEmpty }
            var sums = [Double](repeating: 0, count: count)
            for row in rows { for i in 0..<count { sums[i] += Double(row[i]) - 1 } }
            return sums.map { Float($0 / Double(rows.count)) }
        }
        return LabelledArray(
            "mediate-neurons", quantity: Quantity("mean effect"),
            axes: [
                Axis("type", labels: interventions.map(\.rawValue)), Axis("site", labels: sites),
                Axis(axis, count: width),
            ], values: Tensor([interventions.count, sites.count, width], values))
    }
}
