public import Interventions
import Models
import Statistics

/// How well a sweep found a planted circuit.
public struct SweepScore: Sendable {
    /// The planted model.
    public let model: String
    /// The sweep, such as `z`.
    public let sweep: String
    /// How many sites were tried.
    public let sites: Int
    /// How many of them have an effect.
    public let trueSites: Int
    /// The area under the curve of |effect| against being one of these; `nil` if there are none,
    /// and 0 if an effect is not a number.
    public let areaUnderCurve: Double?
    /// The same area with estimates by attribution patching; `nil` also where nothing is patched.
    ///
    /// Estimates need not find a circuit: where attention is saturated their gradient vanishes.
    public let areaOfEstimates: Double?
    /// The largest difference between a measured effect and the closed form.
    public let deviation: Double

    /// The largest deviation that counts as equal.
    public static let tolerance = 1e-4

    /// Whether the circuit was found, with the right effects.
    public var passes: Bool { areaUnderCurve ?? 1 >= 1 && deviation <= Self.tolerance }
}

extension PlantedModel {
    /// Runs every sweep, corrupts every edge, and compares with the truth.
    ///
    /// - Parameter naively: Whether each branch is one full forward pass, instead of the engine.
    public func scores(naively: Bool = false) throws -> [SweepScore] {
        let scores = try sweeps.map { sweep in
            let measured = try effects(of: sweep, naively: naively)
            let truth = measured.map { sweep.effects[$0.site] }
            let deviations = zip(measured, truth).map { ($0.value - ($1 ?? 0)).magnitude }
            // A comparison would pass over what is not a number.
            let deviation = deviations.contains(where: \.isNaN) ? .nan : deviations.max() ?? 0
            let isTrue = truth.map { $0 != nil }
            let area = areaUnderCurve(scores: measured.map(\.value.magnitude), isPositive: isTrue)
            return SweepScore(
                model: name, sweep: sweep.name, sites: measured.count,
                trueSites: sweep.effects.count,
                areaUnderCurve: sweep.effects.isEmpty ? nil : area ?? 0,
                areaOfEstimates: try areaOfEstimates(of: sweep, isTrue), deviation: deviation)
        }
        return scores + [try edgeScore(naively: naively)]
    }

    private func areaOfEstimates(of sweep: PlantedSweep, _ isTrue: [Bool]) throws -> Double? {
        if sweep.effects.isEmpty { return nil }
        do {
            return try estimates(of: sweep).flatMap {
                areaUnderCurve(scores: $0.map(\.magnitude), isPositive: isTrue)
            }
        } catch is GradientError {
            // Numbers that are none find nothing.
            return 0
        }
    }

    /// The change of the metric at each site of a sweep to first order; `nil` for one that zeroes.
    public func estimates(of sweep: PlantedSweep) throws -> [Double]? {
        guard sweep.change == .patch else { return nil }
        let source = try model.run([clean], caching: .all)
        let base = try model.run([corrupted], caching: .all)
        let patches = Sweep(sweep.kind, by: sweep.axes, from: source)
        let before = try metric.value(of: base)
        return try AttributionPatching([patches], metric, departingFrom: base)
            .estimates(of: patches).map { $0 - before }
    }

    /// The change of the metric at each site of a sweep.
    public func effects(
        of sweep: PlantedSweep, naively: Bool = false
    ) throws -> [(site: Site, value: Double)] {
        let source = try model.run([clean], caching: .all)
        let base = try model.run([corrupted])
        let branches = try sweep.branches(from: source, length: corrupted.count)
        let values =
            naively
            ? try metric.measureNaively(branches, departingFrom: base)
            : try metric.measure(branches, departingFrom: base)
        let before = try metric.value(of: base)
        return zip(branches, values).map { (site: $0.interventions[0].site, value: $1 - before) }
    }
}
