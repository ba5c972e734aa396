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
        case .geluTanh: for i in 0..<x.count { x[i] = geluTanhDerivative(x[i]) }
        case .gelu: for i in 0..<x.count { x[i] = geluErrorDerivative(x[i]) }
        case .relu: for i in 0..<x.count { x[i] = x[i] > 0 ? 1 : 0 }
        }
    }

    // In place, because a loop over two rows that may be the same memory is not vectorised.
    private func apply(to x: UnsafeMutableBufferPointer<Float>) {
        switch self {
        case .geluTanh: for i in 0..<x.count { x[i] = Kernels.geluTanh(x[i]) }
        case .gelu: for i in 0..<x.count { x[i] = geluError(x[i]) }
        case .relu: for i in 0..<x.count { x[i] = x[i] < 0 ? 0 : x[i] }
        }
    }
}

/// `x/2 · (1 + tanh u)` with `u = sqrt(2/π)(x + 0.044715 x³)`, as `x / (1 + exp(−2u))`.
@inline(__always) private func geluTanh(_ x: Float) -> Float {
    let twice = -1.595_769_1 * (x + 0.044_715 * x * x * x)
    return x / (1 + exponential(twice))
}

/// `σ + x σ (1 − σ) · 2u′`, as the function is `x σ` with σ = 1 / (1 + exp(−2u)).
@inline(__always) private func geluTanhDerivative(_ x: Float) -> Float {
    let square = x * x
    let twice = -1.595_769_1 * (x + 0.044_715 * x * square)
    let sigma = 1 / (1 + exponential(twice))
    return sigma + x * sigma * (1 - sigma) * 1.595_769_1 * (1 + 0.134_145 * square)
}

/// `Φ(x) + x φ(x)`, with the normal density φ(x) = exp(−x²/2) / √(2π).
@inline(__always) private func geluErrorDerivative(_ x: Float) -> Float {
    normalDistribution(x) + x * 0.398_942_28 * exponential(-0.5 * x * x)
}

/// `x Φ(x)`.
@inline(__always) private func geluError(_ x: Float) -> Float { x * normalDistribution(x) }

/// The normal distribution function Φ(x) = erfc(−x/√2)/2.
///
/// erfc(z) for z ≥ 0 is `t · exp(−z² + P(t))`, t = 1/(1 + z/2); P is the Chebyshev fit of degree 9
/// to ln(erfc(z) exp(z²)/t), within 1.2e-7.
@inline(__always) private func normalDistribution(_ x: Float) -> Float {
    let z = abs(x) * 0.707_106_77
    let t = 1 / (1 + 0.5 * z)
    var p: Float = 0.170_867_52
    p = p * t - 0.822_128_228
    p = p * t + 1.488_469_81
    p = p * t - 1.135_155_72
    p = p * t + 0.278_838_075
    p = p * t - 0.186_276_812
    p = p * t + 0.096_781_718_1
    p = p * t + 0.374_092_253
    p = p * t + 1.000_023_66
    p = p * t - 1.265_512_22
    let tail = 0.5 * t * exponential(-z * z + p)
    return x < 0 ? tail : 1 - tail
}
