import ArgumentParser
import FoundationEssentials
import Gradiend
import Models
import Tensors

/// `probe gradiend-rewrite`: writes a model moved along a feature.
struct GradiendRewrite: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a model moved along a feature as a Hugging Face folder.",
        discussion: """
            Either with --factor and --rate, or with a goal, for which the best candidate of the \
            grid is taken; --part and --top say of which vector either way. The folder holds the \
            model, its tokenizer and stats.json.
            """)

    @OptionGroup(title: "Feature") var feature: FeatureOptions

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("The factor in place of h.", valueName: "number"))
    var factor: Double?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("What the vector is multiplied by.", valueName: "number"))
    var rate: Double?

    @Option(help: ArgumentHelp("The class to say more often.", valueName: "class"))
    var strengthen: String?

    @Option(help: ArgumentHelp("The class to say less often.", valueName: "class"))
    var weaken: String?

    @Flag(help: "Say both classes alike, or with --name-texts the names of women and men.")
    var balance = false

    @Option(
        help: ArgumentHelp(
            "The class to say where the other is not said; with --name-texts F or M.",
            valueName: "class"))
    var only: String?

    @OptionGroup(title: "Candidates") var grid: DecoderGridOptions
    @OptionGroup(title: "Data") var data: FeatureDataOptions
    @OptionGroup var texts: FeatureSplitOptions
    @OptionGroup(title: "Model") var model: ModelOptions

    @Option(
        help: ArgumentHelp(
            "The folder to write to. (default: probe-out/gradiend-rewrite)", valueName: "folder"),
        completion: .directory)
    var out = "probe-out/gradiend-rewrite"

    @Option(
        help: ArgumentHelp(
            "Candidates that gradiend-decode scored, which are not scored again.",
            valueName: "folder"), completion: .directory)
    var cache = "probe-out/gradiend-decode/candidates"

    @OptionGroup var verbosity: VerbosityOptions

    private var goals: [RewritingGoal] {
        [
            strengthen.map { .strengthen($0) }, weaken.map { .weaken($0) },
            balance ? .balance : nil, only.map { .only($0) },
        ].compactMap(\.self)
    }

    func validate() throws {
        if (factor == nil) != (rate == nil) {
            throw ValidationError("--factor and --rate go together")
        }
        if let factor, let rate, !(factor.isFinite && rate.isFinite) {
            throw ValidationError("--factor and --rate are finite numbers")
        }
        guard goals.count + (rate == nil ? 0 : 1) == 1 else {
            throw ValidationError(
                "give --factor and --rate, or one of --strengthen, --weaken, --balance and --only")
        }
        if out.isEmpty { throw ValidationError("--out is empty; give a folder") }
        if cache.isEmpty { throw ValidationError("--cache is empty; give a folder") }
        try grid.check(data)
    }

    func run() throws {
        verbosity.apply()
        let model = try self.model.load()
        let feature = try self.feature.load(for: model, classes: data.classes)
        let (rewriting, score) = try chosen(feature, model)
        let rewritten = try feature.rewriting(model, rewriting)
        let logits = try rewritten.run([[0, 0]], logits: .last).logits
        guard logits?.values.allSatisfy(\.isFinite) ?? false else {
            throw GradiendError.badOption(
                "the rewritten model has no finite logits; give a smaller rate")
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let stats = Statistics(
            feature_factor: rewriting.factor, lr: rewriting.rate, part: rewriting.part,
            top_k: rewriting.top, model: self.feature.feature, base_model: model.name,
            version: Probe.version, score: score?.score,
            base_score: (score?.baseScore).flatMap { $0.isFinite ? $0 : nil })
        let bytes = Array(try encoder.encode(stats))
        try rewritten.save(to: out)
        try AtomicFile.write(bytes, to: out + "/stats.json")
        print("\(rewriting.summary)\n\(out)")
    }

    /// The rewriting that was asked for, or the best of the grid.
    private func chosen(
        _ feature: Feature, _ model: Transformer
    ) throws -> (Rewriting, RewritingChoice?) {
        guard let goal = goals.first else {
            let (factor, rate) = (factor ?? 0, rate ?? 0)
            return (Rewriting(factor: factor, rate: rate, part: grid.part, top: grid.top), nil)
        }
        guard let classes = feature.classes else { throw FeatureWithoutClasses() }
        let groups = grid.nameTexts == nil ? classes : DecoderProbe.names
        for (name, known) in [(strengthen, classes), (weaken, classes), (only, groups)] {
            guard let name, known.label(of: name) == 0 else { continue }
            throw UnknownClass(name: name, classes: known)
        }
        let probe = try grid.probe(for: feature, model, data, texts, self.model)
        let evaluation = try grid.evaluation(
            of: feature, model, with: probe, cache: cache,
            progress: verbosity.progress("candidates"))
        let choice = try evaluation.choice(goal, by: grid.chosenPolicy.policy)
        if choice.rewriting.rate == 0 {
            Terminal.note("no candidate is better than the model itself, which is written as it is")
        }
        if grid.isLastResort(choice, of: evaluation) {
            Terminal.note(
                "no candidate keeps 99 % of the language model's score, so that the one with the "
                    + "smallest rate is taken; give smaller --rates")
        }
        return (choice.rewriting, choice)
    }

    /// What is written beside the model; the names are the paper's code's.
    private struct Statistics: Encodable {
        let feature_factor, lr: Double
        let part: String
        let top_k: Double?
        let model, base_model, version: String
        let score, base_score: Double?
    }

    private struct UnknownClass: Error, CustomStringConvertible {
        let name: String
        let classes: ClassPair

        var description: String {
            "there is no class \(quoted(name)); there are \(classes.positive) and "
                + classes.negative
        }
    }
}
