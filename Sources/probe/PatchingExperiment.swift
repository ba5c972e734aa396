import Figures
import Interventions
import Models
import Results
import Statistics
import Tokenization

/// A clean and a corrupted run of one prompt pair, and what is measured between them.
struct PatchingExperiment {
    let clean: Run
    let base: Run
    let metric: Metric
    /// The raw metric of the clean and of the corrupted run.
    let ends: (clean: Double, corrupted: Double)

    /// Runs both prompts of the options.
    ///
    /// - Parameter caching: What is kept of the clean run; it must hold what will be patched.
    init(
        _ pair: PairOptions, _ model: Transformer, prependBOS: Bool, caching: Caching = .all
    ) throws {
        let prompts = try pair.prompts(for: model, prependBOS: prependBOS)
        try self.init(
            model, prompts, pair.rawMetric, isNormalized: pair.metric == .normalized, caching)
    }

    /// Runs both prompts of a pair from a file, with the options' metric.
    init(
        _ prompts: PromptPair, _ pair: PairOptions, _ model: Transformer, prependBOS: Bool,
        caching: Caching = .all, warns: Bool = true
    ) throws {
        let tokens = (
            clean: try model.tokens(prompts.clean, prependBOS: prependBOS),
            corrupted: try model.tokens(prompts.corrupted, prependBOS: prependBOS)
        )
        guard tokens.clean.count == tokens.corrupted.count else {
            throw UnequalPrompts(tokens.clean, tokens.corrupted, model.tokenizer)
        }
        let metric = pair.metric(.text(prompts.answer), .text(prompts.wrong))
        try self.init(
            model, tokens, metric, isNormalized: pair.metric == .normalized, caching,
            warns: warns)
    }

    private init(
        _ model: Transformer, _ prompts: (clean: [Int], corrupted: [Int]), _ raw: Metric,
        isNormalized: Bool, _ caching: Caching, warns: Bool = true
    ) throws {
        clean = try model.run([prompts.clean], caching: caching)
        // With all that sweeps need of it, so that they do not run it again.
        base = try model.run([prompts.corrupted], caching: caching)
        ends = (try raw.value(of: clean), try raw.value(of: base))
        metric = isNormalized ? try raw.normalized(from: base, to: clean) : raw
        let difference = ends.clean - ends.corrupted
        if warns, isNormalized, abs(difference) < 0.05 {
            Terminal.note(
                "warning: clean and corrupted differ by only "
                    + NumberText.fixed(difference, decimals: 4, minus: "-")
                    + " in \(raw.name); normalised effects divide by that")
        }
    }

    /// Sweeps activations, and adds what is needed to read the numbers.
    ///
    /// - Parameters:
    ///   - sweeps: What is patched; several are stacked.
    ///   - options: How the work is cut.
    ///   - method: How the effects are found.
    ///   - partial: Where values are kept until the results are written; `nil` to keep none.
    ///   - known: The provenance, if it was made before: it takes a hash of the weights.
    func measure(
        _ sweeps: [Sweep], options: Engine.Options, by method: PatchingMethod = .exact,
        keeping partial: PartialResults?, provenance known: Provenance? = nil,
        progress: ProgressLine
    ) throws -> LabelledArray {
        let provenance = try known ?? Provenance(of: base.model)
        let store = { (sweep: Sweep) in
            try partial?.open(sweep.name, progress) { path in
                try sweep.store(
                    at: path, for: metric, departingFrom: base, options: options,
                    provenance: provenance)
            }
        }
        let name = metric.kind.rawValue
        var summary = [("clean \(name)", ends.clean), ("corrupted \(name)", ends.corrupted)]
        var effects: LabelledArray
        switch method {
        case .exact:
            effects = try Sweep.measure(
                sweeps, metric, departingFrom: base, options: options, store: store,
                progress: progress.update)
        case .gradient(let steps):
            let patching = try AttributionPatching(
                sweeps, metric, departingFrom: base, steps: steps)
            effects = try stacked(sweeps.map(patching.measure), sweeps)
        case .screened(let count, let steps):
            let screened = try sweeps.map { sweep in
                try sweep.screened(
                    keeping: count, metric, departingFrom: base, steps: steps, options: options,
                    progress: progress.update)
            }
            let verified = screened.flatMap(\.verified)
            summary.append(("verified", Double(verified.count)))
            if let agreement = spearmanCorrelation(
                verified.map(\.estimate), verified.map(\.exact))
            {
                summary.append(("rank correlation of estimate and exact", agreement))
            }
            effects = stacked(screened.map(\.effects), sweeps)
        }
        effects.summary = summary
        effects.provenance = provenance
        effects.settings = settings.merging([
            "site": sweeps.map(\.kind.shortName).joined(separator: ","),
            "axes": sweeps.first?.axes.map(\.rawValue).joined(separator: ",") ?? "",
            "method": method.description,
        ]) { $1 }
        return effects
    }

    /// Results along a first axis `site`; a single one as it is.
    private func stacked(_ parts: [LabelledArray], _ sweeps: [Sweep]) -> LabelledArray {
        parts.count == 1
            ? parts[0]
            : .stacking(parts, along: "site", labels: sweeps.map(\.kind.shortName))
    }

    /// Prompts, answers and metric, to run it again.
    var settings: [String: String] {
        func token(_ reference: TokenReference?) -> String {
            guard let id = try? reference?.id(in: base.model) else { return "none" }
            return "\(id) \(base.model.string(of: id).debugDescription)"
        }
        func ids(_ run: Run) -> String {
            (run.tokens?.ids.first ?? []).map(String.init).joined(separator: ",")
        }
        return [
            "clean": text(clean), "clean ids": ids(clean), "corrupted": text(base),
            "corrupted ids": ids(base), "answer": token(metric.answer),
            "wrong": token(metric.wrong), "metric": metric.quantity.name,
            "position": metric.place,
        ]
    }

    /// Red and blue around zero for shares; one colour for raw metrics, whose zero means little.
    var colourMap: ColourMap { metric.range == nil ? .blues : .redBlue }

    /// Prompts and both ends of the metric, for the terminal.
    var summary: String {
        let ends = [("clean    ", clean, ends.clean), ("corrupted", base, ends.corrupted)]
        return ends.map { name, run, value in
            let number = NumberText.fixed(value, decimals: 4, minus: "-")
            return "\(name)  \(text(run))  \(metric.kind.rawValue) \(number)"
        }.joined(separator: "\n")
    }

    private func text(_ run: Run) -> String {
        let ids = run.tokens?.ids.first ?? []
        return run.model.tokenizer?.decode(ids).debugDescription
            ?? ids.map(String.init).joined(separator: ",")
    }
}

/// How the effects of patches are found.
enum PatchingMethod: CustomStringConvertible {
    /// By the engine, each of them.
    case exact
    /// To first order from gradients, each of them.
    case gradient(steps: Int)
    /// From gradients, and the largest by the engine.
    case screened(Int, steps: Int)

    /// The same for a result's settings.
    var description: String {
        switch self {
        case .exact: "exact"
        case .gradient(let steps): "gradients at \(steps) inputs"
        case .screened(let count, let steps):
            "gradients at \(steps) inputs, the \(count) largest exactly"
        }
    }
}
