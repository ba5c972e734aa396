internal import CLAPACKE
internal import COpenBLAS
internal import Tensors

/// U, S and V of a dense matrix, each vector a column.
func decompose(
    _ matrix: ColumnMajor
) throws(LinearAlgebraError) -> (u: ColumnMajor, s: [Double], v: ColumnMajor) {
    var matrix = try matrix.requiringFinite()
    let (m, n, rank) = (matrix.rows, matrix.columns, min(matrix.rows, matrix.columns))
    var u = ColumnMajor(rows: m, columns: rank)
    var vTransposed = ColumnMajor(rows: rank, columns: n)
    var s = [Double](repeating: 0, count: rank)
    guard rank > 0 else { return (u, s, vTransposed.transposed) }
    _ = BLAS.isReady
    try check(
        "dgesdd",
        LAPACKE_dgesdd(
            LAPACK_COL_MAJOR, letter("S"), Int32(m), Int32(n), &matrix.values, Int32(m), &s,
            &u.values, Int32(m), &vTransposed.values, Int32(rank)))
    return (u, s, vTransposed.transposed)
}

/// `a = Q R` as LAPACK leaves it: R above, Q's reflectors below the diagonal.
struct OrthogonalTriangular {
    private var packed: ColumnMajor
    private var factors: [Double]

    var columns: Int { packed.columns }

    init(_ a: ColumnMajor) throws(LinearAlgebraError) {
        packed = try a.requiringFinite()
        factors = [Double](repeating: 0, count: min(a.rows, a.columns))
        guard !factors.isEmpty else { return }
        _ = BLAS.isReady
        let (m, n) = (Int32(a.rows), Int32(a.columns))
        try check("dgeqrf", LAPACKE_dgeqrf(LAPACK_COL_MAJOR, m, n, &packed.values, m, &factors))
    }

    /// R, [min(m, n), n].
    var triangle: ColumnMajor {
        var r = ColumnMajor(rows: factors.count, columns: packed.columns)
        for column in 0..<packed.columns {
            for row in 0..<min(column + 1, r.rows) {
                r.values[column * r.rows + row] = packed.values[column * packed.rows + row]
            }
        }
        return r
    }

    /// Q x, [m, columns of x], of an x with as many rows as R.
    func applied(to x: ColumnMajor) throws(LinearAlgebraError) -> ColumnMajor {
        var y = ColumnMajor(rows: packed.rows, columns: x.columns)
        for column in 0..<x.columns {
            for row in 0..<x.rows {
                y.values[column * y.rows + row] = x.values[column * x.rows + row]
            }
        }
        guard !y.values.isEmpty else { return y }
        let (m, n) = (Int32(y.rows), Int32(y.columns))
        try check(
            "dormqr",
            LAPACKE_dormqr(
                LAPACK_COL_MAJOR, letter("L"), letter("N"), m, n, Int32(factors.count),
                packed.values, m, factors, &y.values, m))
        return y
    }
}

/// A matrix of doubles with its columns one after the other, as LAPACK takes it.
struct ColumnMajor {
    let rows: Int
    let columns: Int
    var values: [Double]

    init(rows: Int, columns: Int) {
        (self.rows, self.columns) = (rows, columns)
        values = [Double](repeating: 0, count: rows * columns)
    }

    /// Copies a matrix, or its transpose.
    init(_ a: Rows, transposed: Bool = false) {
        self.init(rows: transposed ? a.columns : a.count, columns: transposed ? a.count : a.columns)
        let (rowStep, columnStep) = transposed ? (rows, 1) : (1, rows)
        for row in 0..<a.count {
            let source = a[row]
            for column in 0..<source.count {
                values[row * rowStep + column * columnStep] = Double(source[column])
            }
        }
    }

    var transposed: ColumnMajor {
        var result = ColumnMajor(rows: columns, columns: rows)
        for column in 0..<columns {
            for row in 0..<rows {
                result.values[row * columns + column] = values[column * rows + row]
            }
        }
        return result
    }

    /// The first columns; all if `nil`.
    func first(_ count: Int?) -> ColumnMajor {
        guard let count, count < columns else { return self }
        var result = ColumnMajor(rows: rows, columns: count)
        result.values = Array(values[..<(rows * count)])
        return result
    }

    /// `self · otherᵀ`.
    func times(transposeOf other: ColumnMajor) -> ColumnMajor {
        var product = ColumnMajor(rows: rows, columns: other.rows)
        guard !product.values.isEmpty else { return product }
        _ = BLAS.isReady
        cblas_dgemm(
            CblasColMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(other.rows),
            Int32(columns), 1, values, Int32(rows), other.values, Int32(other.rows), 0,
            &product.values, Int32(rows))
        return product
    }

    /// The columns as a tensor's rows, [columns, rows].
    var asRows: Tensor { Tensor([columns, rows], values.map { Float($0) }) }

    /// Itself; LAPACK may not end on other numbers.
    func requiringFinite() throws(LinearAlgebraError) -> ColumnMajor {
        guard values.allSatisfy(\.isFinite) else { throw .notFinite }
        return self
    }
}

func letter(_ letter: Unicode.Scalar) -> CChar { CChar(letter.value) }

func check(_ routine: String, _ info: Int32) throws(LinearAlgebraError) {
    precondition(info >= 0, "\(routine): argument \(-info) is wrong")
    if info > 0 { throw .noConvergence(routine: routine, info: Int(info)) }
}
