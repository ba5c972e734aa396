public import ArgumentParser
public import Gradiend
import GroundTruth
import Models
import Results
import Tensors
import Training

/// Which texts a feature is learnt from and judged by.
struct FeatureDataOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Rows as CSV or JSON lines: masked, split, factual_class, alternative_class, factual, \
            alternative; or masked, split, label_class, label. Or a table for each class, with a \
            column of each class's word: white=a.csv,black=b.csv. (default: pronouns after names, \
            from the organism's own language)
            """, valueName: "file"), completion: .file())
    var data: String?

    @Option(
        help: ArgumentHelp(
            "Texts with [NAME] and [PRONOUN] instead of --data, as GENTER's; needs --names.",
            valueName: "file"), completion: .file())
    var templates: String?

    @Option(
        help: ArgumentHelp(
            """
            Plain text, or JSON lines with a text each, instead of --data: sentences about one \
            name and its pronoun become rows, by GENTER's rules; needs --names.
            """, valueName: "file"), completion: .file())
    var text: String?

    @Option(
        help: ArgumentHelp(
            """
            Names for --templates or --text: name, prob_F or gender (F, M), count, split; as \
            NAMEXACT's.
            """,
            valueName: "file"), completion: .file())
    var names: String?

    @Option(
        help: ArgumentHelp(
            "Texts that tell nothing of the feature: a column text. (default: the organism's, for "
                + "its own rows alone)", valueName: "file"), completion: .file())
    var neutral: String?

    @Option(help: ArgumentHelp("What stands in the texts for the word.", valueName: "text"))
    var gap = FeatureRow.gap

    @Option(
        help: ArgumentHelp(
            "The positive and the negative class. (default: the first two of the rows)",
            valueName: "a,b"), transform: FeatureDataOptions.pair)
    var classes: ClassPair?

    @Option(
        help: ArgumentHelp(
            "Takes classes together, such as 3SG=singular,1SG=singular.", valueName: "old=new"),
        transform: FeatureDataOptions.merging)
    var merge: [String: String] = [:]

    @Option(
        help: """
            How rows are divided: column, random or words (held out). The last two depend on \
            --seed: give the same to every command.
            """)
    var split = SplitName.column

    @Flag(help: "Add rows of other classes without contrast, whose h should be 0.")
    var identities = false

    @Option(
        help: "Where words are predicted: next, last (the package's) or mask. (default: by model)")
    var place: PredictionTask.Place?

    @Option(
        help: ArgumentHelp(
            "The most tokens of a text. (default: the model's context)", valueName: "number"))
    var maxLength: Int?

    /// The names of ``Splitting`` on the command line.
    enum SplitName: String, CaseIterable, ExpressibleByArgument {
        case column, random, words

        var splitting: Splitting {
            switch self {
            case .column: .given
            case .random: .random
            case .words: .heldOutWords
            }
        }
    }

    func validate() throws {
        if templates ?? text != nil && names == nil {
            throw ValidationError("--\(templates == nil ? "text" : "templates") needs --names")
        }
        if [data, templates, text].compactMap({ $0 }).count > 1 {
            throw ValidationError("give one of --data, --templates and --text")
        }
        if let maxLength, maxLength < 2 { throw ValidationError("--max-length is at least 2") }
    }

    /// The rows.
    ///
    /// - Parameter task: By whose tokens the names of templates are equally long.
    func rows(seed: UInt64, for task: PredictionTask) throws -> [FeatureRow] {
        let rows: [FeatureRow]
        if let data {
            rows = try Self.rows(of: data, gap: gap, seed: seed)
        } else if let templates = try nameTemplates(seed: seed) {
            rows = try [FeatureRow](
                filling: templates, with: givenNames(), countingBy: task.tokenizer, seed: seed)
        } else {
            rows = try OrganismRows(seed: seed).rows()
        }
        return try rows.merging(merge).divided(by: split.splitting, seed: seed)
    }

    /// The templates of `--templates`, or those that sentences of `--text` make.
    private func nameTemplates(seed: UInt64) throws -> [NameTemplate]? {
        if let templates { return try NameTemplate.read(TextTable(Blob(mapping: templates))) }
        guard let text else { return nil }
        let made = try maker().templates(of: sentences(), seed: seed)
        guard !made.isEmpty else {
            throw GradiendError.badOption(
                "no sentence of \(text) has just one of the names and then its pronoun")
        }
        return made
    }

    /// The rows of one table, or of one for each class.
    private static func rows(of data: String, gap: String, seed: UInt64) throws -> [FeatureRow] {
        let tables = data.split(separator: ",").map { $0.split(separator: "=", maxSplits: 1) }
        guard tables.count > 1, tables.allSatisfy({ $0.count == 2 }) else {
            return try [FeatureRow](TextTable(Blob(mapping: data)), gap: gap, seed: seed)
        }
        return try [FeatureRow](
            byClass: tables.map {
                (String($0[0]), try TextTable(Blob(mapping: String($0[1]))))
            }, gap: gap)
    }

    /// The names of the file, or the organism's.
    func givenNames() throws -> [GivenName] {
        guard let names else { return OrganismRows(seed: 0).names }
        return try GivenName.read(TextTable(Blob(mapping: names)))
    }

    /// Texts that tell nothing of the feature; none for rows from a file without `--neutral`.
    func neutralTexts(seed: UInt64) throws -> [String] {
        guard let neutral else {
            if text != nil { return try sentences().filter(maker().isNeutral) }
            return data == nil && templates == nil ? OrganismRows(seed: seed).neutralTexts() : []
        }
        let table = try TextTable(Blob(mapping: neutral))
        try table.require(["text"])
        return try table.rows.map { try table.required("text", of: $0) }
    }

    private func sentences() throws -> [String] {
        guard let text else { return [] }
        return try TextDocuments(Blob(mapping: text)).documents.flatMap(\.sentences)
    }

    private func maker() throws -> TemplateMaker { TemplateMaker(names: try givenNames()) }

    /// How rows become predictions of a model.
    func task(for model: Transformer, _ options: ModelOptions) throws -> PredictionTask {
        try PredictionTask(
            for: model, place: place, prependBOS: options.prependsBOS, maxLength: maxLength)
    }

    private static func pair(_ text: String) throws -> ClassPair {
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard names.count == 2, names[0] != names[1], !names.contains("") else {
            throw ValidationError("--classes is two names with a comma, such as she,he")
        }
        return ClassPair(positive: names[0], negative: names[1])
    }

    private static func merging(_ text: String) throws -> [String: String] {
        try text.split(separator: ",").reduce(into: [:]) { names, item in
            let sides = item.split(separator: "=", omittingEmptySubsequences: false)
            guard sides.count == 2, !sides[0].isEmpty, !sides[1].isEmpty else {
                throw ValidationError("--merge is old=new, with commas between several")
            }
            names[String(sides[0])] = String(sides[1])
        }
    }
}

extension PredictionTask.Place: ExpressibleByArgument {}
