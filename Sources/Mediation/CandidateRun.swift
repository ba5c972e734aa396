internal import Glibc
import Interventions
public import Models
import Tensors

/// The run that scores two candidates after one context.
///
/// A candidate's score is the geometric mean of its tokens' probabilities, so candidates of one
/// token have their probabilities. Of two single tokens only the difference of two logits is read;
/// longer ones are a sequence each, of the context with the candidate behind it.
public struct CandidateRun: Sendable {
    /// The tokens of the context.
    public let context: [Int]
    /// The context, or both sequences.
    private(set) var run: Run
    /// The tokens of both candidates.
    private let candidates: [[Int]]
    /// Whether each candidate is a single token.
    private let areTokens: Bool
    /// The log odds of single tokens, or each sequence's mean of −log p of the candidate's tokens.
    private let metric: Metric
    /// The metric in both sequences, or in the only one.
    private let values: [Double]
    /// The scores of both candidates.
    public let scores: (first: Double, second: Double)

    /// Runs a model.
    ///
    /// - Parameters:
    ///   - context: Token ids.
    ///   - candidates: The ids of both candidates.
    ///   - caching: What is kept of the run; branches need what they patch.
    /// - Throws: ``RunError``, ``MediationError/noOdds(_:)`` for candidates that are the same.
    public init(
        context: [Int], candidates: [[Int]], in model: Transformer, caching: Caching = .all
    ) throws {
        guard candidates.count == 2, candidates.allSatisfy({ !$0.isEmpty }),
            candidates[0] != candidates[1]
        else {
            throw MediationError.noOdds(
                "odds need two different candidates of at least one token, not "
                    + candidates.map { $0.map(model.string).joined().debugDescription }
                    .joined(separator: " and "))
        }
        (self.context, self.candidates) = (context, candidates)
        let areTokens = candidates.allSatisfy { $0.count == 1 }
        self.areTokens = areTokens
        metric =
            areTokens
            ? .logitDifference(.id(candidates[1][0]), .id(candidates[0][0]))
            : .loss(from: context.count - 1)
        run = try model.run(
            areTokens ? [context] : candidates.map { context + $0 }, caching: caching)
        values = try metric.values(of: run)
        let run = run
        let found =
            areTokens
            ? try candidates.map { try Metric.probability(.id($0[0])).value(of: run) }
            : values.map { exp(-$0) }
        scores = (found[0], found[1])
    }

    /// The same with some of its activations only, and without logits.
    func keeping(_ points: [HookPoint]) -> CandidateRun {
        var copy = self
        copy.run = run.keeping(points)
        return copy
    }

    /// The size of its activations.
    var byteCount: Int {
        run.cache.points.reduce(0) { $0 + 4 * (run.cache[$1]?.count ?? 0) }
    }

    /// log(score of the second candidate / score of the first).
    ///
    /// - Throws: ``MediationError/noOdds(_:)`` if it is not finite.
    public func logOdds() throws -> Double {
        let value = logOdds(of: values)
        guard value.isFinite else {
            throw MediationError.noOdds(
                "the model gives a candidate no probability after this context, so there are no "
                    + "odds; choose other candidates")
        }
        return value
    }

    /// The log odds that the metric's values in both sequences, or in the only one, stand for.
    private func logOdds(of values: [Double]) -> Double {
        areTokens ? values[0] : values[0] - values[1]
    }

    /// The log odds with each set of parts changed, by the engine; what all sets have in common is
    /// changed once.
    ///
    /// - Parameters:
    ///   - sets: Heads or neurons, each once in a set.
    ///   - options: How the work is cut.
    ///   - branch: The edits of some parts.
    func logOdds<Part: Hashable & Comparable>(
        of sets: [[Part]], options: Engine.Options = .init(), as branch: ([Part]) -> Branch
    ) throws -> [Double] {
        let (common, own) = CandidateRun.split(sets, as: branch)
        return try metric.measureEach(
            own, sharing: common.interventions, departingFrom: run, options: options
        ).map(logOdds)
    }

    /// The floating-point operations that the sets need at least; see ``logOdds(of:options:as:)``.
    func neededOperations<Part: Hashable & Comparable>(
        of sets: [[Part]], as branch: ([Part]) -> Branch
    ) throws -> Double {
        let (common, own) = CandidateRun.split(sets, as: branch)
        return try metric.neededOperations(
            own, sharing: common.interventions, departingFrom: run)
    }

    /// The edits that all sets have in common, and those that each has beside.
    private static func split<Part: Hashable & Comparable>(
        _ sets: [[Part]], as branch: ([Part]) -> Branch
    ) -> (common: Branch, own: [Branch]) {
        let common = sets.dropFirst().reduce(Set(sets.first ?? [])) { $0.intersection($1) }
        return (branch(common.sorted()), sets.map { branch($0.filter { !common.contains($0) }) })
    }

    /// The scores in every branch, by the engine; of single tokens it costs all logits.
    func scores(
        in branches: [Branch], options: Engine.Options = .init()
    ) throws -> [(first: Double, second: Double)] {
        let values = try metric.measureEach(branches, departingFrom: run, options: options)
        guard areTokens else { return values.map { (exp(-$0[0]), exp(-$0[1])) } }
        let first = try Metric.logProbability(.id(candidates[0][0])).measure(
            branches, departingFrom: run, options: options)
        return zip(first, values).map { (exp($0), exp($0 + logOdds(of: $1))) }
    }
}
