import Models
import Tensors
import TestSupport
import Testing

/// Arithmetic on gradients: those of weights that share memory are one.
@Suite struct ParameterGradientTests {
    private func gradients(tied: Bool) throws -> ParameterGradients {
        try Transformer.small(tied: tied).gradients(
            of: .loss, on: TokenBatch([[1, 5, 7, 2], [3, 3, 9, 8]]), withRespectTo: .parameters
        ).parameters
    }

    private func squares(_ tensor: Tensor?) -> Double {
        (tensor?.values ?? []).reduce(0) { $0 + Double($1) * Double($1) }
    }

    @Test(arguments: [true, false]) func theNormCountsEachMemoryOnce(tied: Bool) throws {
        let gradients = try gradients(tied: tied)
        let counted = gradients.entries.filter { !tied || $0.name != "unembed.W_U" }
        let sum = counted.reduce(0) { $0 + squares(gradients[$1.path]) }
        #expect(abs(gradients.norm - sum.squareRoot()) < 1e-9 * gradients.norm)
        #expect(gradients.entries.contains { $0.name == "unembed.W_U" })
    }

    @Test(arguments: [true, false]) func sumsAndProducts(tied: Bool) throws {
        let one = try gradients(tied: tied)
        var three = one
        three.scale(by: 2)
        three.add(one)
        for entry in one.entries {
            let expected = try #require(one[entry.path]).values.map { 3 * $0 }
            let found = try #require(three[entry.path])
            expectClose(found, Tensor(found.shape, expected), rtol: 1e-6, atol: 1e-9, entry.name)
        }
        #expect(abs(three.norm - 3 * one.norm) < 1e-5 * one.norm)
        // What was copied is untouched.
        #expect(one.norm == (try gradients(tied: tied)).norm)
    }

    @Test func clippingBoundsTheNorm() throws {
        var gradients = try gradients(tied: true)
        let norm = gradients.norm
        #expect(gradients.clip(toNorm: 2 * norm) == norm && gradients.norm == norm)
        #expect(gradients.clip(toNorm: norm / 4) == norm)
        #expect(abs(gradients.norm - norm / 4) < 1e-4 * norm)
    }
}
