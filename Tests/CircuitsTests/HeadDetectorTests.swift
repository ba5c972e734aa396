import Circuits
import Models
import Results
import Tensors
import TestSupport
import Testing

/// Head detector scores against TransformerLens'.
@Suite struct HeadDetectorTests {
    private static let tokens = [0, 5, 17, 33, 5, 17, 33, 64]

    @Test(arguments: AttentionTarget.allCases, AttentionMeasure.allCases)
    func scoresAreTransformerLens(_ target: AttentionTarget, _ measure: AttentionMeasure) throws {
        let golden = try GoldenTensors("circuits/golden.safetensors")
        let run = try TinyModel.raw().run([Self.tokens], caching: .only(.pattern))
        let upstream = target == .induction ? "induction_head" : "\(target.rawValue)_head"
        for first in [false, true] {
            for current in [false, true] {
                let key =
                    "detect_head.\(upstream).\(measure.rawValue)" + (first ? ".exclude_bos" : "")
                    + (current ? ".exclude_current_token" : "")
                let scores = try run.headScores(
                    for: target, by: measure, excludingFirst: first, excludingCurrent: current)
                // A thousandth may round either way.
                let tolerance: Float = measure == .abs ? 1.1e-3 : 2e-6
                expectClose(scores.values, try golden(key), atol: tolerance, key)
            }
        }
    }

    /// The second of the prompts repeats a token at once.
    @Test(arguments: AttentionTarget.allCases)
    func meansOverPromptsAreTransformerLens(_ target: AttentionTarget) throws {
        let upstream = target == .induction ? "induction_head" : "\(target.rawValue)_head"
        let scores = try [Self.tokens, [0, 8, 8, 3, 8, 3]].map { tokens in
            try TinyModel.raw().run([tokens], caching: .only(.pattern)).headScores(for: target)
                .values.values
        }
        expectClose(
            Tensor([2, 4], zip(scores[0], scores[1]).map { ($0 + $1) / 2 }),
            try GoldenTensors("circuits/golden.safetensors")("detect_head.\(upstream).mul.mean"),
            atol: 2e-6)
    }

    @Test func targetsLieBelowTheDiagonal() {
        let tokens = [7, 3, 7, 3, 7]
        #expect(
            AttentionTarget.duplicateToken.pattern(for: tokens).values == [
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0,
            ])
        #expect(
            AttentionTarget.induction.pattern(for: tokens)[at: 4].values == [0, 1, 0, 1, 0])
        #expect(
            AttentionTarget.previousToken.pattern(for: tokens)[at: 2].values == [0, 1, 0, 0, 0])
    }
}
