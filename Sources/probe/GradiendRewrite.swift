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
            grid is taken. The folder holds the model, its tokenizer and stats.json.
            """)

    @OptionGroup(title: "Feature") var feature: FeatureOptions

    @Option(help: ArgumentHelp("The factor in place of h.", valueName: "number"))
    var factor: Double?

    @Option(help: ArgumentHelp("What the vector is multiplied by.", valueName: "number"))
    var rate: Double?

    @Option(
        help: """
            The vector: decoder, encoder-weight, decoder-weight, decoder-bias or decoder-sum.
            """)
    var part = VectorPart.decoder

    @Option(
        help: ArgumentHelp(
            "The share of the vector's largest elements that are used.", valueName: "share"))
    var top: Double?

    @Option(help: ArgumentHelp("The class to say more often.", valueName: "class"))
    var strengthen: String?

    @Option(help: ArgumentHelp("The class to say less often.", valueName: "class"))
    var weaken: String?

    @Flag(help: "Say both classes alike.")
    var balance = false

    @OptionGroup(title: "Candidates") var grid: DecoderGridOptions
    @OptionGroup(title: "Data") var data: FeatureDataOptions
    @OptionGroup var texts: FeatureSplitOptions
    @OptionGroup(title: "Model") var model: ModelOptions

    @Option(
        help: ArgumentHelp(
            "The folder to write to. (default: probe-out/gradiend-rewrite)", valueName: "folder"),
        completion: .directory)
    var out = "probe-out/gradiend-rewrite"

    @OptionGroup var verbosity: VerbosityOptions

    private var goals: [RewritingGoal] {
        [strengthen.map { .strengthen($0) }, weaken.map { .weaken($0) }, balance ? .balance : nil]
            .compactMap(\.self)
    }

    func validate() throws {
        if (factor == nil) != (rate == nil) {
            throw ValidationError("--factor and --rate go together")
        }
        guard goals.count + (rate == nil ? 0 : 1) == 1 else {
            throw ValidationError(
                "give --factor and --rate, or one of --strengthen, --weaken and --balance")
        }
        if out.isEmpty { throw ValidationError("--out is empty; give a folder") }
    }

    func run() throws {
        verbosity.apply()
        let model = try self.model.load()
        let feature = try self.feature.load(for: model, classes: data.classes)
        let (rewriting, score) = try chosen(feature, model)
        let rewritten = try feature.rewriting(model, rewriting)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let stats = Statistics(
            feature_factor: rewriting.factor, lr: rewriting.rate, part: rewriting.part,
            top_k: rewriting.top, model: self.feature.feature, base_model: model.name,
            version: Probe.version, score: score?.score, base_score: score?.baseScore)
        try rewritten.save(to: out)
        try AtomicFile.write(Array(try encoder.encode(stats)), to: out + "/stats.json")
        print("factor \(rewriting.factor), rate \(rewriting.rate)\n\(out)")
    }

    /// The rewriting that was asked for, or the best of the grid.
    private func chosen(
        _ feature: Feature, _ model: Transformer
    ) throws -> (Rewriting, RewritingChoice?) {
        guard let goal = goals.first else {
            return (Rewriting(factor: factor ?? 0, rate: rate ?? 0, part: part, top: top), nil)
        }
        for name in [strengthen, weaken].compactMap(\.self) {
            guard let classes = feature.classes else { throw FeatureWithoutClasses() }
            guard classes.label(of: name) != 0 else {
                throw UnknownClass(name: name, classes: classes)
            }
        }
        let evaluation = try grid.evaluation(
            of: feature, model, data, texts, self.model, cache: nil,
            progress: verbosity.progress("candidates"))
        let choice = try evaluation.choice(goal, by: grid.policy.policy)
        if choice.rewriting.rate == 0 {
            Terminal.note("no candidate is better than the model itself, which is written as it is")
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
            "the feature has no class \(quoted(name)); it has \(classes.positive) and "
                + classes.negative
        }
    }
}
