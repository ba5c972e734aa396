import Statistics
import Tensors
import Testing

/// Ranks, the area under the curve, correlations and corrections.
@Suite struct StatisticsTests {
    @Test func areaUnderCurveByHand() {
        #expect(areaUnderCurve(scores: [3, 1, 2], isPositive: [true, false, false]) == 1)
        #expect(areaUnderCurve(scores: [1, 3, 2], isPositive: [true, false, false]) == 0)
        #expect(areaUnderCurve(scores: [2, 1, 3], isPositive: [true, false, false]) == 0.5)
        #expect(
            areaUnderCurve(scores: [5, 5, 5, 5], isPositive: [true, false, true, false]) == 0.5)
        // Of the four pairs two are won, one is tied, one is lost.
        #expect(
            areaUnderCurve(scores: [4, 2, 2, 3], isPositive: [true, true, false, false]) == 0.625)
    }

    @Test func areaUnderCurveNeedsBothKinds() {
        #expect(areaUnderCurve(scores: [1, 2], isPositive: [true, true]) == nil)
        #expect(areaUnderCurve(scores: [1, 2], isPositive: [false, false]) == nil)
        #expect(areaUnderCurve(scores: [], isPositive: []) == nil)
        #expect(areaUnderCurve(scores: [1, .nan], isPositive: [true, false]) == nil)
        #expect(areaUnderCurve(scores: [.infinity, 1], isPositive: [true, false]) == 1)
    }

    /// By its meaning: the share of pairs that are in order.
    @Test func areaUnderCurveIsTheShareOfPairs() {
        var generator = SeededGenerator(seed: 0, stream: "pairs")
        for _ in 0..<20 {
            let scores = (0..<30).map { _ in Double(Int.random(in: 0..<9, using: &generator)) }
            let positive = (0..<30).map { _ in Bool.random(using: &generator) }
            var (won, pairs) = (0.0, 0.0)
            for i in 0..<30 where positive[i] {
                for j in 0..<30 where !positive[j] {
                    pairs += 1
                    won += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0
                }
            }
            let area = areaUnderCurve(scores: scores, isPositive: positive)
            #expect(area.map { isClose($0, won / pairs) } == true)
        }
    }

    @Test func ranksShareTies() {
        #expect(ranks(of: [10, 30, 20]) == [1, 3, 2])
        #expect(ranks(of: [5, 1, 5, 5, 0]) == [4, 2, 4, 4, 1])
        #expect(ranks(of: []) == [])
        #expect(ranks(of: [.nan]) == [1])
    }

    @Test func correlationsByHand() {
        #expect(isClose(pearsonCorrelation([1, 2, 3], [2, 4, 6]) ?? 0, 1))
        #expect(isClose(pearsonCorrelation([1, 2, 3], [3, 2, 1]) ?? 0, -1))
        #expect(pearsonCorrelation([1, 2, 3, 4], [1, -1, -1, 1]) == 0)
        #expect(pearsonCorrelation([1, 2, 3], [5, 5, 5]) == nil)
        #expect(pearsonCorrelation([], []) == nil)
        // Monotone is all that ranks know.
        #expect(isClose(spearmanCorrelation([1, 2, 3, 4], [1, 10, 100, 1000]) ?? 0, 1))
        #expect(isClose(spearmanCorrelation([1, 2, 3, 4], [4, 3, 2, 1]) ?? 0, -1))
        // 1 − 6 Σ d² / (n (n² − 1)) with d = 1, 1, 0.
        #expect(isClose(spearmanCorrelation([1, 2, 3], [2, 1, 3]) ?? 0, 0.5))
        #expect(mean([1, 2, 6]) == 3)
        #expect(mean([]).isNaN)
    }

    @Test func correlationsDoNotDependOnScale() {
        let (x, y) = ([0.1, 0.7, 0.2, 0.9], [1.0, 3, 2, 2])
        let plain = pearsonCorrelation(x, y) ?? 0
        let moved = pearsonCorrelation(x.map { 1e6 + 3 * $0 }, y.map { -2 * $0 }) ?? 0
        #expect(isClose(moved, -plain, 1e-8))
    }

    @Test func benjaminiHochbergByHand() {
        // m p(j) / j is 0.04, 0.04, 0.0533, 0.05; each takes the least from its place on.
        let adjusted = benjaminiHochberg([0.04, 0.01, 0.05, 0.02])
        for (value, expected) in zip(adjusted, [0.05, 0.04, 0.05, 0.04]) {
            #expect(isClose(value, expected))
        }
        #expect(benjaminiHochberg([]) == [])
        #expect(benjaminiHochberg([1, 1]) == [1, 1])
        #expect(benjaminiHochberg([0.3]) == [0.3])
    }

    @Test func scipyAgrees() throws {
        let golden = try GoldenValues.load()
        for ranking in golden.rankings {
            let area = areaUnderCurve(scores: ranking.scores, isPositive: ranking.positive)
            #expect(isClose(area ?? -1, ranking.area))
        }
        for pair in golden.correlations {
            #expect(isClose(pearsonCorrelation(pair.x, pair.y) ?? -2, pair.pearson))
            #expect(isClose(spearmanCorrelation(pair.x, pair.y) ?? -2, pair.spearman))
        }
        for tests in golden.discoveries {
            for (value, expected) in zip(benjaminiHochberg(tests.p), tests.adjusted) {
                #expect(isClose(value, expected))
            }
        }
    }
}
