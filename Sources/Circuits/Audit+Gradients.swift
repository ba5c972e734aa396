import Interventions
import Models
import Tensors

/// Gradients against the change that small patches make.
extension Audit {
    var gradientSteps: [AuditStep] {
        [AuditStep(.running, "gradients = the slopes of small patches", slopes)]
    }

    /// How much of the way from the corrupted to the clean run a small patch goes.
    private static let step: Float = 0.05

    /// The first-order estimate of patching some heads, and the slope of patching a little of them.
    ///
    /// Allowed are a hundredth of the largest slope, and what rounding makes of a small step.
    private func slopes() throws -> Discrepancy {
        var found = Discrepancy()
        let sweep = Sweep(.z, by: [.layer, .head], from: clean)
        let estimates: [Double]
        do {
            estimates = try operations.estimate(sweep, metric, base)
        } catch let error as GradientError {
            found.add(.nan, within: tolerance, at: "\(error)")
            return found
        }
        let branches = try sweep.branches(in: model, length: base.tokens?.length ?? 0)
        let heads = spread(8, of: branches.count)
        let values = try [Self.step, -Self.step].map { step in
            let cache = part(step)
            let small = heads.map { head in
                Branch(
                    branches[head].interventions.map {
                        Intervention($0.site, .patch(from: cache))
                    })
            }
            return try metric.measureNaively(small, departingFrom: base)
        }
        let slopes = zip(values[0], values[1]).map { ($0 - $1) / Double(2 * Self.step) }
        let largest = slopes.map(abs).max() ?? 0
        let allowed = 0.01 * largest + tolerance / Double(Self.step)
        for (head, slope) in zip(heads, slopes) {
            let (layer, index) = head.quotientAndRemainder(dividingBy: model.config.nHeads)
            found.add(
                abs(estimates[head] - differences.corrupted - slope), within: allowed,
                at: "z of L\(layer)H\(index)")
        }
        return found
    }

    /// The heads' activations a part of the way from the corrupted to the clean run.
    private func part(_ fraction: Float) -> ActivationCache {
        var cache = ActivationCache()
        for layer in 0..<model.config.nLayers {
            let point = HookPoint(.z, layer: layer)
            guard let from = base.cache[point], let to = clean.cache[point] else { continue }
            cache[point] = Tensor(
                to.shape, zip(from.values, to.values).map { $0 + fraction * ($1 - $0) })
        }
        return cache
    }
}
