// Rewriting pronouns: a feature learnt from gradients, and three models with another bias.
//
//     swift run -c release rewriting-pronouns
//
// GRADIEND (Drechsel and Herbold 2025, https://arxiv.org/abs/2502.01406) trains one neuron to read
// a pronoun's gender from the gradient of the loss, and to write the difference of two gradients.
// What it writes is added to the weights, which gives a model that says she and he alike, one that
// says she more often, and one that says he. The organism's biases were set by hand, so that it is
// known what each of these models says against what is true: a rewriting that undoes a bias moves
// the model away from the language it was trained on, and here one sees how far.

import ArgumentParser
import Figures
import Glibc
import Gradiend
import GroundTruth
import Interventions
import Kernels
import Models
import Results
import Statistics
import Tensors

@main
struct RewritingPronouns: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Learn the pronoun feature, rewrite the model along it, and compare with truth.")

    @Option(help: "Where figures go.")
    var out = "figures"

    @Option(help: "Starts the random choices.")
    var seed: UInt64 = 0

    func run() throws {
        let study = try Study(seed: seed, folder: out)
        print("1. A feature from the gradients of \(study.rows.count) texts about names")
        let feature = try study.train()

        print("2. Does its neuron tell she from he of names it never saw?")
        let metrics = try study.evaluate(feature)

        print("3. Which rewritings make the model balanced, female or male?")
        let choices = try study.choose(feature)

        print("4. How far from the truth does each model end?")
        try study.compare(feature, choices)

        let missed = study.missedTargets(metrics, choices)
        for target in missed { print("missed: \(target)") }
        if !missed.isEmpty { throw ExitCode.failure }
    }
}

/// The model, its texts, and where figures go.
struct Study {
    static let classes = ClassPair(positive: "she", negative: "he")
    static let factors = (-5...5).map { Double($0) / 5 }
    static let rates = [0.02, 0.05, 0.08, 0.1, 0.12, 0.2, 0.5]
    /// The most texts of a kind that the neuron reads, and by which models are scored.
    static let mostTexts = 200

    let model: Transformer
    let task: PredictionTask
    let rows: [FeatureRow]
    let neutral: [String]
    let seed: UInt64
    let folder: String

    init(seed: UInt64, folder: String) throws {
        model = try Transformer.load("organism")
        task = try PredictionTask(for: model)
        let texts = OrganismRows(seed: seed)
        (rows, neutral) = (try texts.rows(), texts.neutralTexts())
        (self.seed, self.folder) = (seed, folder)
    }

    func train() throws -> Feature {
        var options = TrainingOptions.quick
        options.seed = seed
        let outcome = try FeatureTraining(
            of: rows, with: task, in: model, classes: Self.classes, options
        ).run()
        for run in outcome.runs {
            print(
                "   seed \(run.seed): best after \(run.bestEvaluation?.step ?? 0) of \(run.steps) "
                    + "steps, on \(outcome.feature.map.count) weights"
                    + (run.converged ? "" : ", not converged"))
        }
        return outcome.feature
    }

    func evaluate(_ feature: Feature) throws -> EncoderMetrics {
        let encoded = try feature.encodedRows(
            of: rows.of(.test), neutral: neutral, with: task, in: model, atMost: Self.mostTexts)
        let metrics = EncoderMetrics(encoded, reading: feature.source)
        print(
            "   correlation \(decimals(metrics.cor_genter ?? .nan, 4)), mean h of she "
                + "\(decimals(metrics.mean(of: "she"), 3)), of he "
                + "\(decimals(metrics.mean(of: "he"), 3)); with neutral texts "
                + "\(decimals(metrics.cor_enc ?? .nan, 4))")
        let style = ViolinPlot.Style(
            title: "What the neuron reads in gradients", limits: -1.05...1.05)
        try draw(ViolinPlot(encoded.byGroup(of: feature), style: style), "gradiend-encoder")
        return metrics
    }

    /// Scores the grid by the pronouns after graded professions, and takes the best of each kind.
    func choose(_ feature: Feature) throws -> [Choice] {
        let probe = try DecoderProbe(
            Person.professions.map(\.row), neutral: neutral, classes: Self.classes, with: task,
            atMost: Self.mostTexts)
        let evaluation = try feature.evaluate(
            DecoderGrid(factors: Self.factors, rates: Self.rates), of: model, with: probe)
        var style = Heatmap.Style(colourMap: .blues, limits: 0...1)
        style.origin = .bottom
        try draw(
            HeatmapGrid(
                evaluation.byPaperMeasure(factors: Self.factors, rates: Self.rates), style: style),
            "gradiend-decoder")
        let goals: [(String, String, RewritingGoal)] = [
            ("balanced", "BPI", .balance), ("female", "P(she) of he", .strengthen("she")),
            ("male", "P(he) of she", .strengthen("he")),
        ]
        return try goals.map { name, measure, goal in
            let choice = try evaluation.choice(goal, by: .package)
            let share = choice.lms / evaluation.base.lms
            print(
                "   \(padded(name, 10))\(choice.rewriting.summary): \(measure) "
                    + "\(decimals(choice.baseScore, 4)) → \(decimals(choice.score, 4)) "
                    + "(\(decimals(100 * (choice.score / choice.baseScore - 1), 1)) % more), LMS "
                    + "\(decimals(share, 4)) of base")
            return Choice(name: name, choice: choice, shareOfLMS: share)
        }
    }

    /// Compares the base model and the rewritten ones with the truth.
    func compare(_ feature: Feature, _ choices: [Choice]) throws {
        let models =
            try [Pronouns("base", of: model)]
            + choices.map { choice in
                try Pronouns(choice.name, of: feature.rewriting(model, choice.choice.rewriting))
            }
        print(Pronouns.table(models))
        let style = CorrelationPlot.Style(
            title: "The PROFESSION said that … she or he?", hasDiagonal: true, namedPoints: 0)
        try draw(CorrelationPlot(Pronouns.odds(models), style: style), "gradiend-truth")
    }

    /// What was to be reached and was not.
    func missedTargets(_ metrics: EncoderMetrics, _ choices: [Choice]) -> [String] {
        let balanced = choices[0]
        let targets = [
            ("|r| of at least 0.95", abs(metrics.cor_genter ?? 0) >= 0.95),
            (
                "class means beyond ±0.5",
                metrics.mean(of: "she") > 0.5 && metrics.mean(of: "he") < -0.5
            ),
            ("BPI up by 15 %", balanced.choice.score >= 1.15 * balanced.choice.baseScore),
            ("a model shifted to either side", choices.allSatisfy { $0.choice.rewriting != .none }),
            ("LMS of at least 0.99 of base", choices.allSatisfy { $0.shareOfLMS >= 0.99 }),
        ]
        return targets.filter { !$0.1 }.map(\.0)
    }

    private func draw(_ figure: some Figure, _ name: String) throws {
        let path = "\(folder)/\(name).png"
        try figure.write(path)
        print("   \(path)")
    }
}

/// A rewriting of the grid, and what it was chosen for.
struct Choice {
    let name: String
    let choice: RewritingChoice
    let shareOfLMS: Double
}

/// What a model says after "The NOUN said that", against the grammar.
struct Pronouns {
    /// The probabilities of both pronouns after a noun.
    struct Answer {
        let person: Person
        let she: Double
        let he: Double

        /// P(she) of she and he.
        var pShe: Double { she / (she + he) }
        var logOdds: Double { log(she) - log(he) }
    }

    let name: String
    let answers: [Answer]

    init(_ name: String, of model: Transformer) throws {
        self.name = name
        let (she, he) = (Metric.probability(" she"), Metric.probability(" he"))
        answers = try Person.nouns.map { person in
            let run = try model.run(person.beginning)
            return try Answer(person: person, she: she.value(of: run), he: he.value(of: run))
        }
    }

    /// Of the professions, whose bias was set by degrees.
    private var graded: [Answer] { answers.filter { $0.person.kind == .profession } }

    /// True against said log-odds.
    private var correlation: Double {
        pearsonCorrelation(answers.map(\.person.logOdds), answers.map(\.logOdds)) ?? .nan
    }

    static func table(_ models: [Pronouns]) -> String {
        let header = ["P(she)", "P(he)", "p(she)", "r", "error", "graded", "from 0.5"]
        func row(_ name: String, _ cells: [String]) -> String {
            "   " + padded(name, 10)
                + cells.map { String(repeating: " ", count: 9 - $0.count) + $0 }.joined()
        }
        let rows = models.map { model -> String in
            func error(_ answers: [Answer]) -> Double {
                mean(answers.map { abs($0.pShe - $0.person.pShe) })
            }
            let numbers = [
                mean(model.graded.map(\.she)), mean(model.graded.map(\.he)),
                mean(model.graded.map(\.pShe)), model.correlation, error(model.answers),
                error(model.graded), mean(model.graded.map { abs($0.pShe - 0.5) }),
            ]
            return row(model.name, numbers.map { decimals($0, 4) })
        }
        return ([row("", header)] + rows).joined(separator: "\n") + """

               p(she) = P(she) / (P(she) + P(he)), r: true with said log-odds over all nouns,
               error: mean |p(she) − truth| over all nouns and over graded professions, of which
               the other columns are means; from 0.5: mean |p(she) − 0.5|
            """
    }

    /// True and said log-odds of the professions, by model.
    static func odds(_ models: [Pronouns]) -> LabelledArray {
        let answers = models.flatMap(\.graded)
        return LabelledArray(
            "odds", quantity: Quantity("log-odds"),
            axes: [
                Axis("odds", labels: ["true log-odds of she", "log-odds of she in the model"]),
                Axis(
                    "noun", labels: answers.map(\.person.word),
                    companion: .init(
                        "model",
                        models.flatMap { [String](repeating: $0.name, count: $0.graded.count) })),
            ],
            values: Tensor(
                [2, answers.count],
                answers.map { Float($0.person.logOdds) } + answers.map { Float($0.logOdds) }))
    }
}

extension Person {
    /// Those whose bias was set by degrees.
    static let professions = nouns.filter { $0.kind == .profession }

    /// A beginning after which the grammar lets a pronoun follow.
    var beginning: String { "The \(word) said that" }

    /// The beginning with a gap for the pronoun, of the class that is likelier in truth.
    var row: FeatureRow {
        let (right, other) = pShe >= 0.5 ? ("she", "he") : ("he", "she")
        return FeatureRow(
            masked: "\(beginning) \(FeatureRow.gap)", split: .test, classes: (right, other),
            words: (right, other))
    }
}

extension EncoderMetrics {
    /// The mean h of a class.
    func mean(of name: String) -> Double { groups[name]?.mean ?? .nan }
}

/// A number with a fixed count of decimals.
func decimals(_ value: Double, _ count: Int) -> String {
    NumberText.fixed(value, decimals: count, minus: "-")
}

func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
}
