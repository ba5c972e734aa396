import ArgumentParser
import Interventions
import Mediation
import Models
import Results
import Tensors

/// Whose files are written, or whose numbers repeated.
enum Compatibility: String, CaseIterable, ExpressibleByArgument { case upstream }

/// The words, templates and candidates of the neurons' study.
struct WordOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            A study's file: JSON with templates, fillers, candidates and words with scores, or a \
            list of words as in professions.json. (default: words of the organism's language)
            """, valueName: "file"), completion: .file(extensions: ["json"]))
    var data: String?

    @Option(
        help: ArgumentHelp(
            "Which templates, from 1, such as 1-6 or 2,7. (default: all)", valueName: "numbers"),
        transform: IndexList.parse)
    var templates: [Int]?

    @Option(
        name: .customLong("prompts"),
        help: ArgumentHelp(
            """
            Take so many of the prompts only, spread evenly over words and templates. (default: \
            all of a file's, 40 of the organism's)
            """, valueName: "number"))
    var most: Int?

    @Option(
        help: "What becomes of words of several tokens: left out, or changed at their last token.")
    var severalTokens = NeuronPrompts.SeveralTokens.skip

    /// The study.
    func study() throws -> MediationStudy {
        let study = try data.map { try MediationStudy(Blob(mapping: $0)) } ?? .organism
        guard !study.words.isEmpty else {
            throw MediationError.nothingLeft(
                "\(data ?? "the study") has no words; add a list \"words\"")
        }
        return study
    }

    func validate() throws {
        if let most, most < 1 { throw ValidationError("--prompts is \(most); give at least 1") }
    }

    /// The prompts in a model's tokens, and what is said of those that were not taken.
    func prompts(
        in model: Transformer, prependBOS: Bool
    ) throws -> (prompts: NeuronPrompts, note: String?) {
        let all = try NeuronPrompts(
            study(), in: model, templates: templates.map { $0.map { $0 - 1 } },
            several: severalTokens, prependBOS: prependBOS)
        // All of the organism's take minutes, which is long for a first look.
        let (count, most) = (all.prompts.count, most ?? (data == nil ? 40 : .max))
        guard most < count else { return (all, nil) }
        return (
            all.spread(over: most),
            "\(most) of \(count) prompts; take all with --prompts \(count)"
        )
    }
}

/// The items of the heads' study.
struct ItemOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            A study's file: JSON with items. (default: pairs of professions of the organism's \
            language)
            """, valueName: "file"), completion: .file(extensions: ["json"]))
    var data: String?

    @Option(
        help: ArgumentHelp(
            """
            WinoBias sentences such as pro_stereotyped_type1.txt.dev, with \
            female_occupations.txt and male_occupations.txt in the same folder.
            """, valueName: "file"))
    var winobias: String?

    @Option(
        help: ArgumentHelp(
            """
            Winogender templates such as winogender_templates_structurefilter.tsv, with \
            winogender_occupation_stats.tsv in the same folder.
            """, valueName: "file"))
    var winogender: String?

    @Option(help: "Which share of women decides a Winogender occupation's stereotype.")
    var stat = Winogender.Statistic.bls

    @Flag(
        name: .customLong("filter"), inversion: .prefixedNo,
        help: "Leave out items whose total effect is negative or among the smallest.")
    var filters = true

    @Option(
        help: ArgumentHelp(
            "The quantile of positive total effects that an item must exceed.", valueName: "share"))
    var filterQuantile = 0.25

    func validate() throws {
        if [data, winobias, winogender].count(where: { $0 != nil }) > 1 {
            throw ValidationError("give one of --data, --winobias and --winogender")
        }
        guard (0...1).contains(filterQuantile) else {
            throw ValidationError("--filter-quantile takes 0 to 1")
        }
    }

    /// The items, and what was left out while they were read.
    func items() throws -> (items: [HeadItem], skipped: [String]) {
        if let winobias {
            let folder = folder(of: winobias)
            let data = try WinoBias(
                Blob(mapping: winobias),
                female: Blob(mapping: folder + "female_occupations.txt"),
                male: Blob(mapping: folder + "male_occupations.txt"))
            return (data.items, data.skipped.map { "line \($0.line): \($0.reason)" })
        }
        if let winogender {
            let statistics = folder(of: winogender) + "winogender_occupation_stats.tsv"
            let data = try Winogender(
                Blob(mapping: winogender), statistics: Blob(mapping: statistics), by: stat)
            return (data.items, [])
        }
        let study = try data.map { try MediationStudy(Blob(mapping: $0)) } ?? .organism
        guard !study.items.isEmpty else {
            throw MediationError.nothingLeft(
                "\(data ?? "the study") has no items; add a list \"items\"")
        }
        return (study.items, [])
    }

    private func folder(of file: String) -> String {
        file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
    }

    /// The part of WinoBias, as its file's name ends; `nil` without an ending.
    var split: String? {
        guard let name = winobias?.split(separator: "/").last, let dot = name.lastIndex(of: "."),
            name.last != "."
        else { return nil }
        return String(name[name.index(after: dot)...])
    }

    /// The items split, filtered, and what is said of those left out.
    func sweep(
        in model: Transformer, prependBOS: Bool, progress: ProgressLine
    ) throws -> (sweep: HeadSweep, notes: [String]) {
        let (items, skipped) = try items()
        let sweep = try HeadSweep(
            items, in: model, filterQuantile: filters ? filterQuantile : nil,
            prependBOS: prependBOS, progress: progress.update)
        var notes = skipped + sweep.skipped.map { "\($0.item.debugDescription): \($0.reason)" }
        if !notes.isEmpty { notes.insert("\(notes.count) items or pairs left out", at: 0) }
        return (sweep, notes)
    }
}

/// A part of a command's work.
struct ShardOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Do part i of n of the work only, and leave it in the output folder for `probe merge`.
            """, valueName: "i/n"), transform: ShardOptions.shard)
    var shard: Shard?

    private static func shard(_ text: String) throws -> Shard {
        guard let shard = Shard(text) else {
            throw ValidationError("'\(text)' is no part; give one such as 2/4")
        }
        return shard
    }

    /// Opens the store of a study, or of a part of it.
    ///
    /// - Parameters:
    ///   - command: The command's name.
    ///   - experiment: What the numbers depend on.
    ///   - branches: How many numbers there are.
    func store(
        _ command: String, of experiment: [String: String], branches: Int,
        in folder: String, partial: PartialResults, progress: ProgressLine
    ) throws -> SweepStore {
        guard let shard else {
            return try partial.open(command, progress) {
                try SweepStore($0, of: experiment, branches: branches)
            }
        }
        var experiment = experiment
        experiment[MergeCommand.key] = try MergeCommand.recorded()
        let path = "\(folder)/\(command)-shard-\(shard.index)-of-\(shard.count).part"
        let store = try SweepStore(path, of: experiment, branches: branches)
        if store.knownCount > 0 { progress.note("goes on where it was stopped") }
        return store
    }

    /// What is printed when a part is done.
    func note(_ store: SweepStore) -> String {
        """
        part \(shard?.description ?? "1/1") is done; when all are, run `probe merge` on their files
        \(store.path)
        """
    }
}
