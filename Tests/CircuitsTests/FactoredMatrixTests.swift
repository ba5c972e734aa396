import Circuits
import Kernels
import Models
import Results
import Tensors
import TestSupport
import Testing

/// Factored matrices, composition and singular directions against TransformerLens'.
@Suite struct FactoredMatrixTests {
    private static let all = "transformer-lens/golden_f32.safetensors"

    @Test(arguments: ["5x7", "5x5", "ov.0.0"])
    func productsAreTransformerLens(_ name: String) throws {
        let golden = try GoldenTensors("circuits/golden.safetensors")
        func value(_ key: String) throws -> Tensor { try golden("FactoredMatrix.\(name).\(key)") }
        let matrix = FactoredMatrix(try value("A"), try value("B"))
        let AB = try value("AB")
        expectClose(matrix.AB, AB, atol: 1e-5)
        let svd = try matrix.svd()
        expectClose(
            Tensor([svd.values.count], svd.values.map { Float($0) }), try value("S"), rtol: 1e-5,
            atol: 1e-6)
        expectClose(reconstructed(svd), AB, atol: 1e-5, "U S Vᵀ")
        let norm = Double(try value("norm").values[0])
        let lengths = [
            try matrix.norm(), length(try matrix.collapsedLeft()),
            length(try matrix.collapsedRight()), length(AB),
        ]
        for length in lengths { #expect(abs(length - norm) < 1e-5 * norm) }
        let even = try matrix.madeEven()
        expectClose(even.AB, AB, atol: 1e-5, "even")
        var gram = Tensor([even.A.shape[1], even.A.shape[1]])
        multiply(even.A.rows, even.A.rows, into: gram.mutableRows, transposing: .left)
        expectClose(gram, try value("make_even.left_gram"), atol: 2e-5)
        multiply(even.B.rows, even.B.rows, into: gram.mutableRows, transposing: .right)
        expectClose(gram, try value("make_even.right_gram"), atol: 2e-5)
        expectClose(even.AB, try value("make_even.AB"), atol: 1e-5)
        expectClose(matrix.transposed.AB, AB.transposed, atol: 1e-5)
        guard golden.file.contains("FactoredMatrix.\(name).eigenvalues.real") else { return }
        let (real, imaginary) = (try value("eigenvalues.real"), try value("eigenvalues.imag"))
        let eigenvalues = try matrix.eigenvalues()
        #expect(eigenvalues.count == real.count)
        for (index, value) in eigenvalues.enumerated() {
            // Of a conjugate pair either may come first.
            #expect(abs(value.real - Double(real[index])) < 2e-5)
            #expect(abs(abs(value.imaginary) - Double(abs(imaginary[index]))) < 2e-5)
        }
    }

    private func reconstructed(_ svd: SingularValues) -> Tensor {
        Tensor(computing: [svd.left.shape[1], svd.right.shape[1]]) { i in
            svd.values.indices.reduce(0.0) { sum, k in
                sum + svd.values[k] * Double(svd.left[k, i[0]]) * Double(svd.right[k, i[1]])
            }
        }
    }

    private func length(_ matrix: Tensor) -> Double {
        matrix.values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }

    @Test func productsOfProductsStayThin() throws {
        let (a, b) = (Tensor.random([9, 3], stream: "a"), Tensor.random([3, 8], stream: "b"))
        let (c, d) = (Tensor.random([8, 2], stream: "c"), Tensor.random([2, 7], stream: "d"))
        let product = FactoredMatrix(a, b).times(FactoredMatrix(c, d))
        #expect(product.A.shape == [9, 2] && product.B.shape == [2, 7])
        let x = Tensor.random([4, 9], stream: "x")
        let dense = FactoredMatrix(FactoredMatrix(a, b).AB, FactoredMatrix(c, d).AB).AB
        expectClose(product.AB, dense, atol: 1e-5)
        expectClose(product.applied(to: x), FactoredMatrix(x, dense).AB, atol: 1e-4)
    }

    @Test(arguments: [(5, 3, 7), (2, 4, 3), (1, 1, 1), (8, 8, 8), (40, 6, 3)])
    func decompositionsOfAnyShapeReconstruct(_ m: Int, _ k: Int, _ n: Int) throws {
        let (a, b) = (Tensor.random([m, k], stream: "a"), Tensor.random([k, n], stream: "b"))
        let svd = try singularValues(ofProduct: a.rows, b.rows)
        #expect(svd.values.count == min(m, k, n))
        expectClose(reconstructed(svd), FactoredMatrix(a, b).AB, atol: 1e-5)
        let transposed = try singularValues(
            ofProduct: a.rows, b.transposed.rows, transposing: .right)
        #expect(svd.values.count == transposed.values.count)
        #expect(zip(svd.values, transposed.values).allSatisfy { abs($0 - $1) < 1e-12 })
        let dense = FactoredMatrix(a, b).AB
        let right = try rightSingularVectors(of: dense.rows)
        #expect(zip(svd.values, right.values).allSatisfy { abs($0 - $1) < 1e-5 })
        #expect(right.values.count == min(m, n) && right.right.shape == [min(m, n), n])
    }

    @Test(arguments: Composition.allCases) func compositionIsTransformerLens(
        _ mode: Composition
    ) throws {
        let golden = try GoldenTensors(Self.all)("comp.\(mode.rawValue)")
        expectClose(
            try TinyModel.processed().compositionScores(mode).values, golden, atol: 1e-5)
        expectClose(
            try TinyModel.raw().compositionScores(mode).values,
            try GoldenTensors("circuits/golden.safetensors")(
                "all_composition_scores.raw.\(mode.rawValue)"), atol: 1e-5)
    }

    /// Our own processed weights, whose signs may differ, have the same scores.
    @Test func compositionDoesNotDependOnTheFactors() throws {
        let golden = try GoldenTensors(Self.all)("comp.Q")
        expectClose(
            try TinyModel.raw().processed(by: .all).compositionScores(.query).values, golden,
            atol: 1e-5)
    }
}
