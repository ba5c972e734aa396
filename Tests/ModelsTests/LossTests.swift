import Glibc
import Models
import Tensors
import TestSupport
import Testing

/// Log-probabilities and losses against the formula in double precision.
@Suite struct LossTests {
    private func logProbabilities(_ logits: Tensor) -> [Double] {
        let row = logits.values.map(Double.init)
        let largest = row.reduce(-.infinity, max)
        let total = log(row.reduce(0) { $0 + exp($1 - largest) }) + largest
        return row.map { $0 - total }
    }

    @Test(arguments: TestModel.allCases) func lossIsTheNegativeLogProbability(_ which: TestModel)
        throws
    {
        let tokens = which.prompts.clean
        let run = try which.load().run([tokens])
        let logits = try #require(run.logits)[at: 0]
        let perToken = try #require(run.lossPerToken)
        #expect(perToken.shape == [1, 5])
        var sum = 0.0
        for pos in 0..<5 {
            let expected = -logProbabilities(logits[at: pos])[tokens[pos + 1]]
            #expect(abs(Double(perToken[0, pos]) - expected) < 1e-5)
            sum += expected
        }
        #expect(abs(try #require(run.loss) - sum / 5) < 1e-5)
        let ours = try #require(run.logProbabilities)[at: 0]
        for pos in 0..<6 {
            let expected = logProbabilities(logits[at: pos]).map { Float($0) }
            expectClose(ours[at: pos], Tensor([expected.count], expected), atol: 1e-5)
        }
    }

    @Test func runsWithoutNextTokensHaveNoLoss() throws {
        let model = try TinyModel.raw()
        let single = try model.run([[3]])
        #expect(single.lossPerToken?.shape == [1, 0] && single.loss == nil)
        let clean = TinyModel.clean
        #expect(try model.run([clean], logits: .last).lossPerToken?.shape == nil)
        #expect(try model.run([clean], logits: .none).loss == nil)
        #expect(try model.run([clean], logits: .none).logProbabilities?.shape == nil)
    }

    /// The mean is over tokens, not over sequences.
    @Test func paddingDoesNotCount() throws {
        let model = try TinyModel.raw()
        let sequences = [TinyModel.clean, [4, 9, 2]]
        let losses = try sequences.map { try #require(try model.run([$0]).loss) }
        let loss = try #require(try model.run(sequences).loss)
        #expect(abs(loss - (5 * losses[0] + 2 * losses[1]) / 7) < 1e-5)
    }
}
