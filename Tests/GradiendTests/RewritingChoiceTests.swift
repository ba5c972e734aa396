import Gradiend
import Results
import Tensors
import Testing

/// Scores of hand-made probabilities, and which rewriting is chosen by them.
@Suite struct RewritingChoiceTests {
    private let pair = ClassPair(positive: "she", negative: "he")

    @Test func biasScores() {
        let scores = BiasScores([(0.6, 0.2), (0.1, 0.1)])
        #expect(abs(scores.first - 0.35) < 1e-12 && abs(scores.second - 0.15) < 1e-12)
        #expect(abs(scores.balanced - (0.6 * 0.8 + 0.2) / 2) < 1e-12)
        #expect(abs(scores.onlyFirst - (0.8 * 0.6 + 0.9 * 0.1) / 2) < 1e-12)
        #expect(abs(scores.onlySecond - (0.4 * 0.2 + 0.9 * 0.1) / 2) < 1e-12)
        #expect(abs(scores.meanDifference - 0.2) < 1e-12)
    }

    /// Scores of a model that says she and F with p₁ and he and M with p₂ everywhere.
    private func scores(_ first: Double, _ second: Double, lms: Double) -> DecoderScores {
        DecoderScores(
            probabilities: [
                "she": ["she": first, "he": second], "he": ["she": first, "he": second],
            ], lms: lms, bias: BiasScores([(first, second)]))
    }

    private func candidate(
        _ factor: Double, _ rate: Double, _ first: Double, _ second: Double, lms: Double
    ) -> ScoredRewriting {
        ScoredRewriting(
            rewriting: Rewriting(factor: factor, rate: rate),
            scores: scores(first, second, lms: lms))
    }

    private func evaluation(
        _ candidates: [ScoredRewriting], lms: Double = 0.5, groups: ClassPair? = nil
    ) -> DecoderEvaluation {
        DecoderEvaluation(
            classes: pair, groups: groups, base: scores(0.3, 0.6, lms: lms),
            candidates: candidates)
    }

    /// FPI and MPI belong to the groups: names where they are judged, otherwise the classes.
    @Test func goals() throws {
        let candidates = [
            candidate(0, 0.1, 0.4, 0.4, lms: 0.5), candidate(1, 0.1, 0.7, 0.2, lms: 0.5),
            candidate(-1, 0.1, 0.1, 0.8, lms: 0.5),
        ]
        let classes = evaluation(candidates)
        #expect(
            classes.goals.map(\.name) == [
                "more she", "more he", "less she", "less he", "balance", "only she", "only he",
            ])
        let names = evaluation(candidates, groups: DecoderProbe.names)
        #expect(names.goals.suffix(2).map(\.name) == ["only F", "only M"])
        for policy in [SelectionPolicy.package, .paper] {
            // BPI 0.8, base 0.63; FPI 0.56, base 0.12; MPI 0.72, base 0.42.
            for (evaluation, first, second) in [(classes, "she", "he"), (names, "F", "M")] {
                let neutral = try evaluation.choice(.balance, by: policy)
                #expect(neutral.rewriting.factor == 0 && abs(neutral.score - 0.8) < 1e-12)
                let women = try evaluation.choice(.only(first), by: policy)
                #expect(women.rewriting.factor == 1 && abs(women.score - 0.56) < 1e-12)
                #expect(abs(women.baseScore - 0.12) < 1e-12)
                let men = try evaluation.choice(.only(second), by: policy)
                #expect(men.rewriting.factor == -1 && abs(men.score - 0.72) < 1e-12)
                #expect(abs(men.baseScore - 0.42) < 1e-12)
            }
            // A class is no group of names, and nothing is best at it.
            #expect(try names.choice(.only("she"), by: policy).rewriting == .none)
            let weaker = try names.choice(.weaken("he"), by: policy)
            #expect(weaker.rewriting.factor == 1 && abs(weaker.score - 0.8) < 1e-12)
        }
    }

    /// What either policy pays for a better score with.
    @Test func policies() throws {
        let both = evaluation([
            candidate(1, 1, 0.9, 0, lms: 0.45), candidate(1, 0.1, 0.7, 0, lms: 0.496),
            candidate(1, 0.01, 0.4, 0, lms: 0.5), candidate(1, 10, 1, 0, lms: 0.1),
        ])
        let careful = try both.choice(.strengthen("she"), by: .package)
        #expect(careful.rewriting.rate == 0.1 && careful.score == 0.7 && careful.baseScore == 0.3)
        #expect(careful.lms == 0.496 && careful.bestCandidate == careful.rewriting)
        #expect(try both.choice(.strengthen("she"), by: .paper).rewriting.rate == 1)
        #expect(try both.choice(.strengthen("she"), by: .threshold(0.1)).rewriting.rate == 10)
    }

    /// Where no candidate is better the model itself is taken: f = 0, α = 0.
    @Test func theBaseModelWins() throws {
        let worse = evaluation([
            candidate(1, 0.1, 0.9, 0.1, lms: 0.5), candidate(1, 0.01, 0.5, 0.55, lms: 0.49),
        ])
        for policy in [SelectionPolicy.package, .paper] {
            let choice = try worse.choice(.strengthen("he"), by: policy)
            #expect(choice.rewriting == .none && choice.rewriting.factor == 0)
            #expect(choice.score == 0.6 && choice.score == choice.baseScore && choice.lms == 0.5)
        }
        // The nearest is told beside it: that which keeps the language, or the best product.
        #expect(try worse.choice(.strengthen("he"), by: .package).bestCandidate?.rate == 0.1)
        #expect(try worse.choice(.strengthen("he"), by: .paper).bestCandidate?.rate == 0.01)
        // A better score whose product is worse.
        let dear = evaluation([candidate(1, 0.1, 0.5, 0, lms: 0.29)])
        #expect(try dear.choice(.strengthen("she"), by: .paper).rewriting == .none)
        let broken = evaluation([candidate(1, 1, .nan, .nan, lms: 0.5)])
        #expect(try broken.choice(.strengthen("she"), by: .package).rewriting == .none)
        #expect(try evaluation([]).choice(.balance, by: .package).bestCandidate == nil)
    }

    /// Where every candidate costs too much, the best of the smallest rates is tried.
    @Test func fallback() throws {
        let costly = evaluation([
            candidate(1, 1, 0.9, 0, lms: 0.3), candidate(-1, -0.1, 0.5, 0, lms: 0.4),
            candidate(1, 0.1, 0.7, 0, lms: 0.4), candidate(0, 0.1, .nan, 0, lms: .nan),
        ])
        let choice = try costly.choice(.strengthen("she"), by: .package)
        #expect(choice.rewriting == Rewriting(factor: 1, rate: 0.1) && choice.lms == 0.4)
        // Not where it is worse than the model itself.
        #expect(try costly.choice(.strengthen("he"), by: .package).rewriting == .none)
    }

    /// Where the model itself is no language model, a ruined one would win.
    @Test(arguments: [0, Double.nan]) func noLanguageModel(_ lms: Double) {
        let blind = evaluation([candidate(1, 100, 1, 0, lms: 0)], lms: lms)
        #expect(throws: GradiendError.self) {
            try blind.choice(.strengthen("she"), by: .package)
        }
    }

    /// The tables hold each number in its place.
    @Test func tables() throws {
        let all = evaluation(
            [
                candidate(-1, 0.1, 0.1, 0.8, lms: 0.4), candidate(-1, -2, 0.2, 0.7, lms: 0.3),
                candidate(1, 0.1, 0.7, 0.1, lms: 0.2), candidate(1, -2, 0.6, 0.3, lms: 0.1),
            ], groups: DecoderProbe.names)
        let table = all.byMeasure(factors: [-1, 1], rates: [0.1, -2])
        #expect(
            table.axes[0].labels == [
                "P(F)", "P(M)", "language model", "balance", "only F", "only M", "difference",
                "P(she) in texts of she", "P(he) in texts of she", "P(she) in texts of he",
                "P(he) in texts of he",
            ])
        #expect(table.part(0).values.values == [0.1, 0.2, 0.7, 0.6])
        #expect(table.part(2).values.values == [0.4, 0.3, 0.2, 0.1])
        #expect(abs(table.part(6).values[1, 0] - 0.6) < 1e-6)
        #expect(table.part(8).values.values == [0.8, 0.7, 0.1, 0.3])
        let own = all.byPaperMeasure(factors: [-1, 1], rates: [0.1, -2])
        #expect(own.axes[0].labels == Array(table.axes[0].labels.prefix(6)))
        // The base model stands at 0 between rates of either sign.
        let shifts = all.shifts(factor: 1)
        #expect(
            shifts.map(\.quantity.name) == [
                "language model", "P in texts of she", "P in texts of he", "P of names",
            ])
        #expect(shifts.allSatisfy { $0.axes.last?.labels == ["-2", "0", "0.1"] })
        #expect(shifts[0].values.values == [0.1, 0.5, 0.2])
        #expect(shifts[1].values.values == [0.6, 0.3, 0.7, 0.3, 0.6, 0.1])
        #expect(shifts[3].axes[0].labels == ["F", "M"])
        #expect(evaluation([]).shifts(factor: 1).count == 3)
    }
}
