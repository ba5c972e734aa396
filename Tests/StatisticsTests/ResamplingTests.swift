import Statistics
import Tensors
import Testing

/// The bootstrap and the sign-flip test.
@Suite struct StatisticsResamplingTests {
    @Test func bootstrapMatchesScipy() throws {
        for golden in try GoldenValues.load().bootstraps {
            let rows = golden.values.map { [$0] }
            let interval = bootstrapInterval(ofMeanOf: rows)[0]
            // Quantiles of 10,000 draws vary by about 2 % of the interval; five times that at most.
            let slack = 0.05 * (golden.upper - golden.lower)
            #expect(abs(interval.lower - golden.lower) < slack)
            #expect(abs(interval.upper - golden.upper) < slack)
        }
    }

    @Test func bootstrapOfAConstantIsTheConstant() {
        let interval = bootstrapInterval(ofMeanOf: [[2.5], [2.5], [2.5]], resamples: 100)
        #expect(interval == [ConfidenceInterval(lower: 2.5, upper: 2.5)])
        #expect(bootstrapInterval(ofMeanOf: [[1, -1]], resamples: 10).map(\.lower) == [1, -1])
    }

    /// Of two values the mean of two draws is 0, 0.5, 0.5 or 1, equally often.
    @Test func bootstrapOfTwoValues() {
        let rows = [[0.0], [1.0]]
        #expect(
            bootstrapInterval(ofMeanOf: rows)
                == [ConfidenceInterval(lower: 0, upper: 1)])
        #expect(
            bootstrapInterval(ofMeanOf: rows, level: 0.3)
                == [ConfidenceInterval(lower: 0.5, upper: 0.5)])
    }

    @Test func bootstrapColumnsAreIndependentOfEachOther() {
        let rows = sample(count: 20, columns: 70, shift: 0)
        let all = bootstrapInterval(ofMeanOf: rows, resamples: 300, seed: 4)
        #expect(all.count == 70)
        for column in [0, 31, 32, 69] {
            let one = bootstrapInterval(
                ofMeanOf: rows.map { [$0[column]] }, resamples: 300, seed: 4)
            #expect(one[0] == all[column])
        }
        #expect(bootstrapInterval(ofMeanOf: rows, resamples: 300, seed: 5) != all)
    }

    /// For many values the interval is mean ± 1.96 standard errors.
    @Test func bootstrapIsNormalInTheLimit() {
        let rows = sample(count: 1000, columns: 1, shift: 1)
        let values = rows.map { $0[0] }
        let centre = mean(values)
        let variance = mean(values.map { ($0 - centre) * ($0 - centre) })
        let half = 1.96 * (variance / 1000).squareRoot()
        let interval = bootstrapInterval(ofMeanOf: rows, resamples: 4000)[0]
        #expect(abs(interval.lower - (centre - half)) < 0.1 * half)
        #expect(abs(interval.upper - (centre + half)) < 0.1 * half)
    }

    @Test func signFlipsMatchScipy() throws {
        for golden in try GoldenValues.load().sign_flips {
            #expect(isClose(signFlipTest(ofMeanOf: golden.effects.map { [$0] })[0], golden.p))
        }
    }

    @Test func signFlipsByHand() {
        // All of one sign: two of the 2ⁿ choices are as extreme.
        #expect(signFlipTest(ofMeanOf: [[1], [2], [3]]) == [0.25])
        #expect(signFlipTest(ofMeanOf: [[5]]) == [1])
        #expect(signFlipTest(ofMeanOf: [[1, 0], [-1, 0]]) == [1, 1])
        // |1 + 2 − 3| = 0: nothing is less extreme.
        #expect(signFlipTest(ofMeanOf: [[1], [2], [-3]]) == [1])
        let twelve = [[Double]](repeating: [0.1], count: 12)
        #expect(signFlipTest(ofMeanOf: twelve) == [2 / 4096])
    }

    /// With more rows than can be enumerated: never 0, small for an effect, even without one.
    @Test func signFlipsAreDrawnForManyRows() {
        let rows = sample(count: 40, columns: 3, shift: 0)
        let shifted = rows.map { [$0[0], $0[1] + 2, $0[2]] }
        let values = signFlipTest(ofMeanOf: shifted, flips: 999, seed: 1)
        #expect(values[1] == 0.001)
        #expect(values[0] > 0.001 && values[0] <= 1 && values[2] > 0.001)
        #expect(signFlipTest(ofMeanOf: shifted, flips: 999, seed: 1) == values)
        // 13 rows are drawn, and come near what all 8192 choices give.
        let few = (1...13).map { [Double($0) - 4] }
        var extreme = 0
        for choice in 0..<8192 {
            let sum = few.indices.reduce(0.0) { $0 + (choice >> $1 & 1 == 1 ? -1 : 1) * few[$1][0] }
            if abs(sum) >= 39 { extreme += 1 }
        }
        #expect(abs(signFlipTest(ofMeanOf: few)[0] - Double(extreme) / 8192) < 0.015)
    }

    /// Under the null hypothesis p is below 0.1 a tenth of the time.
    @Test func signFlipsAreCalibrated() {
        let rows = sample(count: 10, columns: 2000, shift: 0)
        let values = signFlipTest(ofMeanOf: rows)
        let share = Double(values.count { $0 <= 0.1 }) / 2000
        #expect(abs(share - 0.1) < 0.025)
    }

    @Test func quantilesAreLinearBetweenValues() {
        let sorted = [1.0, 2, 4, 8]
        #expect(quantile(0, ofSorted: sorted) == 1 && quantile(1, ofSorted: sorted) == 8)
        #expect(quantile(0.5, ofSorted: sorted) == 3)
        #expect(isClose(quantile(0.9, ofSorted: sorted), 6.8))
        #expect(quantile(0.3, ofSorted: [7]) == 7)
    }

    /// Even numbers over (shift − 1, shift + 1).
    private func sample(count: Int, columns: Int, shift: Double) -> [[Double]] {
        var generator = SeededGenerator(seed: 2, stream: "sample")
        return (0..<count).map { _ in
            (0..<columns).map { _ in shift + 2 * generator.uniform() - 1 }
        }
    }

    @Test func whatIsNoNumberIsNotSignificant() {
        let p = signFlipTest(ofMeanOf: [[1, .nan], [2, 1], [3, 1]])
        #expect(p[0] == 0.25 && p[1].isNaN)
        let adjusted = benjaminiHochberg([.nan, 0.01, 0.04])
        #expect(adjusted[0].isNaN && adjusted[1] == 0.02 && adjusted[2] == 0.04)
    }
}
