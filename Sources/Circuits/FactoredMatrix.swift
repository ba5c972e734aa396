// Circuits: what the weights alone say (factored matrices, singular directions, composition), and
// where the logits of a run come from (the residual stream by part, direct logit attribution, logit
// lens, attention patterns). Start at SingularDirections.swift and ResidualStack.swift.

public import Kernels
public import Tensors

/// The product of two thin matrices, which is not multiplied out.
///
/// A head's W_V W_O is [d_model, d_model] but has rank d_head: everything about it follows from its
/// factors at a fraction of the cost. TransformerLens' `FactoredMatrix`.
public struct FactoredMatrix: Sendable {
    /// The left factor, [m, k].
    public let A: Tensor
    /// The right factor, [k, n].
    public let B: Tensor

    /// Puts a product together.
    public init(_ A: Tensor, _ B: Tensor) {
        precondition(
            A.rank == 2 && B.rank == 2 && A.shape[1] == B.shape[0],
            "factors of shapes \(A.shape) and \(B.shape)")
        self.A = A
        self.B = B
    }

    /// The product, [m, n].
    public var AB: Tensor { A.times(B) }

    /// The other product, [k, k], of a square matrix: its eigenvalues are the nonzero ones of `AB`.
    public var BA: Tensor { B.times(A) }

    /// The transpose, Bᵀ Aᵀ.
    public var transposed: FactoredMatrix { FactoredMatrix(B.transposed, A.transposed) }

    /// The product with another, kept over the thinner of the inner axes.
    public func times(_ other: FactoredMatrix) -> FactoredMatrix {
        let middle = B.times(other.A)
        return middle.shape[0] <= middle.shape[1]
            ? FactoredMatrix(A, middle.times(other.B)) : FactoredMatrix(A.times(middle), other.B)
    }

    /// x A B, [rows, n], of x, [rows, m].
    public func applied(to x: Tensor) -> Tensor { x.times(A).times(B) }

    /// Singular values and vectors, at most k of them, in O((m + n) k²).
    ///
    /// - Parameter vectors: How many vectors are wanted, the first; `nil` for all.
    /// - Throws: ``LinearAlgebraError`` for elements that are not finite.
    public func svd(vectors: Int? = nil) throws(LinearAlgebraError) -> SingularValues {
        try singularValues(ofProduct: A.rows, B.rows, count: vectors)
    }

    /// The eigenvalues of a square product that need not be zero, largest magnitude first.
    ///
    /// Of an OV matrix with mostly positive ones it is said that the head copies.
    ///
    /// - Throws: ``LinearAlgebraError`` for elements that are not finite.
    public func eigenvalues() throws(LinearAlgebraError) -> [(real: Double, imaginary: Double)] {
        precondition(A.shape[0] == B.shape[1], "eigenvalues: [\(A.shape[0]), \(B.shape[1])]")
        return try Kernels.eigenvalues(of: BA.rows)
    }

    /// The Frobenius norm: the root of the sum of all squares.
    ///
    /// - Throws: ``LinearAlgebraError`` for elements that are not finite.
    public func norm() throws(LinearAlgebraError) -> Double { try collapsedLeft().frobeniusNorm }

    /// A matrix [k, n] with the inner products of the columns of `AB`: what is left of it when only
    /// lengths and angles on the right matter. As TransformerLens' `collapse_l`, up to a rotation.
    ///
    /// - Throws: ``LinearAlgebraError`` for elements that are not finite.
    public func collapsedLeft() throws(LinearAlgebraError) -> Tensor {
        try triangularFactor(of: A.rows).times(B)
    }

    /// A matrix [m, k] with the inner products of the rows of `AB`. As TransformerLens'
    /// `collapse_r`, up to a rotation.
    ///
    /// - Throws: ``LinearAlgebraError`` for elements that are not finite.
    public func collapsedRight() throws(LinearAlgebraError) -> Tensor {
        A.times(try triangularFactor(of: B.rows, transposed: true).transposed)
    }

    /// The same product with (U √S) and (√S Vᵀ) as its factors.
    ///
    /// - Throws: ``LinearAlgebraError`` for elements that are not finite.
    public func madeEven() throws(LinearAlgebraError) -> FactoredMatrix {
        let svd = try svd()
        let roots = Tensor([1, svd.values.count], svd.values.map { Float($0.squareRoot()) })
        var (left, right) = (svd.left, svd.right)
        scaleRows(left.mutableRows, by: roots.rows)
        scaleRows(right.mutableRows, by: roots.rows)
        return FactoredMatrix(left.transposed, right)
    }
}

extension Tensor {
    /// The matrix product.
    func times(_ other: Tensor) -> Tensor {
        var product = Tensor(uninitialized: [shape[0], other.shape[1]])
        multiply(rows, other.rows, into: product.mutableRows)
        return product
    }

    /// A matrix with rows and columns exchanged.
    var transposed: Tensor {
        var result = Tensor(uninitialized: [shape[1], shape[0]])
        let (source, target) = (rows, result.mutableRows)
        for row in 0..<source.count {
            let values = source[row]
            for column in 0..<values.count { target[column][row] = values[column] }
        }
        return result
    }

    /// The root of the sum of all squares, in double precision.
    var frobeniusNorm: Double {
        values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
}
