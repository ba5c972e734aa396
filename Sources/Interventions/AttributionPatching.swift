import Kernels
public import Models
public import Results
import Tensors

/// What sweeps would measure, to first order, from two runs and one walk back.
///
/// ```
/// effect ≈ m(base) + Σ (a_clean − a_base) · ∂m/∂a
/// ```
/// Nanda 2023, https://www.neelnanda.io/mechanistic-interpretability/attribution-patching. It is
/// weakest where the metric bends between the two runs: the residual stream, MLP 0, saturated
/// attention. With several steps the gradient is the mean over inputs between the two (integrated
/// gradients; Hanna, Pezzelle and Belinkov 2024, https://arxiv.org/abs/2403.17806).
public struct AttributionPatching: Sendable {
    private let metric: Metric
    private let base: Run
    private let clean: Run
    private let tokens: TokenBatch
    private let steps: Int
    /// Summed over the steps.
    private let gradient: ActivationCache
    /// The metric of the base run.
    private let start: Double

    /// Takes the gradients that some sweeps need.
    ///
    /// - Parameters:
    ///   - sweeps: What is patched, all from one run.
    ///   - metric: What is measured; any but a function of the logits.
    ///   - base: The run the branches depart from, with its activations cached.
    ///   - steps: How many inputs the gradient is the mean over; with one it is the base run's.
    /// - Throws: ``InterventionError`` and ``RunError`` as a sweep does; ``GradientError`` for
    ///   numbers that are not finite.
    public init(
        _ sweeps: [Sweep], _ metric: Metric, departingFrom base: Run, steps: Int = 1
    ) throws {
        precondition(!sweeps.isEmpty && steps > 0, "attribution of nothing")
        (self.metric, self.base, clean) = (metric, base, sweeps[0].clean)
        tokens = try sweeps.map { try $0.planned(departingFrom: base).tokens }[0]
        let model = base.model
        let kinds = Set(sweeps.map(\.kind))
        for sweep in sweeps where sweep.kind.isInBlock && !sweep.axes.contains(.layer) {
            if try sweep.chosenLayers(in: model).count > 1 {
                throw InterventionError.layersTogether(site: sweep.kind.shortName)
            }
        }
        let objective = try metric.objective(in: model, on: tokens)
        var sum = ActivationCache()
        for step in 0..<steps {
            var hooks = Hooks()
            if step > 0 {
                try hooks.interpolateInput(
                    from: base, to: clean, Float(step) / Float(steps))
            }
            let found = try model.gradients(
                of: objective, on: tokens,
                withRespectTo: .activations(Caching { kinds.contains($0.kind) }), hooks: hooks
            ).activations
            for place in found.points {
                guard let new = found[place] else { continue }
                guard var total = sum[place] else {
                    sum[place] = new
                    continue
                }
                add(new.rows, to: total.mutableRows)
                sum[place] = total
            }
        }
        self.steps = steps
        gradient = sum
        start = try metric.value(of: base)
    }

    /// The estimate of each branch of a sweep, in their order.
    public func estimates(of sweep: Sweep) throws -> [Double] {
        let model = base.model
        let chosen = try sweep.chosenLayers(in: model)
        let lengths = sweep.axes.map {
            $0 == .layer ? chosen.count : $0.length(in: model, pos: tokens.length)
        }
        var estimates = [Double](repeating: start, count: lengths.reduce(1, *))
        for (place, layer) in chosen.enumerated() where sweep.kind.isInBlock || place == 0 {
            let point = HookPoint(sweep.kind, layer: sweep.kind.isInBlock ? layer : nil)
            guard let to = clean.cache[point], let from = base.cache[point],
                let gradient = gradient[point]
            else { throw InterventionError.notCached("\(point)") }
            // How far apart in the result are neighbours along each axis of the activation.
            let steps = sweep.kind.axes.map { axis in
                sweep.axes.firstIndex { $0.activationAxis == axis }
                    .map { lengths[($0 + 1)...].reduce(1, *) } ?? 0
            }
            let first =
                sweep.axes.firstIndex(of: .layer)
                .map { place * lengths[($0 + 1)...].reduce(1, *) } ?? 0
            var position = [Int](repeating: 0, count: steps.count)
            let (end, start, slope) = (to.elements, from.elements, gradient.elements)
            for index in 0..<slope.count {
                let target = zip(position, steps).reduce(first) { $0 + $1.0 * $1.1 }
                let change = end[index] - start[index]
                // Masked scores are −∞ on both sides, and do not change.
                if change.isFinite {
                    estimates[target] += Double(change) * Double(slope[index]) / Double(self.steps)
                }
                position.advance(in: gradient.shape)
            }
        }
        return estimates
    }

    /// A sweep's estimates with its axes, as the sweep itself would return them.
    public func measure(_ sweep: Sweep) throws -> LabelledArray {
        var result = try sweep.result(estimates(of: sweep), of: metric, in: base.model, tokens)
        result.name = "attribute-\(sweep.name)"
        return result
    }
}

extension Tensor {
    /// All elements in row-major order.
    fileprivate var elements: UnsafeBufferPointer<Float> { rows(of: max(count, 1)).elements }
}
