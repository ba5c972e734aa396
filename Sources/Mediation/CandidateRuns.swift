internal import Glibc
import Interventions
public import Models

/// The runs that score two candidates after one context.
///
/// A candidate's score is the geometric mean of its tokens' probabilities, so candidates of one
/// token have their probabilities. Two single tokens need one run, of which only the difference of
/// two logits is read; longer ones need a run each, of the context with the candidate behind it.
public struct CandidateRuns: Sendable {
    /// The tokens of the context.
    public let context: [Int]
    /// The runs, each with the metric that is measured in it.
    let runs: [Scored]
    /// The tokens of both candidates.
    let candidates: [[Int]]

    struct Scored: Sendable {
        let run: Run
        let metric: Metric
        /// What the metric counts in the log odds.
        let sign: Double
    }

    /// Runs a model.
    ///
    /// - Parameters:
    ///   - context: Token ids.
    ///   - candidates: The ids of both candidates.
    ///   - caching: What is kept of the runs; branches need what they patch.
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
        if candidates.allSatisfy({ $0.count == 1 }) {
            let metric = Metric.logitDifference(.id(candidates[1][0]), .id(candidates[0][0]))
            runs = [
                Scored(run: try model.run([context], caching: caching), metric: metric, sign: 1)
            ]
        } else {
            runs = try zip(candidates, [1.0, -1.0]).map { candidate, sign in
                // The mean of −log p of the candidate's tokens.
                var metric = Metric.loss
                metric.positions = candidate.indices.map { context.count - 1 + $0 }
                let run = try model.run([context + candidate], caching: caching)
                return Scored(run: run, metric: metric, sign: sign)
            }
        }
    }

    /// log(score of the second candidate / score of the first).
    ///
    /// - Throws: ``MediationError/noOdds(_:)`` if it is not finite.
    public func logOdds() throws -> Double {
        let value = try runs.reduce(0) { try $0 + $1.sign * $1.metric.value(of: $1.run) }
        guard value.isFinite else {
            throw MediationError.noOdds(
                "the model gives a candidate no probability after this context, so there are no "
                    + "odds; choose other candidates")
        }
        return value
    }

    /// The scores of both candidates.
    public func scores() throws -> (first: Double, second: Double) {
        if runs.count == 2 {
            let losses = try runs.map { try $0.metric.value(of: $0.run) }
            return (exp(-losses[0]), exp(-losses[1]))
        }
        let values = try candidates.map { candidate in
            try Metric.probability(.id(candidate[0])).value(of: runs[0].run)
        }
        return (values[0], values[1])
    }

    /// The log odds in every branch, by the engine.
    ///
    /// - Parameters:
    ///   - branches: The branches for each run, in order: equally many.
    ///   - options: How the work is cut.
    func logOdds(
        in branches: [[Branch]], options: Engine.Options = .init()
    ) throws -> [Double] {
        precondition(branches.count == runs.count, "branches for each of \(runs.count) runs")
        var sums = [Double](repeating: 0, count: branches[0].count)
        for (scored, branches) in zip(runs, branches) {
            let values = try scored.metric.measure(
                branches, departingFrom: scored.run, options: options)
            for (index, value) in values.enumerated() { sums[index] += scored.sign * value }
        }
        return sums
    }

    /// The scores in every branch, by the engine; of single tokens it costs all logits.
    func scores(
        in branches: [[Branch]], options: Engine.Options = .init()
    ) throws -> [(first: Double, second: Double)] {
        guard runs.count == 1 else {
            let losses = try zip(runs, branches).map { scored, branches in
                try scored.metric.measure(branches, departingFrom: scored.run, options: options)
            }
            return zip(losses[0], losses[1]).map { (exp(-$0), exp(-$1)) }
        }
        let first = try Metric.logProbability(.id(candidates[0][0])).measure(
            branches[0], departingFrom: runs[0].run, options: options)
        let odds = try logOdds(in: branches, options: options)
        return zip(first, odds).map { (exp($0), exp($0 + $1)) }
    }

    /// The floating-point operations that the branches need at least.
    func neededOperations(_ branches: [[Branch]]) throws -> Double {
        try zip(runs, branches).reduce(0) {
            try $0 + $1.0.metric.neededOperations($1.1, departingFrom: $1.0.run)
        }
    }
}
