internal import CLAPACKE
public import Tensors

/// The singular value decomposition of a matrix, `a = Σ_i S_i u_i v_iᵀ`, largest value first.
///
/// The sign of a pair u_i, v_i is arbitrary, and where values are equal so is the basis of their
/// vectors: both depend on the LAPACK in use.
public struct SingularValues: Sendable {
    /// S, never negative, falling.
    public let values: [Double]
    /// Row i is u_i, [count, m].
    public let left: Tensor
    /// Row i is v_i, [count, n].
    public let right: Tensor
}

/// The thin singular value decomposition of a product, without the product.
///
/// ```
/// a = Q_a R_a,  bᵀ = Q_b R_b,  R_a R_bᵀ = U S Vᵀ   ⇒   a b = (Q_a U) S (Q_b V)ᵀ
/// ```
/// Takes O((m + n) k²) where the product's own would take O(m n · min(m, n)). LAPACK in double
/// precision: these factorizations are a small part of any probe, and their singular values then
/// have all the digits that the weights have.
///
/// - Parameters:
///   - a: [m, k].
///   - b: [k, n], or [n, k] when transposing the right.
///   - transposing: `.neither` or `.right`.
///   - count: How many vectors are wanted, the first; `nil` for all.
/// - Returns: min(m, n, k) values, and as many vectors unless fewer are wanted.
/// - Throws: ``LinearAlgebraError`` for elements that are not finite.
public func singularValues(
    ofProduct a: Rows, _ b: Rows, transposing: Transposition = .neither, count: Int? = nil
) throws(LinearAlgebraError) -> SingularValues {
    precondition(transposing != .left, "singularValues: the left factor is taken as it is")
    let right = ColumnMajor(b, transposed: transposing == .neither)
    let (qa, qb) = (
        try OrthogonalTriangular(ColumnMajor(a)), try OrthogonalTriangular(right)
    )
    precondition(qa.columns == qb.columns, "singularValues: the factors' inner axes differ")
    let (u, s, v) = try decompose(qa.triangle.times(transposeOf: qb.triangle))
    return SingularValues(
        values: s, left: try qa.applied(to: u.first(count)).asRows,
        right: try qb.applied(to: v.first(count)).asRows)
}

/// The singular values of a matrix and its right singular vectors.
///
/// - Parameters:
///   - a: [m, n].
///   - transposed: Whether to take aᵀ, whose right vectors are a's left ones.
/// - Returns: min(m, n) values, and as many vectors as rows, [rank, n].
/// - Throws: ``LinearAlgebraError`` for elements that are not finite.
public func rightSingularVectors(
    of a: Rows, transposed: Bool = false
) throws(LinearAlgebraError) -> (values: [Double], right: Tensor) {
    // The triangle of a = Q R has a's values and right vectors, and no more rows than columns.
    let (_, s, v) = try decompose(
        OrthogonalTriangular(ColumnMajor(a, transposed: transposed)).triangle)
    return (s, v.asRows)
}

/// The triangle R of `a = Q R`, [min(m, k), k]: it has a's inner products, `Rᵀ R = aᵀ a`.
///
/// - Parameters:
///   - a: [m, k].
///   - transposed: Whether to take aᵀ.
/// - Throws: ``LinearAlgebraError`` for elements that are not finite.
public func triangularFactor(
    of a: Rows, transposed: Bool = false
) throws(LinearAlgebraError) -> Tensor {
    try OrthogonalTriangular(ColumnMajor(a, transposed: transposed)).triangle.transposed.asRows
}

/// The eigenvalues of a square matrix, largest magnitude first, by real and imaginary part.
///
/// - Parameter a: [n, n].
/// - Throws: ``LinearAlgebraError`` for elements that are not finite.
public func eigenvalues(
    of a: Rows
) throws(LinearAlgebraError) -> [(real: Double, imaginary: Double)] {
    precondition(a.count == a.columns, "eigenvalues: [\(a.count), \(a.columns)] is not square")
    var matrix = try ColumnMajor(a).requiringFinite()
    let n = Int32(matrix.rows)
    var (real, imaginary) = (
        [Double](repeating: 0, count: a.count), [Double](repeating: 0, count: a.count)
    )
    _ = BLAS.isReady
    try check(
        "dgeev",
        LAPACKE_dgeev(
            LAPACK_COL_MAJOR, letter("N"), letter("N"), n, &matrix.values, max(n, 1), &real,
            &imaginary, nil, 1, nil, 1))
    return real.indices.map { (real[$0], imaginary[$0]) }.sorted { left, right in
        let sizes = [left, right].map { $0.0 * $0.0 + $0.1 * $0.1 }
        return sizes[0] != sizes[1] ? sizes[0] > sizes[1] : left.1 > right.1
    }
}

/// Why a factorization failed.
public enum LinearAlgebraError: Error, Hashable, CustomStringConvertible {
    /// The matrix holds NaN or infinity.
    case notFinite
    /// LAPACK's iteration did not converge.
    case noConvergence(routine: String, info: Int)

    /// A sentence for the user.
    public var description: String {
        switch self {
        case .notFinite:
            "a matrix to factorize holds numbers that are not finite; the weights are damaged"
        case .noConvergence(let routine, let info):
            "LAPACK's \(routine) did not converge (info \(info)); the weights may be damaged"
        }
    }
}
