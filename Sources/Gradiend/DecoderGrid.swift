internal import FoundationEssentials
public import Models
import Tensors

/// Rewritings to try.
public struct DecoderGrid: Sendable, Hashable {
    /// The rewritings.
    public let candidates: [Rewriting]

    /// All factors with all rates.
    ///
    /// - Parameters:
    ///   - factors: What stands in place of h.
    ///   - rates: What the vector is multiplied by.
    ///   - part: Which vector.
    ///   - top: The share of its largest elements that are used; `nil` for all.
    public init(
        factors: [Double], rates: [Double], part: VectorPart = .decoder, top: Double? = nil
    ) {
        candidates = factors.flatMap { factor in
            rates.map { Rewriting(factor: factor, rate: $0, part: part, top: top) }
        }
    }

    /// The rates of the package's grid.
    public static let packageRates: [Double] = [
        100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001,
    ]

    /// The factors of the paper's grid.
    public static let paperFactors: [Double] = [
        -10, -2, -1, -0.8, -0.6, -0.4, -0.2, 0, 0.2, 0.4, 0.6, 0.8, 1, 2, 10,
    ]

    /// The rates of the paper's grid.
    public static let paperRates: [Double] = {
        let sizes = [1e-4, 5e-4, 1e-3, 5e-3, 1e-2, 5e-2, 1e-1, 5e-1]
        return sizes.reversed().map { -$0 } + sizes
    }()
}

/// A rewriting and what the rewritten model says.
public struct ScoredRewriting: Sendable, Hashable, Codable {
    /// How.
    public let rewriting: Rewriting
    /// What it says.
    public let scores: DecoderScores

    /// Scores a rewriting.
    public init(rewriting: Rewriting, scores: DecoderScores) {
        (self.rewriting, self.scores) = (rewriting, scores)
    }
}

/// The base model and the rewritings of a grid, scored.
public struct DecoderEvaluation: Sendable {
    /// The classes.
    public let classes: ClassPair
    /// Whom ``BiasScores`` compare: the classes, or ``DecoderProbe/names``.
    public let groups: ClassPair
    /// The base model.
    public let base: DecoderScores
    /// In the order of the grid.
    public let candidates: [ScoredRewriting]

    /// Puts an evaluation together.
    ///
    /// - Parameter groups: The classes unless given.
    public init(
        classes: ClassPair, groups: ClassPair? = nil, base: DecoderScores,
        candidates: [ScoredRewriting]
    ) {
        (self.classes, self.groups) = (classes, groups ?? classes)
        (self.base, self.candidates) = (base, candidates)
    }
}

extension Feature {
    /// Scores rewritings, one model after another.
    ///
    /// A candidate's scores are kept in a file of its own as soon as they are known, so that a
    /// stopped evaluation goes on where it was. The file's name holds a hash of the feature, the
    /// model, the texts and the rewriting: what was scored otherwise is never used.
    ///
    /// - Parameters:
    ///   - grid: The rewritings.
    ///   - model: The base model.
    ///   - probe: The texts.
    ///   - cache: The folder of the files; `nil` to keep none.
    ///   - progress: Is told how many are done.
    public func evaluate(
        _ grid: DecoderGrid, of model: Transformer, with probe: DecoderProbe,
        cachedIn cache: String? = nil, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> DecoderEvaluation {
        let key = cache == nil ? "" : try cacheKey(model, probe)
        func scored(_ rewriting: Rewriting) throws -> DecoderScores {
            let share = rewriting.top.map { "-\($0)" } ?? ""
            let path = cache.map { folder in
                "\(folder)/\(key)-\(rewriting.factor)-\(rewriting.rate)-\(rewriting.part)\(share)"
                    + ".json"
            }
            if let path, let file = try? Blob(mapping: path),
                let known = try? decodeJSON(ScoredRewriting.self, from: file.copy()),
                known.rewriting == rewriting
            {
                return known.scores
            }
            let scores = try probe.scores(of: try self.rewriting(model, rewriting))
            if let path {
                let entry = ScoredRewriting(rewriting: rewriting, scores: scores)
                // A rewriting far outside may leave no finite number, which is not read back: it is
                // scored anew then.
                try AtomicFile.write(featureJSON(entry), to: path)
            }
            return scores
        }
        let base = try scored(.none)
        let candidates = try grid.candidates.enumerated().map { index, rewriting in
            defer { progress(index + 1, grid.candidates.count) }
            return ScoredRewriting(rewriting: rewriting, scores: try scored(rewriting))
        }
        return DecoderEvaluation(
            classes: probe.classes, groups: probe.groups, base: base, candidates: candidates)
    }

    private func cacheKey(_ model: Transformer, _ probe: DecoderProbe) throws -> String {
        var hash = probe.fingerprint
        hash.add(Array((try model.checkpointHash() ?? model.name).utf8))
        // The weights as they are: a model may have been changed since it was loaded.
        for vector in [
            neuron.encoderWeight, neuron.encoderBias, neuron.decoderWeight, neuron.decoderBias,
            try map.weights(of: model),
        ] {
            withExtendedLifetime(vector) {
                hash.add([Fingerprint(UnsafeRawBufferPointer(vector.rows.elements)).value])
            }
        }
        for part in map.parts {
            hash.add(Array(part.name.utf8))
            hash.add([part.count])
            hash.add(part.indices ?? [])
        }
        return hash.hexadecimal
    }
}
