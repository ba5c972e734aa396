import Statistics
import Testing

/// Summaries, lines and Student's test.
@Suite struct SummaryTests {
    @Test func summariesByHand() {
        #expect(median([3, 1, 2]) == 2 && median([4, 1, 2, 3]) == 2.5 && median([]).isNaN)
        #expect(isClose(geometricMean([1, 8]), 8.0.squareRoot()) && geometricMean([]).isNaN)
        #expect(isClose(standardDeviation([1, 3]), 2.0.squareRoot()))
        #expect(standardDeviation([1]).isNaN)
    }

    @Test func linesByHand() {
        let line = LinearFit([0, 1, 2], [1, 3, 5])
        #expect(line == LinearFit([0, 1, 2], [1, 3, 5], slope: 2))
        #expect(line?.slope == 2 && line?.intercept == 1 && line?.rSquared == 1)
        // Through the means with slope 0: the mean explains as much.
        let level = LinearFit([0, 1, 2], [1, 3, 5], slope: 0)
        #expect(level?.intercept == 3 && level?.rSquared == 0)
        #expect(LinearFit([1, 1], [1, 2]) == nil && LinearFit([], []) == nil)
    }

    @Test func studentTestsAreThoseOfSciPy() throws {
        for golden in try GoldenValues.load().samples {
            let test = try #require(StudentTest(golden.x, golden.y))
            #expect(isClose(test.t, golden.t, 1e-11))
            #expect(abs(test.twoSidedP - golden.p) <= 1e-10 * golden.p)
        }
        #expect(StudentTest([1], [2]) == nil && StudentTest([1, 1], [1, 1]) == nil)
    }
}
