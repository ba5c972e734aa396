import Figures
import Interventions
import Models
import Results
import Statistics
import Tensors

/// The effects of many prompt pairs, and what they have in common.
struct PairedPatching {
    /// One entry of the first axis, `pair`, per prompt pair.
    let effects: LabelledArray
    /// The sweep's axes, then `statistic`: mean, the ends of its 95 % bootstrap interval, p.
    let statistics: LabelledArray
    /// The number of pairs and where they came from.
    let summary: String
    /// The colours that suit the metric.
    let colourMap: ColourMap

    /// Sweeps each pair of a file.
    ///
    /// - Parameters:
    ///   - file: CSV or JSON lines; see ``PromptPair``.
    ///   - pair: The metric, and the seed of the bootstrap and the permutations.
    ///   - name: What the result is called.
    ///   - partial: Where values are kept until the results are written, unless there are very many
    ///     pairs.
    ///   - sweeps: What is patched from a clean run; where positions are swept, all pairs must be
    ///     equally long.
    init(
        _ file: String, _ pair: PairOptions, _ model: Transformer, prependBOS: Bool, name: String,
        options: Engine.Options, by method: PatchingMethod = .exact,
        keeping partial: PartialResults, progress: ProgressLine,
        caching: Caching = .all,
        _ sweeps: (Run) throws -> [Sweep]
    ) throws {
        let pairs = try PromptPair.read(Blob(mapping: file))
        let provenance = try Provenance(of: model, seed: pair.seed)
        let quiet = ProgressLine("", isQuiet: true)
        var parts: [LabelledArray] = []
        var map = ColourMap.redBlue
        for (index, prompts) in pairs.enumerated() {
            var part: LabelledArray
            do {
                let experiment = try PatchingExperiment(
                    prompts, pair, model, prependBOS: prependBOS, caching: caching)
                part = try experiment.measure(
                    sweeps(experiment.clean), options: options, by: method,
                    keeping: pairs.count <= PairedPatching.mostStores ? partial : nil,
                    provenance: provenance, progress: quiet)
                map = experiment.colourMap
            } catch {
                throw PairError(file: file, pair: index + 1, reason: "\(error)")
            }
            if let first = parts.first, first.axes.map(\.labels) != part.axes.map(\.labels) {
                throw PairError(file: file, pair: index + 1, reason: PairError.otherLength)
            }
            part.name = name
            // Tokens differ from pair to pair, so positions are only numbered.
            parts.append(part.withoutCompanions)
            progress.update(index + 1, of: pairs.count)
        }
        colourMap = map
        var stack = LabelledArray.stacking(
            parts, along: "pair", labels: parts.indices.map { String($0 + 1) })
        stack.summary = [("pairs", Double(pairs.count))]
        stack.settings = pairs.settings(file: file, metric: stack.quantity.name)
        effects = stack
        statistics = PairedPatching.statistics(of: effects, seed: pair.seed)
        summary =
            "\(pairs.count) pairs from \(file); mean effects below, with intervals and p in "
            + "\(name)-statistics.csv"
    }

    /// Each pair has a store of its own, which is an open file.
    private static let mostStores = 500

    private static func statistics(of effects: LabelledArray, seed: UInt64) -> LabelledArray {
        let pairs = effects.axes[0].count
        let rows = (0..<pairs).map { effects.values[at: $0].values.map(Double.init) }
        // Fewer resamples for very many effects: the interval's ends are then less smooth.
        let resamples = rows[0].count > 4096 ? 1000 : 10_000
        let intervals = bootstrapInterval(ofMeanOf: rows, resamples: resamples, seed: seed)
        let pValues = signFlipTest(ofMeanOf: rows, flips: resamples, seed: seed)
        let adjusted = benjaminiHochberg(pValues)
        let values = rows[0].indices.flatMap { column -> [Float] in
            let mean = rows.reduce(0) { $0 + $1[column] } / Double(pairs)
            let interval = intervals[column]
            return [mean, interval.lower, interval.upper, pValues[column], adjusted[column]]
                .map { Float($0) }
        }
        let names = ["mean", "low", "high", "p", "p_adjusted"]
        let axes = Array(effects.axes.dropFirst()) + [Axis("statistic", labels: names)]
        var result = LabelledArray(
            effects.name + "-statistics", quantity: effects.quantity, axes: axes,
            values: Tensor(axes.map(\.count), values), summary: [("pairs", Double(pairs))],
            provenance: effects.provenance)
        result.provenance?.seed = seed
        result.settings = [
            "interval": "95 % percentile bootstrap of the mean, \(resamples) resamples",
            "p": "sign-flip permutation test of a zero mean",
            "p_adjusted": "Benjamini–Hochberg",
        ]
        return result
    }

    /// The mean effects, to draw.
    var mean: LabelledArray {
        let axes = Array(statistics.axes.dropLast())
        let mean = statistics.values.selecting([0], axis: axes.count)
        return LabelledArray(
            effects.name, quantity: effects.quantity, axes: axes,
            values: mean.reshaped(axes.map(\.count)), summary: statistics.summary,
            provenance: effects.provenance)
    }
}

extension LabelledArray {
    /// The result without second names of entries.
    var withoutCompanions: LabelledArray {
        LabelledArray(
            name, quantity: quantity, axes: axes.map { Axis($0.name, labels: $0.labels) },
            values: values, provenance: provenance)
    }
}

/// What is wrong with one pair of a file.
struct PairError: Error, CustomStringConvertible {
    let file: String
    let pair: Int
    let reason: String

    var description: String { "\(file), pair \(pair): \(reason)" }

    static let otherLength =
        "it has another number of tokens than the first, so positions do not correspond; sweep "
        + "without positions, as --by layer,head does, or give pairs of one length"
}

extension [PromptPair] {
    /// What a result says of its pairs.
    func settings(file: String, metric: String) -> [String: String] {
        var settings = ["pairs": file, "metric": metric]
        for (index, prompts) in enumerated() {
            settings["pair \(index + 1)"] = [
                prompts.clean, prompts.corrupted, prompts.answer, prompts.wrong,
            ].joined(separator: " | ")
        }
        return settings
    }
}
