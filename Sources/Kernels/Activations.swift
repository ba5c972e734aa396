internal import CKernels
public import Tensors

/// The function between the two matrices of an MLP.
public enum Activation: String, Sendable, CaseIterable {
    /// GELU by the tanh approximation, as in GPT-2: Hendrycks and Gimpel 2016, section 2,
    /// https://arxiv.org/abs/1606.08415.
    case geluTanh = "gelu_new"
    /// GELU by the error function, exact.
    case gelu
    /// max(x, 0)
    case relu

    /// Applies the function to every element, in place.
    ///
    /// - Parameter x: Values before the activation, [rows, d_mlp]; becomes those after it.
    public func apply(to x: MutableRows) {
        // About 64 k elements a block: some 50 µs of work.
        parallelBlocks(of: x.count, size: 65_536 / max(x.columns, 1)) { rows in
            for row in rows { apply(to: x[row]) }
        }
    }

    /// Applies the function to every element.
    ///
    /// - Parameters:
    ///   - x: Values before the activation, [rows, d_mlp].
    ///   - y: Receives those after it, [rows, d_mlp].
    public func apply(to x: Rows, into y: MutableRows) {
        requireSameShape(x, y, "activation")
        parallelBlocks(of: x.count, size: 65_536 / max(x.columns, 1)) { rows in
            for row in rows {
                _ = y[row].update(fromContentsOf: x[row])
                apply(to: y[row])
            }
        }
    }

    /// Multiplies every element of a gradient by the function's derivative: `g · f′(x)`, in place.
    ///
    /// - Parameters:
    ///   - x: Values before the activation, [rows, d_mlp].
    ///   - gradient: g, [rows, d_mlp].
    public func applyDerivative(at x: Rows, to gradient: MutableRows) {
        requireSameShape(x, gradient, "activation's derivative")
        parallelBlocks(of: x.count, size: 65_536 / max(x.columns, 1)) { rows in
            withUnsafeTemporaryAllocation(of: Float.self, capacity: x.columns) { slope in
                for row in rows {
                    _ = slope.update(fromContentsOf: x[row])
                    differentiate(slope)
                    let g = gradient[row]
                    for i in 0..<g.count { g[i] *= slope[i] }
                }
            }
        }
    }

    private func differentiate(_ x: UnsafeMutableBufferPointer<Float>) {
        switch self {
        case .geluTanh: gelu_tanh_slope(x.baseAddress, x.count)
        case .gelu: gelu_error_slope(x.baseAddress, x.count)
        case .relu: for i in 0..<x.count { x[i] = x[i] > 0 ? 1 : 0 }
        }
    }

    private func apply(to x: UnsafeMutableBufferPointer<Float>) {
        switch self {
        case .geluTanh: gelu_tanh(x.baseAddress, x.count)
        case .gelu: gelu_error(x.baseAddress, x.count)
        case .relu: for i in 0..<x.count { x[i] = x[i] < 0 ? 0 : x[i] }
        }
    }
}
