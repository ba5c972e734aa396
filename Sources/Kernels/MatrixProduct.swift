internal import COpenBLAS
public import Tensors

/// Which operand of a product is used transposed.
public enum Transposition: Sendable {
    /// a b
    case neither
    /// aᵀ b
    case left
    /// a bᵀ
    case right
}

/// Multiplies two matrices: `c = scale · a b`, or `c += scale · a b` when `accumulating`.
///
/// Single precision, by OpenBLAS. Operands are read where they lie, transposed or strided, without
/// a copy. Large products are cut into blocks of columns that depend on the shape only, if at all
/// (``Threads/keepingProductsWhole(_:)``), so the result is the same for any number of threads.
///
/// - Parameters:
///   - a: [m, k], or [k, m] when transposing the left.
///   - b: [k, n], or [n, k] when transposing the right.
///   - c: [m, n]; must not overlap the operands.
public func multiply(
    _ a: Rows, _ b: Rows, into c: MutableRows, transposing: Transposition = .neither,
    scale: Float = 1, accumulating: Bool = false
) {
    let (m, k) = transposing == .left ? (a.columns, a.count) : (a.count, a.columns)
    let (n, inner) = transposing == .right ? (b.count, b.columns) : (b.columns, b.count)
    precondition(
        inner == k && c.count == m && c.columns == n,
        "multiply: [\(m), \(k)] by [\(inner), \(n)] into [\(c.count), \(c.columns)]")
    guard m > 0, n > 0 else { return }
    _ = BLAS.isReady
    parallelBlocks(of: n, size: BLAS.blockColumns(m: m, k: k, transposing)) { columns in
        let block =
            transposing == .right
            ? b[columns, 0..<b.columns] : b[0..<b.count, columns]
        cblas_sgemm(
            CblasRowMajor, transposing == .left ? CblasTrans : CblasNoTrans,
            transposing == .right ? CblasTrans : CblasNoTrans,
            Int32(m), Int32(columns.count), Int32(k), scale, a.base, Int32(max(a.stride, 1)),
            block.base, Int32(max(block.stride, 1)), accumulating ? 1 : 0,
            c.base + columns.lowerBound, Int32(max(c.stride, 1)))
    }
}

/// Applies a linear layer: `y = x W + b`.
///
/// - Parameters:
///   - x: Inputs, [rows, in].
///   - weight: W, [in, out], or [out, in] with `transposed`.
///   - bias: b, [out]; `nil` for none.
///   - y: Receives the outputs, [rows, out].
public func linear(
    _ x: Rows, weight: Rows, transposed: Bool = false, bias: Rows?, into y: MutableRows
) {
    if let bias {
        precondition(bias.count == 1 && bias.columns == y.columns, "linear: bias of another width")
        for row in 0..<y.count { y[row].baseAddress?.update(from: bias.base, count: bias.columns) }
    }
    multiply(
        x, weight, into: y, transposing: transposed ? .right : .neither, accumulating: bias != nil)
}

/// What OpenBLAS is and how it is used.
public enum BLAS {
    /// The name of the processor kernel OpenBLAS chose, such as `SkylakeX`; it decides the speed.
    public static var kernel: String { String(cString: openblas_get_corename()) }

    /// The library's version, how it was built and its processor kernel: the last bits of results
    /// depend on them.
    ///
    /// Asked for once: OpenBLAS writes each answer into the same memory, and two threads that asked
    /// at once would read a mixture.
    public static let library = String(cString: openblas_get_config())

    /// Threads are ours, so BLAS gets one; see ``Threads``.
    static let isReady: Bool = {
        openblas_set_num_threads(1)
        return true
    }()

    /// How many columns of a product one call computes.
    ///
    /// With few rows a call is limited by packing the weights; OpenBLAS multiplies without packing
    /// where m·n·k ≤ 10⁶, which is about twice as fast where columns are rows in memory, but slower
    /// where it reads a few numbers of each row. Larger products lose nothing in blocks of 384 but
    /// the time to pack the inputs for each of them.
    static func blockColumns(m: Int, k: Int, _ transposing: Transposition) -> Int {
        let unpacked = 1_000_000 / max(m * k, 1) / 16 * 16
        if transposing == .right, unpacked >= 32 { return min(unpacked, 384) }
        return Threads.keepsProductsWhole ? .max : 384
    }
}
