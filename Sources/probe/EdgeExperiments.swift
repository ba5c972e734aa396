import Figures
import Interventions
import Kernels
import Models
import Results
import Tensors

/// Prompt pairs, one or many, whose edges are attributed.
struct EdgeExperiments {
    private let pair: PairOptions
    private let model: Transformer
    private let prependsBOS: Bool
    /// The pairs of a file; `nil` for the pair of the options.
    private let pairs: [PromptPair]?
    /// The runs of the pair of the options.
    private let single: PatchingExperiment?

    init(_ pair: PairOptions, _ model: Transformer, prependsBOS: Bool) throws {
        (self.pair, self.model, self.prependsBOS) = (pair, model, prependsBOS)
        pairs = try pair.pairs.map { try PromptPair.read(Blob(mapping: $0)) }
        single =
            pairs != nil
            ? nil
            : try PatchingExperiment(
                pair, model, prependBOS: prependsBOS, caching: EdgePatching.caching)
    }

    /// The number of pairs.
    var count: Int { pairs?.count ?? 1 }

    /// Calls `body` with the runs of each pair in turn.
    ///
    /// Those of a file are made again each time, as they would not all fit in memory.
    ///
    /// - Parameter warns: Whether to say which metrics hardly differ between their runs.
    /// - Throws: What `body` or a run throws, with the pair's number.
    func forEach(
        _ progress: ProgressLine, warns: Bool = true,
        _ body: (PatchingExperiment) throws -> Void
    ) throws {
        if let single { return try body(single) }
        guard let pairs, let file = pair.pairs else { return }
        for (index, prompts) in pairs.enumerated() {
            do {
                try body(
                    PatchingExperiment(
                        prompts, pair, model, prependBOS: prependsBOS,
                        caching: EdgePatching.caching, warns: warns))
            } catch {
                throw PairError(file: file, pair: index + 1, reason: "\(error)")
            }
            progress.update(index + 1, of: pairs.count)
        }
    }

    /// The scores of all edges, their mean over pairs, with what was run.
    struct Attribution {
        let graph: ComputationGraph
        /// [source, destination], or [pos, source, destination].
        var scores: Tensor
        /// [source, destination].
        var totals: Tensor
        let quantity: Quantity
        /// The positions, if they are kept apart.
        let pos: Axis?
        /// Prompts, answers and metric.
        var settings: [String: String]
        /// The prompts and the ends of the metric, for the terminal.
        let summary: String
    }

    /// Attributes the metric to all edges.
    func attribution(
        _ gradients: EdgeAttribution.Gradients, isByPosition: Bool, _ progress: ProgressLine
    ) throws -> Attribution {
        var found: Attribution?
        var sums: [Tensor] = []
        try forEach(progress) { experiment in
            let one = try EdgeAttribution(
                experiment.metric, clean: experiment.clean, corrupted: experiment.base,
                gradients: gradients, isByPosition: isByPosition)
            let parts = [one.scores, one.totals]
            if found == nil {
                found = described(one, of: experiment, isByPosition: isByPosition)
                sums = parts
            } else if sums[0].shape != parts[0].shape {
                throw OtherLength()
            } else {
                for (index, part) in parts.enumerated() {
                    add(part.rows, to: sums[index].mutableRows)
                }
            }
        }
        guard var found else { preconditionFailure("a file of pairs has at least one") }
        let means = sums.map { sum in
            Tensor(sum.shape, sum.values.map { $0 / Float(count) })
        }
        (found.scores, found.totals) = (means[0], means[1])
        return found
    }

    /// The scores of one pair with what is said of all.
    private func described(
        _ attribution: EdgeAttribution, of experiment: PatchingExperiment, isByPosition: Bool
    ) -> Attribution {
        let (name, unit) = experiment.metric.quantity
        let length = experiment.clean.tokens?.length ?? 0
        let tokens = pairs == nil ? experiment.clean.tokens?.ids.first : nil
        return Attribution(
            graph: attribution.graph, scores: attribution.scores, totals: attribution.totals,
            quantity: Quantity("change of \(name)", unit: unit),
            pos: isByPosition
                ? Axis(
                    "pos", count: length,
                    companion: tokens.map { .init("token", $0.map(model.string(of:))) })
                : nil,
            settings: pairs?.settings(file: pair.pairs ?? "", metric: name) ?? experiment.settings,
            summary: pairs.map { "\($0.count) pairs from \(pair.pairs ?? ""); means below" }
                ?? experiment.summary)
    }
}

/// What keeps means by position from being taken.
private struct OtherLength: Error, CustomStringConvertible {
    let description =
        "it has another number of tokens than the first, so positions do not correspond; leave "
        + "out --by-pos, or give pairs of one length"
}
