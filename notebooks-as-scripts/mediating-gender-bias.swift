// Mediating gender bias: through which neurons and which attention heads does a profession decide a
// pronoun?
//
//     swift run -c release mediating-gender-bias                  the embedded model
//     swift run -c release mediating-gender-bias --model gpt2     GPT-2 small, same words
//
// The causal mediation analysis of Vig et al. 2020 on a language whose biases are known: first the
// total effects, which must follow the biases; then how much of them passes through each neuron and
// through each head's attention pattern; then how few of them carry it.

import ArgumentParser
import Figures
import Glibc
import GroundTruth
import Mediation
import Models
import Results
import Statistics
import Tensors

@main
struct MediatingGenderBias: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Find what carries a known gender bias, and redraw figures/.")

    @Option(help: "A checkpoint's folder, a hub id such as gpt2, or organism.")
    var model = "organism"

    @Option(help: "Where figures go.")
    var out = "figures"

    func run() throws {
        let study = try MediationFigures(model: Transformer.load(model), folder: out)
        let correlation = try study.totalEffects()
        try study.neurons()
        let sweep = try HeadSweep(MediationStudy.organism.items, in: study.model)
        try study.heads(sweep)
        try study.selection(sweep)
        guard correlation > 0.7 else {
            print("\nThe effects do not follow the biases; this model does not know the language.")
            throw ExitCode.failure
        }
    }
}

/// The study's steps, each of which draws its figures.
struct MediationFigures {
    let model: Transformer
    let folder: String
    /// The words of the language in one template; words of several tokens are left out.
    let prompts: NeuronPrompts

    init(model: Transformer, folder: String) throws {
        (self.model, self.folder) = (model, folder)
        prompts = try NeuronPrompts(.organism, in: model, templates: [0])
    }

    /// The odds that the model gives to each word against the odds of its language.
    func totalEffects() throws -> Double {
        print("1. Do total effects follow the biases?")
        let truth = Dictionary(Person.nouns.map { ($0.word, $0.logOdds) }) { first, _ in first }
        let woman = truth["woman"] ?? 0
        var rows: [(word: String, truth: Double, effect: Double)] = []
        for prompt in prompts.prompts {
            let ratio = try NeuronRuns(prompt, in: model).totalRatio(.woman)
            // log odds(she | woman) − log odds(she | word), in the language and in the model.
            rows.append((prompt.word.name, woman - (truth[prompt.word.name] ?? 0), log(ratio)))
        }
        let correlation = pearsonCorrelation(rows.map(\.truth), rows.map(\.effect)) ?? 0
        print(
            "   \(rows.count) words, \(prompts.skipped.count) left out; correlation "
                + decimals(correlation, 3))
        let array = LabelledArray(
            "mediation-bias", quantity: Quantity("log (1 + total effect)", unit: "nats"),
            axes: [
                Axis("quantity", labels: ["in the language", "in the model"]),
                Axis("word", labels: rows.map(\.word)),
            ],
            values: Tensor(
                [2, rows.count], (rows.map(\.truth) + rows.map(\.effect)).map { Float($0) }))
        try draw(
            CorrelationPlot(
                array,
                style: .init(
                    title: "log (1 + total effect), in nats",
                    hasDiagonal: true, note: "r = \(decimals(correlation, 3))")), "mediation-bias")
        return correlation
    }

    /// Every neuron at the word, given its value for a word of the other bias.
    func neurons() throws {
        print("2. Through which neurons?")
        let sweep = try NeuronSweep(
            prompts.prompts, [.manIndirect, .womanIndirect], onlyAgainstBias: true, in: model)
        guard let results = try sweep.measure() else { return }
        var options = NeuronReport.Options()
        options.topShare = 0.05
        let report = NeuronReport(results, options: options)
        guard let aggregate = report.aggregate, let effects = report.againstBias else { return }
        try draw(
            RankPlot(
                effects, labelPrefixes: ("", " "),
                style: .init(title: "Neurons, indirect effect against the bias")),
            "mediation-neurons")
        let curve = report.curve(of: aggregate).part(0)
        print(
            "   the strongest \(report.strongestCount) neurons of each site: "
                + zip(curve.axes[0].labels, curve.values.values).prefix(4)
                .map { "\($0) \(decimals(Double($1), 3))" }.joined(separator: ", ") + ", …")
        try draw(
            LinePlot(
                curve, style: .init(title: "Strongest \(report.strongestCount) neurons of a site")),
            "mediation-curve")
    }

    /// Every head with the attention pattern of the other word.
    func heads(_ sweep: HeadSweep) throws {
        print("3. Through which attention heads?")
        guard let results = try sweep.measure() else { return }
        let report = HeadReport(results)
        for total in report.totals {
            print(
                "   \(total.name) \(decimals(total.mean, 3)), median \(decimals(total.median, 3))")
        }
        if let correlation = report.scoreCorrelation {
            print(
                "   total effects against the language's: correlation \(decimals(correlation, 3))")
        }
        var indirect = report.heads.part(0)
        indirect.quantity = Quantity("mean indirect effect")
        try draw(
            Heatmap(
                indirect, beside: report.allHeads(.indirect),
                style: .init(title: "Heads and layers, indirect effect", origin: .bottom)),
            "mediation-heads")
    }

    /// How few heads carry what all of them do.
    func selection(_ sweep: HeadSweep) throws {
        print("4. How few heads are enough?")
        let (count, objective) = (10, HeadObjective(sweep.tokens, in: model))
        let names = ["greedy", "top-k"]
        let algorithms: [Selection<HeadObjective>.Algorithm] = [.greedy, .topK]
        let outcomes = try zip(names, algorithms).map { name, algorithm in
            let outcome = try Selection(objective).choose(count, by: algorithm)
            print(
                "   \(name): "
                    + outcome.parts.prefix(5).map(\.description).joined(separator: ", ")
                    + ", …  \(decimals(outcome.effects.last ?? 0, 3)) of "
                    + decimals(outcome.whole, 3))
            return outcome
        }
        let curve = LabelledArray(
            "mediation-selection", quantity: Quantity("mean indirect effect"),
            axes: [
                Axis("algorithm", labels: names),
                Axis("heads", labels: (1...count).map(String.init)),
            ],
            values: Tensor([2, count], outcomes.flatMap(\.effects).map { Float($0) }))
        try draw(
            LinePlot(
                curve,
                style: .init(
                    title: "Heads chosen",
                    references: [ReferenceLine(outcomes[0].whole, "all heads")])),
            "mediation-selection")
    }

    private func draw(_ figure: some Figure, _ name: String) throws {
        try figure.write("\(folder)/\(name).png")
        print("   \(folder)/\(name).png")
    }
}

/// A number with a fixed count of decimals.
private func decimals(_ value: Double, _ count: Int) -> String {
    NumberText.fixed(value, decimals: count, minus: "-")
}
