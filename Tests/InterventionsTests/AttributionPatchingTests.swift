import Interventions
import Models
import Results
import Tensors
import TestSupport
import Testing

/// Estimates from gradients against measured patches.
@Suite struct AttributionPatchingTests {
    static let kinds: [(kind: HookKind, axes: [Sweep.Axis])] = [
        (.residPre, [.layer, .pos]), (.residMid, [.layer, .pos]), (.attnOut, [.layer, .pos]),
        (.mlpOut, [.layer]), (.mlpPre, [.layer, .neuron]), (.mlpPost, [.layer, .pos, .neuron]),
        (.z, [.layer, .head]), (.q, [.layer, .pos, .head]), (.k, [.layer, .head]),
        (.v, [.layer, .head]), (.pattern, [.layer, .head, .destination, .source]),
        (.attnScores, [.layer, .head, .destination]), (.embed, [.pos]),
    ]

    static let metrics: [Metric] = [
        .logitDifference(11, 42), .logProbability(11), .probability(11),
        .probabilityDifference(11, 42), .oddsRatio(11, 42), .loss,
    ]

    /// A small part of the way, a patch does what the gradient says.
    @Test(arguments: kinds.indices, metrics.indices)
    func estimatesAreDerivatives(_ kind: Int, _ metric: Int) throws {
        let (kind, axes) = Self.kinds[kind]
        // Each kind of activation once, and each metric once on one of them.
        guard metric == 0 || kind == .residMid else { return }
        let model = try TinyModel.raw()
        let clean = try model.run([TinyModel.clean], caching: .all)
        let base = try model.run([TinyModel.corrupted], caching: .all)
        let metric = Self.metrics[metric]
        let sweep = Sweep(kind, by: axes, from: clean)
        let estimates = try AttributionPatching([sweep], metric, departingFrom: base)
            .estimates(of: sweep)
        let start = try metric.value(of: base)
        func measured(_ fraction: Float) throws -> [Double] {
            var cache = ActivationCache()
            for point in clean.cache.points {
                guard let to = clean.cache[point], let from = base.cache[point] else { continue }
                cache[point] = Tensor(
                    to.shape,
                    zip(from.values, to.values).map { $0 == $1 ? $0 : $0 + fraction * ($1 - $0) })
            }
            let branches = try sweep.branches(in: model, length: 6).map { branch in
                Branch(branch.interventions.map { Intervention($0.site, .patch(from: cache)) })
            }
            return try metric.measureNaively(branches, departingFrom: base)
        }
        let step: Float = 0.02
        let (ahead, behind) = (try measured(step), try measured(-step))
        let slopes = zip(ahead, behind).map { ($0 - $1) / Double(2 * step) }
        let largest = slopes.map(abs).max() ?? 0
        #expect(largest > 1e-4)
        for (slope, estimate) in zip(slopes, estimates) {
            #expect(abs(slope - (estimate - start)) < 2e-2 * max(largest, 1e-3), "\(kind)")
        }
    }

    /// What acts linearly is estimated exactly: the stream at the very end, but for the last norm.
    @Test func normalizedEstimatesAreOnTheScale() throws {
        let model = try Transformer.embedded()
        let (clean, base) = (
            try model.run([TestModel.organism.prompts.clean], caching: .all),
            try model.run([TestModel.organism.prompts.corrupted], caching: .all)
        )
        let raw = Metric.logitDifference(" she", " he")
        let sweep = Sweep(.z, by: [.layer, .head], from: clean)
        let plain = try AttributionPatching([sweep], raw, departingFrom: base).estimates(of: sweep)
        let metric = try raw.normalized(from: base, to: clean)
        let scaled = try AttributionPatching([sweep], metric, departingFrom: base)
            .measure(sweep)
        #expect(scaled.axes.map(\.name) == ["layer", "head"])
        #expect(scaled.quantity.name == "normalised logit difference")
        let (zero, one) = (try raw.value(of: base), try raw.value(of: clean))
        for (value, raw) in zip(scaled.values.values, plain) {
            #expect(abs(Double(value) - (raw - zero) / (one - zero)) < 1e-5)
        }
    }

    /// Averaged over inputs, the embedding's estimates sum to the whole difference.
    @Test func integratedGradientsAreComplete() throws {
        let model = try TinyModel.raw()
        let clean = try model.run([TinyModel.clean], caching: .all)
        let base = try model.run([TinyModel.corrupted], caching: .all)
        let metric = Metric.logitDifference(11, 42)
        let sweep = Sweep(.embed, by: [.pos], from: clean)
        let (start, end) = (try metric.value(of: base), try metric.value(of: clean))
        func gap(_ steps: Int) throws -> Double {
            let estimates = try AttributionPatching(
                [sweep], metric, departingFrom: base, steps: steps
            ).estimates(of: sweep)
            return abs(estimates.reduce(0) { $0 + $1 - start } - (end - start))
        }
        let (one, many) = (try gap(1), try gap(64))
        #expect(many < 0.05 * abs(end - start) && many < one / 4)
    }

    @Test func screenedSweepsMeasureTheLargest() throws {
        let model = try Transformer.embedded()
        let clean = try model.run([TestModel.organism.prompts.clean], caching: .all)
        let base = try model.run([TestModel.organism.prompts.corrupted], caching: .all)
        let metric = try Metric.logitDifference(" she", " he").normalized(from: base, to: clean)
        let sweep = Sweep(.mlpPost, by: [.layer, .neuron], from: clean)
        let exact = try sweep.measure(metric, departingFrom: base).values.values
        let screened = try sweep.screened(keeping: 40, metric, departingFrom: base)
        #expect(screened.verified.count == 40)
        let methods = try #require(screened.effects.texts?.values)
        #expect(methods.count { $0 == "exact" } == 40)
        for (index, value) in screened.effects.values.values.enumerated()
        where methods[index] == "exact" {
            #expect(abs(value - exact[index]) < 1e-5)
        }
        // The strongest neuron of all is among those that were measured.
        let strongest = exact.indices.max { abs(exact[$0]) < abs(exact[$1]) } ?? 0
        #expect(methods[strongest] == "exact")
    }

    @Test func whatHasNoGradientIsTold() throws {
        let model = try TinyModel.raw()
        let clean = try model.run([TinyModel.clean], caching: .all)
        let base = try model.run([TinyModel.corrupted], caching: .all)
        let sweep = Sweep(.z, by: [.layer, .head], from: clean)
        #expect(throws: InterventionError.noGradient(metric: "first")) {
            _ = try AttributionPatching(
                [sweep], .function("first") { Double($0[0]) }, departingFrom: base)
        }
        let together = Sweep(.mlpOut, by: [.pos], from: clean)
        #expect(throws: InterventionError.layersTogether(site: "mlp_out")) {
            _ = try AttributionPatching([together], .logitDifference(1, 2), departingFrom: base)
        }
        let bare = try model.run([TinyModel.corrupted])
        #expect(throws: InterventionError.self) {
            _ = try AttributionPatching([sweep], .logitDifference(1, 2), departingFrom: bare)
                .estimates(of: sweep)
        }
    }
}
