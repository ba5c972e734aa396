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
        #expect(line == LinearFit([0, 1, 2], [1, 3, 5], given: (2, 1)))
        #expect(line?.slope == 2 && line?.intercept == 1 && line?.rSquared == 1)
        // The level line through the mean explains as much as the mean.
        #expect(LinearFit([0, 1, 2], [1, 3, 5], given: (0, 3))?.rSquared == 0)
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
