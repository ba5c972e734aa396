/// Which rewriting of a grid is taken.
///
/// Under either the base model wins where no candidate has a better score, and so does it over
/// scores that are not finite.
public enum SelectionPolicy: Sendable, Hashable {
    /// The best score among those that keep this share of the base model's language model score;
    /// if none does, the best of those with the smallest rate.
    case threshold(Double)
    /// The best product of score and language model score.
    case product

    /// The Python package's.
    public static let package = SelectionPolicy.threshold(0.99)
    /// The paper's.
    public static let paper = SelectionPolicy.product
}

/// What is asked of a rewriting.
public enum RewritingGoal: Sendable, Hashable {
    /// More of a class, where the other stands.
    case strengthen(String)
    /// Less of a class, where it stands.
    case weaken(String)
    /// Both groups alike: BPI.
    case balance
    /// One of ``DecoderEvaluation/groups`` and not the other: FPI for the first, which with names
    /// is F, and MPI for the second.
    case only(String)
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
    public let lms: Double
    /// The candidate that is best but for the base model; the rewriting itself unless that won.
    public let bestCandidate: Rewriting?
}

extension DecoderEvaluation {
    /// All goals that can be asked for, with their names, such as `more she`.
    public var goals: [(name: String, goal: RewritingGoal)] {
        let (classes, groups) = (
            [classes.positive, classes.negative], [groups.positive, groups.negative]
        )
        return classes.map { ("more \($0)", .strengthen($0)) }
            + classes.map { ("less \($0)", .weaken($0)) } + [("balance", .balance)]
            + groups.map { ("only \($0)", .only($0)) }
    }

    /// The best rewriting for a goal.
    ///
    /// Scores that are not finite never win. Where a policy finds none better than the base model,
    /// the base model is chosen.
    /// - Throws: ``GradiendError/badOption(_:)`` if the base model's language model score is 0 or
    ///   no number: every rewriting would keep all of it, and the strongest is a ruined model.
    public func choice(
        _ goal: RewritingGoal, by policy: SelectionPolicy
    ) throws(GradiendError) -> RewritingChoice {
        guard base.lms > 0, base.lms.isFinite else {
            throw .badOption(
                "the model's language model score is \(base.lms), so that nothing tells a good "
                    + "rewriting from a ruined model; give more neutral texts, or other ones")
        }
        func value(_ scores: DecoderScores) -> Double {
            let score = score(scores, goal)
            let weighted = policy == .product ? score * scores.lms : score
            return weighted.isFinite ? weighted : -.infinity
        }
        let best = allowed(by: policy).max { value($0.scores) < value($1.scores) }
        let baseScore = score(base, goal)
        guard let best, value(best.scores) > value(base) else {
            return RewritingChoice(
                rewriting: .none, score: baseScore, baseScore: baseScore, lms: base.lms,
                bestCandidate: best?.rewriting)
        }
        return RewritingChoice(
            rewriting: best.rewriting, score: score(best.scores, goal), baseScore: baseScore,
            lms: best.scores.lms, bestCandidate: best.rewriting)
    }

    /// The candidates that a policy chooses from.
    private func allowed(by policy: SelectionPolicy) -> [ScoredRewriting] {
        guard case .threshold(let share) = policy else { return candidates }
        let good = candidates.filter { $0.scores.lms >= share * base.lms }
        if !good.isEmpty { return good }
        let smallest = candidates.map { abs($0.rewriting.rate) }.filter { $0 > 0 }.min()
        return candidates.filter { abs($0.rewriting.rate) == smallest }
    }

    private func score(_ scores: DecoderScores, _ goal: RewritingGoal) -> Double {
        switch goal {
        case .strengthen(let name): scores.strengthening(name, classes)
        case .weaken(let name): scores.weakening(name)
        case .balance: scores.bias.balanced
        case .only(let name):
            name == groups.positive
                ? scores.bias.onlyFirst : name == groups.negative ? scores.bias.onlySecond : .nan
        }
    }
}
