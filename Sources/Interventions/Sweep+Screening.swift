public import Models
public import Results
import Tensors

/// A sweep of which most branches are estimated by gradient, and the best measured.
public struct ScreenedSweep: Sendable {
    /// The metric of every branch with the sweep's axes; its texts tell `exact` ones from
    /// `estimate`s.
    public let effects: LabelledArray
    /// Estimate and measurement of the branches that were measured, the best estimate first.
    public let verified: [(estimate: Double, exact: Double)]
}

extension Sweep {
    /// Estimates every branch by attribution patching, and measures the ones whose estimates depart
    /// furthest from the base run.
    ///
    /// - Parameters:
    ///   - count: How many are measured.
    ///   - metric: What is measured.
    ///   - base: The run the branches depart from, with its activations cached.
    ///   - steps: As in ``AttributionPatching``.
    ///   - options: How the work is cut.
    ///   - progress: Called after each chunk of the measured branches.
    public func screened(
        keeping count: Int, _ metric: Metric, departingFrom base: Run, steps: Int = 1,
        options: Engine.Options = Engine.Options(),
        progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) throws -> ScreenedSweep {
        let (tokens, branches) = try planned(departingFrom: base)
        var values = try AttributionPatching([self], metric, departingFrom: base, steps: steps)
            .estimates(of: self)
        let start = try metric.value(of: base)
        let best = values.indices.sorted {
            (abs(values[$0] - start), $1) > (abs(values[$1] - start), $0)
        }.prefix(count)
        let exact = try metric.measure(
            best.map { branches[$0] }, departingFrom: base, options: options, progress: progress)
        let verified = zip(best, exact).map { (estimate: values[$0], exact: $1) }
        for (index, value) in zip(best, exact) { values[index] = value }
        var effects = try result(values, of: metric, in: base.model, tokens)
        let isExact = Set(best)
        effects.texts = LabelledArray.Texts(
            "method", values.indices.map { isExact.contains($0) ? "exact" : "estimate" })
        return ScreenedSweep(effects: effects, verified: verified)
    }
}
