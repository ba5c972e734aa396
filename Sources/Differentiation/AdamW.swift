import CKernels
import Kernels
public import Tensors

/// Adam with decoupled weight decay, as PyTorch's `AdamW`.
///
/// ```
/// w ← w − η λ w
/// m ← β₁ m + (1 − β₁) g,    v ← β₂ v + (1 − β₂) g²
/// w ← w − η / (1 − β₁ᵗ) · m / (sqrt(v / (1 − β₂ᵗ)) + ε)
/// ```
/// Loshchilov and Hutter 2019, algorithm 2, https://arxiv.org/abs/1711.05101.
public struct AdamW: Sendable {
    /// η.
    public var learningRate: Double
    /// λ.
    public var weightDecay: Double
    /// β₁ and β₂.
    public var betas: (Double, Double)
    /// ε.
    public var eps: Double
    /// t: how many steps were begun.
    public private(set) var step = 0
    /// β₁ᵗ and β₂ᵗ.
    fileprivate var powers = (1.0, 1.0)
    /// m and v of each parameter that was updated, by its place among the parameters.
    public private(set) var moments: [Int: (m: Tensor, v: Tensor)] = [:]

    /// An optimizer with PyTorch's defaults.
    public init(
        learningRate: Double = 1e-3, weightDecay: Double = 0.01,
        betas: (Double, Double) = (0.9, 0.999), eps: Double = 1e-8
    ) {
        (self.learningRate, self.weightDecay) = (learningRate, weightDecay)
        (self.betas, self.eps) = (betas, eps)
    }

    /// Takes up where an optimizer was after some steps.
    public mutating func resume(after step: Int, moments: [Int: (m: Tensor, v: Tensor)]) {
        self.moments = moments
        (self.step, powers) = (0, (1, 1))
        for _ in 0..<step { beginStep() }
    }

    /// Begins a step; each parameter is updated once in it.
    public mutating func beginStep() {
        step += 1
        powers = (powers.0 * betas.0, powers.1 * betas.1)
    }

    /// Updates one parameter in place.
    ///
    /// - Parameters:
    ///   - parameter: w.
    ///   - gradient: g, of the same shape.
    ///   - index: The parameter's place, the same in each step.
    public mutating func update(_ parameter: inout Tensor, gradient: Tensor, at index: Int) {
        precondition(step > 0 && gradient.shape == parameter.shape, "AdamW: a step and its shapes")
        var (m, v) =
            moments.removeValue(forKey: index) ?? (Tensor(gradient.shape), Tensor(gradient.shape))
        let columns = max(parameter.shape.last ?? 1, 1)
        let (w, g) = (parameter.mutableRows(of: columns), gradient.rows(of: columns))
        let (first, second) = (m.mutableRows(of: columns), v.mutableRows(of: columns))
        let rates = Rates(of: self)
        parallelBlocks(of: w.count, size: 65_536 / columns) { rows in
            for row in rows { rates.update(w[row], g[row], first[row], second[row]) }
        }
        moments[index] = (m, v)
    }
}

extension AdamW {
    /// What the step that was begun multiplies by.
    package struct Rates: Sendable {
        private let numbers: AdamWRates

        /// The numbers of an optimizer's present step.
        package init(of optimizer: AdamW) {
            let (betas, powers) = (optimizer.betas, optimizer.powers)
            numbers = AdamWRates(
                decay: Float(1 - optimizer.learningRate * optimizer.weightDecay),
                rate: Float(optimizer.learningRate / (1 - powers.0)), eps: Float(optimizer.eps),
                correction: Float(1 / (1 - powers.1).squareRoot()),
                beta1: Float(betas.0), beta2: Float(betas.1),
                rest1: Float(1 - betas.0), rest2: Float(1 - betas.1))
        }

        /// Updates w, m and v of one row, by itself.
        package func update(
            _ w: UnsafeMutableBufferPointer<Float>, _ g: UnsafeBufferPointer<Float>,
            _ m: UnsafeMutableBufferPointer<Float>, _ v: UnsafeMutableBufferPointer<Float>
        ) {
            precondition(
                g.count == w.count && m.count == w.count && v.count == w.count,
                "AdamW: \(w.count) weights, \(g.count) gradients, moments \(m.count), \(v.count)")
            adamw_update(
                numbers, w.count, g.baseAddress, w.baseAddress, m.baseAddress, v.baseAddress)
        }
    }
}
