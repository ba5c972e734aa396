internal import Glibc
public import Interventions
public import Models

/// One attention head.
public struct Head: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Its block.
    public let layer: Int
    /// Its place in the block.
    public let head: Int

    /// Names a head.
    public init(layer: Int, head: Int) { (self.layer, self.head) = (layer, head) }

    /// By layer, then by head.
    public static func < (a: Head, b: Head) -> Bool { (a.layer, a.head) < (b.layer, b.head) }

    /// As in the published study's figures, such as `5-8`.
    public var description: String { "\(layer)-\(head)" }
}

/// Two contexts of one length and their candidates, as tokens.
public struct HeadTokens: Sendable {
    /// The tokens of x.
    public let base: [Int]
    /// The tokens of x′.
    public let alternative: [Int]
    /// The tokens of both candidates: of the one that suits x, then of the one that suits x′.
    public let candidates: [[Int]]

    /// Puts an item together.
    public init(base: [Int], alternative: [Int], candidates: [[Int]]) {
        (self.base, self.alternative, self.candidates) = (base, alternative, candidates)
    }

    /// Splits an item in a model's tokens.
    ///
    /// - Throws: ``MediationError/unequalLengths(base:alternative:)``.
    public init(_ item: HeadItem, in model: Transformer, prependBOS: Bool = false) throws {
        let tokens = try item.texts.map { try model.tokens($0, prependBOS: prependBOS) }
        (base, alternative) = (tokens[0], tokens[1])
        candidates = try item.candidates.map(model.candidate)
        guard base.count == alternative.count else {
            throw MediationError.unequalLengths(
                base: base.map(model.string), alternative: alternative.map(model.string))
        }
        guard candidates[0] != candidates[1] else {
            throw MediationError.noOdds("its candidates are the same tokens")
        }
        let length = base.count + (candidates.map(\.count).max() ?? 0)
        guard length <= model.config.nCtx else {
            throw MediationError.badText(
                "it has \(length) tokens with a candidate, but the model's context is "
                    + "\(model.config.nCtx)")
        }
    }
}

/// What attention patterns are taken over for.
public enum HeadEffect: String, Sendable, CaseIterable {
    /// x runs with patterns of x′.
    case indirect
    /// x′ runs with patterns of x.
    case direct
}

/// One item whose attention patterns are taken over from its alternative, head by head.
///
/// Patterns are put in behind the softmax, in the context only: at a candidate's tokens heads
/// attend as they do. What they attend to is the current run's. Effects are relative changes of
/// the odds of the second candidate against the first,
///
/// ```
/// effect = odds(x, changed) / odds(x) − 1
/// ```
/// for the direct effect too (Vig et al. 2020, section 3; of heads, section 4).
public struct HeadExperiment: Sendable {
    /// The model.
    public let model: Transformer
    /// The run of x.
    public let base: CandidateRun
    /// The run of x′.
    public let alternative: CandidateRun

    private init(model: Transformer, base: CandidateRun, alternative: CandidateRun) {
        (self.model, self.base, self.alternative) = (model, base, alternative)
    }

    /// Runs both inputs.
    ///
    /// - Parameter caching: What is kept of the runs; effects of heads need all.
    /// - Throws: ``MediationError/unequalLengths(base:alternative:)``, ``RunError``.
    public init(
        _ item: HeadTokens, in model: Transformer, caching: Caching = .all
    ) throws {
        guard item.base.count == item.alternative.count else {
            throw MediationError.unequalLengths(
                base: item.base.map(model.string), alternative: item.alternative.map(model.string))
        }
        self.model = model
        base = try CandidateRun(
            context: item.base, candidates: item.candidates, in: model, caching: caching)
        alternative = try CandidateRun(
            context: item.alternative, candidates: item.candidates, in: model, caching: caching)
    }

    /// odds(x′) / odds(x) − 1.
    public func totalEffect() throws -> Double {
        try exp(alternative.logOdds() - base.logOdds()) - 1
    }

    /// The effect of each set of heads, overridden together.
    ///
    /// - Parameters:
    ///   - effect: Which one.
    ///   - sets: The heads of each branch; none at all leaves a run as it is.
    ///   - options: How the work is cut.
    public func effects(
        _ effect: HeadEffect, of sets: [[Head]], options: Engine.Options = .init()
    ) throws -> [Double] {
        let odds = try base.logOdds()
        return try target(of: effect).logOdds(of: sets, options: options) {
            branch(effect, $0)
        }.map { exp($0 - odds) - 1 }
    }

    /// The experiment without activations but some of x′; its patterns are all that indirect
    /// effects need, as the engine runs x again.
    func keeping(_ points: [HookPoint]) -> HeadExperiment {
        HeadExperiment(
            model: model, base: base.keeping([]), alternative: alternative.keeping(points))
    }

    /// The size of all activations.
    var byteCount: Int { base.byteCount + alternative.byteCount }

    /// The floating-point operations that the effects of sets need at least; see
    /// ``effects(_:of:options:)``.
    public func neededOperations(_ effect: HeadEffect, of sets: [[Head]]) throws -> Double {
        try target(of: effect).neededOperations(of: sets) { branch(effect, $0) }
    }

    /// The run that is changed.
    private func target(of effect: HeadEffect) -> CandidateRun {
        effect == .indirect ? base : alternative
    }

    /// The branch that takes the patterns of some heads from the other run.
    private func branch(_ effect: HeadEffect, _ heads: [Head]) -> Branch {
        let positions = Array(base.context.indices)
        let edit = Edit.patch(from: target(of: effect == .indirect ? .direct : .indirect).run.cache)
        return Branch(
            sites(of: heads).map { layer, head in
                let point = HookPoint(.pattern, layer: layer)
                return Intervention(Site(point, positions: positions, head: head), edit)
            })
    }

    /// Heads by layer; all of a layer are one site.
    private func sites(of heads: [Head]) -> [(layer: Int, head: Int?)] {
        Dictionary(grouping: Set(heads), by: \.layer).sorted { $0.key < $1.key }.flatMap {
            layer, heads -> [(layer: Int, head: Int?)] in
            heads.count == model.config.nHeads
                ? [(layer, nil)] : heads.sorted().map { (layer, $0.head) }
        }
    }

    /// Every head alone, every layer, and the whole model.
    public func effects(
        _ effect: HeadEffect, options: Engine.Options = .init()
    ) throws -> HeadEffects {
        HeadEffects(
            try effects(effect, of: HeadEffects.sets(in: model), options: options), in: model)
    }
}

/// The effects of all heads, layers and the model in one item.
public struct HeadEffects: Sendable, Hashable {
    /// Of each head alone, [layer, head].
    public let head: [[Double]]
    /// Of all heads of a layer together, [layer].
    public let layer: [Double]
    /// Of all heads together.
    public let model: Double

    /// Every head alone, every layer, the whole model.
    public static func sets(in model: Transformer) -> [[Head]] {
        let heads = Head.all(in: model)
        let layers = (0..<model.config.nLayers).map { layer in heads.filter { $0.layer == layer } }
        return heads.map { [$0] } + layers + [heads]
    }

    /// Takes values in the order of ``sets(in:)``.
    public init(_ values: [Double], in model: Transformer) {
        let (layers, heads) = (model.config.nLayers, model.config.nHeads)
        precondition(values.count == layers * heads + layers + 1, "\(values.count) effects")
        head = (0..<layers).map { Array(values[$0 * heads..<($0 + 1) * heads]) }
        layer = Array(values[layers * heads..<layers * heads + layers])
        self.model = values[values.count - 1]
    }
}

extension Head {
    /// All heads of a model, in order.
    public static func all(in model: Transformer) -> [Head] {
        (0..<model.config.nLayers).flatMap { layer in
            (0..<model.config.nHeads).map { Head(layer: layer, head: $0) }
        }
    }
}
