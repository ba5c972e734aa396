/// What training leaves.
public struct TrainingOutcome: Sendable {
    /// The best run's feature, pruned if that was asked for.
    public let feature: Feature
    /// Every run, in order of seeds.
    public let runs: [TrainingRecord]
    /// How they were made.
    public let options: TrainingOptions
    /// A hash of all that decided the numbers: ``FeatureTraining/fingerprint()``.
    public let fingerprint: String

    /// Whether the kept run converged.
    public var converged: Bool { feature.record?.converged ?? false }

    /// How many runs converged.
    public var convergentCount: Int { runs.count(where: \.converged) }

    /// Refuses runs of which too few converged.
    ///
    /// - Throws: ``GradiendError/notConverged(_:of:needed:)``.
    public func requireConvergence() throws {
        guard convergentCount >= options.minConvergentSeeds else {
            throw GradiendError.notConverged(
                convergentCount, of: runs.count, needed: options.minConvergentSeeds)
        }
    }
}

extension Feature {
    /// What stands behind the name of a feature that did not converge, in figures and tables.
    ///
    /// The Python package's mark; a Latin cross is missing from many typefaces.
    public static let nonConvergenceMark = "†"

    /// A name of the feature, marked if it is known not to have converged.
    public func marked(_ name: String) -> String {
        record?.converged == false ? "\(name) \(Self.nonConvergenceMark)" : name
    }
}
