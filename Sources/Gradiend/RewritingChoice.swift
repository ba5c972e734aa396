/// Which rewriting of a grid is taken.
public enum SelectionPolicy: Sendable, Hashable {
    /// The best score among those that keep this share of the base model's language model score;
    /// if none does, the smallest rate.
    case threshold(Double)
    /// The best product of score and language model score.
    case product

    /// The Python package's.
    public static let package = SelectionPolicy.threshold(0.99)
}

/// What is asked of a rewriting.
public enum RewritingGoal: Sendable, Hashable {
    /// More of a class, where the other stands.
    case strengthen(String)
    /// Less of a class, where it stands.
    case weaken(String)
    /// Both classes alike: BPI.
    case balance
}

/// A rewriting that was chosen.
public struct RewritingChoice: Sendable, Hashable {
    /// How; ``Rewriting/none`` where the base model is best.
    public let rewriting: Rewriting
    /// The score that was asked for.
    public let score: Double
    /// The base model's.
    public let baseScore: Double
    /// The language model score.
    public let lms: Double?
}

extension DecoderEvaluation {
    /// The best rewriting for a goal.
    ///
    /// Scores that are not finite never win. Where a policy finds none better than the base model,
    /// the base model is chosen.
    /// - Throws: ``GradiendError/badOption(_:)`` if nothing says how good a language model is left:
    ///   the strongest rewriting would be a ruined model.
    public func choice(
        _ goal: RewritingGoal, by policy: SelectionPolicy
    ) throws(GradiendError) -> RewritingChoice {
        guard base.lms != nil else {
            throw .badOption(
                "without neutral texts nothing tells a good language model from a ruined one; give "
                    + "some with --neutral")
        }
        let baseScore = score(base, goal)
        func value(_ scores: DecoderScores) -> Double {
            let score = score(scores, goal)
            let weighted = policy == .product ? score * (scores.lms ?? 1) : score
            return weighted.isFinite ? weighted : -.infinity
        }
        var allowed = candidates
        if case .threshold(let share) = policy, let bound = base.lms.map({ share * $0 }) {
            allowed = candidates.filter { $0.scores.lms ?? .infinity >= bound }
            if allowed.isEmpty {
                allowed =
                    candidates.filter { $0.rewriting.rate != 0 }.min {
                        abs($0.rewriting.rate) < abs($1.rewriting.rate)
                    }.map { [$0] } ?? []
            }
        }
        let best = allowed.max { value($0.scores) < value($1.scores) }
        guard let best, value(best.scores) > value(base) else {
            return RewritingChoice(
                rewriting: .none, score: baseScore, baseScore: baseScore, lms: base.lms)
        }
        return RewritingChoice(
            rewriting: best.rewriting, score: score(best.scores, goal), baseScore: baseScore,
            lms: best.scores.lms)
    }

    private func score(_ scores: DecoderScores, _ goal: RewritingGoal) -> Double {
        switch goal {
        case .strengthen(let name): scores.strengthening(name, classes)
        case .weaken(let name): scores.weakening(name)
        case .balance: scores.bias.balanced
        }
    }
}
