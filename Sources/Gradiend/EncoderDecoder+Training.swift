public import Differentiation
import Kernels
public import Tensors

/// AdamW for the 3n + 1 numbers, with their first and second moments.
///
/// ε matters here: the loss is a mean over n, so that gradients of large models are far below it,
/// and a step is η/ε times the momentum.
public struct EncoderDecoderOptimizer: Sendable {
    /// Rates and the number of steps so far; the moments of b_e are its own.
    public internal(set) var adamW: AdamW
    /// m and v of W_e, W_d and b_d.
    var encoder: Moments
    var decoderWeight: Moments
    var decoderBias: Moments

    /// First and second moments of a vector.
    struct Moments: Sendable {
        var first: Tensor
        var second: Tensor

        init(_ count: Int) { (first, second) = (Tensor([count]), Tensor([count])) }
    }

    /// An optimizer for n weights that has made no step.
    public init(count: Int, _ adamW: AdamW) {
        self.adamW = adamW
        encoder = Moments(count)
        decoderWeight = Moments(count)
        decoderBias = Moments(count)
    }
}

/// What one step saw before it changed the numbers.
public struct StepValues: Sendable, Hashable {
    /// h of the source.
    public let h: Double
    /// The mean of (dec(h) − target)² over the n components.
    public let loss: Double
}

extension EncoderDecoder {
    /// One step of training: forward, loss, backward and AdamW on all 3n + 1 numbers.
    ///
    /// ```
    /// r = W_d h + b_d − t,   L = Σ r² / n,   G = 2r / n
    /// ∂L/∂b_d = G,   ∂L/∂W_d = h G,   δ = (1 − h²) Σ G W_d,   ∂L/∂b_e = δ,   ∂L/∂W_e = δ s
    /// ```
    /// Three walks over memory: W_e · s; the decoder with its loss, gradient and update; the
    /// encoder's update. No gradient is ever stored: 22 n floats are read or written in all.
    ///
    /// - Parameters:
    ///   - source: s, [n].
    ///   - target: t, [n]; may be the same tensor.
    public mutating func step(
        source: Tensor, target: Tensor, by optimizer: inout EncoderDecoderOptimizer
    ) -> StepValues {
        precondition(
            source.count == count && target.count == count
                && optimizer.encoder.first.count == count,
            "a step of \(count) on vectors of \(source.count) and \(target.count)")
        optimizer.adamW.beginStep()
        let h = encode(source)
        let sums = updateDecoder(h: h, target, by: &optimizer)
        let delta = (1 - h * h) * 2 / Double(count) * sums.projection
        updateEncoder(delta: delta, source, by: &optimizer)
        return StepValues(h: h, loss: sums.squares / Double(count))
    }

    /// Updates W_d and b_d; returns sums over the numbers before.
    private mutating func updateDecoder(
        h: Double, _ target: Tensor, by optimizer: inout EncoderDecoderOptimizer
    ) -> ResidualSums {
        let target = target.rows(of: count)
        let weights = Updated(&decoderWeight, &optimizer.decoderWeight)
        let biases = Updated(&decoderBias, &optimizer.decoderBias)
        let rates = AdamW.Rates(of: optimizer.adamW)
        let (h, scale) = (Float(h), Float(2 / Double(count)))
        return sumOfParts(of: count) { part in
            Updated.inBlocks(of: part) { range, scratch in
                let (w, b) = (weights.values(range), biases.values(range))
                let t = UnsafeBufferPointer(rebasing: target.elements[range])
                for i in 0..<t.count { scratch[i] = h * w[i] + b[i] - t[i] }
                let r = UnsafeBufferPointer(scratch)
                let sums = ResidualSums(
                    squares: innerProduct(r, r),
                    projection: innerProduct(r, UnsafeBufferPointer(w)))
                for i in 0..<t.count { scratch[i] *= scale }
                biases.update(range, gradient: r, rates)
                for i in 0..<t.count { scratch[i] *= h }
                weights.update(range, gradient: r, rates)
                return sums
            }
        }
    }

    /// Updates W_e and b_e.
    private mutating func updateEncoder(
        delta: Double, _ source: Tensor, by optimizer: inout EncoderDecoderOptimizer
    ) {
        let source = source.rows(of: count)
        let weights = Updated(&encoderWeight, &optimizer.encoder)
        let rates = AdamW.Rates(of: optimizer.adamW)
        let factor = Float(delta)
        _ = sumOfParts(of: count) { part in
            Updated.inBlocks(of: part) { range, scratch in
                let s = UnsafeBufferPointer(rebasing: source.elements[range])
                for i in 0..<s.count { scratch[i] = factor * s[i] }
                weights.update(range, gradient: UnsafeBufferPointer(scratch), rates)
                return 0.0
            }
        }
        optimizer.adamW.update(&encoderBias, gradient: Tensor([1], [factor]), at: 0)
    }
}

/// Sums over the residual r = dec(h) − t.
private struct ResidualSums: AdditiveArithmetic, Sendable {
    /// Σ r².
    var squares = 0.0
    /// Σ r W_d.
    var projection = 0.0

    static let zero = ResidualSums()

    static func + (a: ResidualSums, b: ResidualSums) -> ResidualSums {
        ResidualSums(squares: a.squares + b.squares, projection: a.projection + b.projection)
    }

    static func - (a: ResidualSums, b: ResidualSums) -> ResidualSums {
        ResidualSums(squares: a.squares - b.squares, projection: a.projection - b.projection)
    }
}

/// A vector and its moments, which parts of a step write in place.
private struct Updated: Sendable {
    let vector, first, second: MutableRows

    init(_ vector: inout Tensor, _ moments: inout EncoderDecoderOptimizer.Moments) {
        self.vector = vector.mutableRows
        first = moments.first.mutableRows
        second = moments.second.mutableRows
    }

    func values(_ range: Range<Int>) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(rebasing: vector.elements[range])
    }

    func update(
        _ range: Range<Int>, gradient: UnsafeBufferPointer<Float>, _ rates: AdamW.Rates
    ) {
        rates.update(
            values(range), gradient, UnsafeMutableBufferPointer(rebasing: first.elements[range]),
            UnsafeMutableBufferPointer(rebasing: second.elements[range]))
    }

    /// A sum over blocks that fit the cache together with what is computed from them.
    ///
    /// - Parameter body: Receives a block and room for as many floats.
    static func inBlocks<Sum: AdditiveArithmetic>(
        of part: Range<Int>,
        _ body: (Range<Int>, UnsafeMutableBufferPointer<Float>) -> Sum
    ) -> Sum {
        let size = 1 << 11
        return withUnsafeTemporaryAllocation(of: Float.self, capacity: size) { scratch in
            stride(from: part.lowerBound, to: part.upperBound, by: size).reduce(Sum.zero) {
                sum, first in
                let range = first..<min(first + size, part.upperBound)
                let room = UnsafeMutableBufferPointer(rebasing: scratch[0..<range.count])
                return sum + body(range, room)
            }
        }
    }
}
