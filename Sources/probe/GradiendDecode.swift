import ArgumentParser
import Figures
import Gradiend
import Models
import Results
import Tensors

/// `probe gradiend-decode`: scores models rewritten along a feature.
struct GradiendDecode: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Score models rewritten along a feature, over a grid of factors and rates.",
        discussion: """
            Each candidate is the model moved by rate × decoder(factor). Scored are the \
            probabilities of the classes' words and how good a language model is left. Candidates \
            that were scored before are read from the folder's cache.
            """)

    @OptionGroup(title: "Feature") var feature: FeatureOptions
    @OptionGroup(title: "Candidates") var grid: DecoderGridOptions
    @OptionGroup(title: "Data") var data: FeatureDataOptions
    @OptionGroup var texts: FeatureSplitOptions
    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load()
        let feature = try self.feature.load(for: model, classes: data.classes)
        let folder = output.folder(for: "gradiend-decode")
        let evaluation = try grid.evaluation(
            of: feature, model, data, texts, self.model, cache: folder + "/candidates",
            progress: output.verbosity.progress("candidates"))
        var result = grid.array(evaluation, feature)
        result.provenance = try Provenance(of: model, seed: texts.seed)
        result.settings = [
            "feature": self.feature.feature, "split": texts.split.rawValue,
            "grid": grid.grid.rawValue, "policy": grid.policy.rawValue,
        ]
        var style = figure.style(title: "", colourMap: .blues)
        style.limits = 0...1
        try report(
            HeatmapGrid(result, style: style), grid.summary(evaluation),
            command: "gradiend-decode", output, isPreviewed: false)
    }
}

/// Which rewritings are tried, and how one is chosen.
struct DecoderGridOptions: ParsableArguments {
    @Option(
        help: """
            The candidates: package (each class's factor, 16 rates from 100 to 0.001), paper (15 \
            factors, 16 rates of either sign) or small (factors -1, 0, 1).
            """)
    var grid = GridName.package

    @Option(
        help: ArgumentHelp("Rates instead of the grid's, with commas.", valueName: "rates"),
        transform: DecoderGridOptions.numbers)
    var rates: [Double]?

    @Option(
        help: ArgumentHelp("Factors instead of the grid's, with commas.", valueName: "factors"),
        transform: DecoderGridOptions.numbers)
    var factors: [Double]?

    @Option(
        help: ArgumentHelp(
            "Texts with [NAME] (a column text), in which names tell the bias; needs --names.",
            valueName: "file"), completion: .file())
    var nameTexts: String?

    @Option(
        help: """
            How one is chosen: threshold (best score that keeps 99 % of the language model's) or \
            product (score times the language model's).
            """)
    var policy = PolicyName.threshold

    /// The grids by name.
    enum GridName: String, CaseIterable, ExpressibleByArgument { case package, paper, small }

    /// The policies by name.
    enum PolicyName: String, CaseIterable, ExpressibleByArgument {
        case threshold, product

        var policy: SelectionPolicy { self == .threshold ? .package : .product }
    }

    private static func numbers(_ text: String) throws -> [Double] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { item in
            guard let number = Double(item), number.isFinite else {
                throw ValidationError("'\(item)' is no number; give numbers with commas")
            }
            return number
        }
    }

    /// The factors and rates for a feature.
    func candidates(for feature: Feature) -> (factors: [Double], rates: [Double]) {
        let classes = feature.classes.map { [$0.positive, $0.negative] } ?? []
        let known: (factors: [Double], rates: [Double]) =
            switch grid {
            case .package: (classes.map(feature.factor), DecoderGrid.packageRates.reversed())
            case .paper: (DecoderGrid.paperFactors, DecoderGrid.paperRates)
            case .small: ([-1, 0, 1], [1e-5, 1e-4, 1e-3, 1e-2])
            }
        return (factors ?? known.factors, rates ?? known.rates)
    }

    /// Scores the candidates.
    func evaluation(
        of feature: Feature, _ model: Transformer, _ data: FeatureDataOptions,
        _ texts: FeatureSplitOptions, _ options: ModelOptions, cache: String?,
        progress: ProgressLine
    ) throws -> DecoderEvaluation {
        guard let classes = feature.classes else { throw FeatureWithoutClasses() }
        let task = try data.task(for: model, options)
        var probe = try DecoderProbe(
            data.rows(seed: texts.seed, for: task).of(texts.split),
            neutral: data.neutralTexts(seed: texts.seed), classes: classes, with: task,
            atMost: texts.most)
        if let nameTexts {
            let table = try TextTable(Blob(mapping: nameTexts))
            try table.require(["text"])
            probe = try probe.judging(
                names: data.givenNames(),
                in: table.rows.map { try table.required("text", of: $0) }, with: task)
        }
        let (factors, rates) = candidates(for: feature)
        return try feature.evaluate(
            DecoderGrid(factors: factors, rates: rates), of: model, with: probe, cachedIn: cache,
            progress: progress.update)
    }

    /// The scores by measure, factor and rate.
    func array(_ evaluation: DecoderEvaluation, _ feature: Feature) -> LabelledArray {
        let (factors, rates) = candidates(for: feature)
        return evaluation.byMeasure(factors: factors, rates: rates)
    }

    /// What is chosen for each goal.
    func summary(_ evaluation: DecoderEvaluation) throws -> String {
        guard evaluation.base.lms != nil else {
            return "none is chosen: without neutral texts (--neutral) nothing tells a good "
                + "language model from a ruined one"
        }
        let classes = [evaluation.classes.positive, evaluation.classes.negative]
        let goals: [(String, RewritingGoal)] =
            classes.map { ("more \($0)", .strengthen($0)) }
            + classes.map { ("less \($0)", .weaken($0)) } + [("balance", .balance)]
        func number(_ value: Double?) -> String {
            value.map { NumberText.fixed($0, decimals: 4, minus: "-") } ?? "none"
        }
        let width = goals.map(\.0.count).max() ?? 0
        return try goals.map { name, goal in
            let choice = try evaluation.choice(goal, by: policy.policy)
            let padding = String(repeating: " ", count: width - name.count)
            return name + padding + "  \(choice.rewriting.summary): \(number(choice.baseScore)) → "
                + "\(number(choice.score)), language model \(number(evaluation.base.lms)) → "
                + "\(number(choice.lms))"
        }.joined(separator: "\n")
    }
}

/// A feature of a folder that does not name its classes.
struct FeatureWithoutClasses: Error, CustomStringConvertible {
    let description =
        "the feature's folder does not say which classes it tells apart; give --classes"
}
