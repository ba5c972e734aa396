import ArgumentParser
import Figures
import Interventions
import Mediation
import Models
import Results
import Statistics
import Tensors

/// `probe mediate-heads`: which attention heads a bias passes through.
struct MediateHeads: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measure how much of an effect passes through each attention head's pattern.",
        discussion: """
            Causal mediation analysis (Vig et al. 2020): each head, each layer and the whole model \
            attend as they do for an item's other input (indirect), or as for its own while the \
            input changes (direct). Effects are relative changes of the odds of two continuations, \
            0 for none; a continuation of several tokens is scored by the geometric mean of their \
            probabilities. Each item's effects are in the published study's JSON form beside the \
            means. Without --data it runs on pairs of professions of the organism's language.
            """)

    @OptionGroup(title: "Model") var model: ModelOptions
    @OptionGroup(title: "Data") var data: ItemOptions

    @OptionGroup var listing: StrongestOptions

    @OptionGroup(title: "Examples") var examples: ExampleOptions

    @OptionGroup var shard: ShardOptions
    @OptionGroup(title: "Sweep") var sweepOptions: SweepOptions
    @OptionGroup(title: "Figure") var figure: HeatmapOptions
    @OptionGroup(title: "Output") var output: OutputOptions

    private static let command = "mediate-heads"

    func run() throws {
        output.verbosity.apply()
        let model = try self.model.load()
        // A head that is not there should be known now, not after the sweep.
        _ = try examples.chosen(in: model)
        let (sweep, notes) = try data.sweep(
            in: model, prependBOS: self.model.bos ?? false,
            progress: output.verbosity.progress("total effects"))
        let provenance = try Provenance(of: model, seed: self.model.randomWeights)
        let progress = output.verbosity.progress("items")
        let folder = output.folder(for: Self.command)
        let partial = PartialResults(in: folder)
        let store = try shard.store(
            Self.command, of: sweep.description(provenance, options: sweepOptions.engine),
            branches: sweep.branchCount, in: folder, partial: partial, progress: progress)
        let results = try sweep.measure(
            split: data.split, stat: data.winogender == nil ? nil : data.stat.rawValue,
            options: sweepOptions.engine, store: store, shard: shard.shard,
            progress: progress.update)
        guard let results, shard.shard == nil else { return print(shard.note(store)) }
        let items = [("\(folder)/\(results.fileStem).json", try results.json())]
        let report = HeadReport(results)
        let drawn = try examples.files(
            report, in: model, tokens: { sweep.tokens[$0] }, name: Self.command, in: folder, figure,
            provenance, output.format)
        try drawHeads(
            report, name: Self.command, top: listing.top, figure, provenance,
            settings: ["left out": notes.joined(separator: "; ")],
            files: items + drawn,
            notes: notes, command: Self.command, output)
        partial.remove()
    }
}
