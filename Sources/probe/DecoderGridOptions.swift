public import ArgumentParser
import Gradiend
import Models
import Results
import Tensors

/// Which rewritings are tried, by which texts they are judged, and how one is chosen.
struct DecoderGridOptions: ParsableArguments {
    @Option(
        help: """
            The candidates: package (each class's factor, 16 rates from 100 to 0.001), paper (15 \
            factors, 16 rates of either sign) or small (factors -1, 0, 1).
            """)
    var grid = GridName.package

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Rates instead of the grid's, with commas.", valueName: "rates"),
        transform: DecoderGridOptions.numbers)
    var rates: [Double]?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Factors instead of the grid's, with commas.", valueName: "factors"),
        transform: DecoderGridOptions.numbers)
    var factors: [Double]?

    @Option(
        help: """
            The vector: decoder, or encoder-weight, decoder-weight, decoder-bias or decoder-sum, \
            which depend on no factor and are tried with rates of either sign.
            """)
    var part = VectorPart.decoder

    @Option(
        help: ArgumentHelp(
            "The share of the vector's largest elements that are used. (default: all)",
            valueName: "share"))
    var top: Double?

    @Option(
        help: ArgumentHelp(
            """
            Which words count for a class in a row: all of the class (classes) or the row's own \
            (rows). (default: classes, and rows where the classes have words in common)
            """, valueName: "words"))
    var words: WordCounting?

    @Option(
        help: ArgumentHelp(
            """
            Texts with [NAME] (a column text), in which the names of --names tell balance and \
            sides instead of the classes' words: the groups are F and M then.
            """, valueName: "file"), completion: .file())
    var nameTexts: String?

    @Option(
        help: ArgumentHelp(
            """
            How one is chosen: threshold (best score that keeps 99 % of the language model's) or \
            product (score times the language model's). The model itself stays where none is \
            better. (default: product for the paper's grid, threshold for others)
            """, valueName: "policy"))
    var policy: PolicyName?

    /// The grids by name.
    enum GridName: String, CaseIterable, ExpressibleByArgument { case package, paper, small }

    /// The policies by name.
    enum PolicyName: String, CaseIterable, ExpressibleByArgument {
        case threshold, product

        var policy: SelectionPolicy { self == .threshold ? .package : .paper }
    }

    func validate() throws {
        if let top, !(top > 0 && top <= 1) { throw ValidationError("--top is a share in (0, 1]") }
        if part != .decoder && factors != nil {
            throw ValidationError(
                "--part \(part.rawValue) depends on no factor; leave --factors out")
        }
    }

    private static func numbers(_ text: String) throws -> [Double] {
        try text.split(separator: ",", omittingEmptySubsequences: false).map { item in
            guard let number = Double(item), number.isFinite else {
                throw ValidationError("'\(item)' is no number; give numbers with commas")
            }
            return number
        }
    }

    /// Refuses texts with names without a table of names, but for the organism, which has its own.
    func check(_ data: FeatureDataOptions) throws {
        if nameTexts != nil && data.names == nil && data.data != nil {
            throw ValidationError("--name-texts needs --names")
        }
    }

    /// The policy's name: what was given, or the grid's own.
    var chosenPolicy: PolicyName { policy ?? (grid == .paper ? .product : .threshold) }

    /// The factors and rates for a feature.
    func candidates(for feature: Feature) -> (factors: [Double], rates: [Double]) {
        let classes = feature.classes.map { [$0.positive, $0.negative] } ?? []
        let known: (factors: [Double], rates: [Double]) =
            switch grid {
            case .package: (classes.map(feature.factor), DecoderGrid.packageRates.reversed())
            case .paper: (DecoderGrid.paperFactors, DecoderGrid.paperRates)
            case .small: ([-1, 0, 1], [1e-5, 1e-4, 1e-3, 1e-2])
            }
        guard part != .decoder else { return (factors ?? known.factors, rates ?? known.rates) }
        // No factor turns these vectors round, so that the rate must.
        let sizes = known.rates.filter { $0 > 0 }
        return ([0], rates ?? sizes.reversed().map { -$0 } + sizes)
    }

    /// The texts that candidates are judged by.
    func probe(
        for feature: Feature, _ model: Transformer, _ data: FeatureDataOptions,
        _ texts: FeatureSplitOptions, _ options: ModelOptions
    ) throws -> DecoderProbe {
        guard let classes = feature.classes else { throw FeatureWithoutClasses() }
        let task = try data.task(for: model, options)
        let probe = try DecoderProbe(
            data.rows(seed: texts.seed, for: task).of(texts.split),
            neutral: data.neutralTexts(seed: texts.seed), classes: classes, with: task,
            counting: words, atMost: texts.most)
        guard let nameTexts else { return probe }
        let table = try TextTable(Blob(mapping: nameTexts))
        try table.require(["text"])
        let named = try table.rows.map { row in
            let text = try table.required("text", of: row)
            guard text.contains(NameTemplate.name) else {
                throw CSVError(
                    source: table.source, line: row.line,
                    reason: "the text has no \(NameTemplate.name): \(quoted(text))")
            }
            return text
        }
        return try probe.judging(names: data.givenNames(), in: named, with: task)
    }

    /// Scores the candidates.
    func evaluation(
        of feature: Feature, _ model: Transformer, with probe: DecoderProbe, cache: String,
        progress: ProgressLine
    ) throws -> DecoderEvaluation {
        let (factors, rates) = candidates(for: feature)
        return try feature.evaluate(
            DecoderGrid(factors: factors, rates: rates, part: part, top: top), of: model,
            with: probe, cachedIn: cache, progress: progress.update)
    }

    /// Whether no candidate keeps enough of the language model, so that the policy's last resort is
    /// taken.
    func isLastResort(_ choice: RewritingChoice, of evaluation: DecoderEvaluation) -> Bool {
        guard case .threshold(let share) = chosenPolicy.policy else { return false }
        return choice.lms < share * evaluation.base.lms
    }

    /// What a result of these options says of them.
    func settings(_ probe: DecoderProbe) -> [String: String] {
        var settings = [
            "grid": grid.rawValue, "policy": chosenPolicy.rawValue, "part": part.rawValue,
            "words": probe.counting.rawValue,
            "language_model_texts": probe.languageModelTexts.rawValue,
            "groups": "\(probe.groups.positive),\(probe.groups.negative)",
        ]
        settings["top"] = top.map { "\($0)" }
        return settings
    }
}

/// A feature of a folder that does not name its classes.
struct FeatureWithoutClasses: Error, CustomStringConvertible {
    let description =
        "the feature's folder does not say which classes it tells apart; give --classes"
}

extension WordCounting: ExpressibleByArgument {}
