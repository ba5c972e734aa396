internal import Glibc
import Kernels
public import Tensors

/// One neuron that reads a gradient and writes one: the 3n + 1 numbers of a GRADIEND.
///
/// ```
/// h = tanh(W_e · s + b_e),    dec(h) = W_d h + b_d
/// ```
/// s is a gradient of the language model's loss with respect to n of its weights; dec(h) is asked
/// to be the difference of the gradients for two words. Drechsel and Herbold 2025,
/// https://arxiv.org/abs/2502.01406.
public struct EncoderDecoder: Sendable {
    /// W_e, [n].
    public internal(set) var encoderWeight: Tensor
    /// b_e, [1].
    public internal(set) var encoderBias: Tensor
    /// W_d, [n].
    public internal(set) var decoderWeight: Tensor
    /// b_d, [n].
    public internal(set) var decoderBias: Tensor

    /// n: how many weights of the language model the vectors stand for.
    public var count: Int { encoderWeight.count }

    /// Puts an encoder and a decoder together.
    public init(
        encoderWeight: Tensor, encoderBias: Float, decoderWeight: Tensor, decoderBias: Tensor
    ) {
        let count = encoderWeight.count
        precondition(
            decoderWeight.count == count && decoderBias.count == count && count > 0,
            "an encoder of \(count) and a decoder of \(decoderWeight.count), \(decoderBias.count)")
        self.encoderWeight = encoderWeight.reshaped([count])
        self.encoderBias = Tensor([1], [encoderBias])
        self.decoderWeight = decoderWeight.reshaped([count])
        self.decoderBias = decoderBias.reshaped([count])
    }

    /// Draws the numbers before training.
    ///
    /// ```
    /// W_e, b_e ~ U(−1/√n, 1/√n),    W_d, b_d ~ U(−x, x) with x = max W_e
    /// ```
    /// The encoder's is PyTorch's default. PyTorch's default for the decoder would be U(−1, 1),
    /// whose outputs would be larger than any gradient.
    public init(randomly count: Int, seed: UInt64) {
        precondition(count > 0, "an encoder of nothing")
        let bound = 1 / Double(count).squareRoot()
        encoderWeight = Tensor(evenly: count, within: bound, seed: seed, stream: "W_e")
        encoderBias = Tensor(evenly: 1, within: bound, seed: seed, stream: "b_e")
        let largest = Double(encoderWeight.rows.elements.max() ?? 0)
        decoderWeight = Tensor(evenly: count, within: largest, seed: seed, stream: "W_d")
        decoderBias = Tensor(evenly: count, within: largest, seed: seed, stream: "b_d")
    }

    /// h of a gradient, in (−1, 1).
    ///
    /// - Parameter source: [n].
    public func encode(_ source: Tensor) -> Double {
        tanh(innerProduct(encoderWeight, source) + Double(encoderBias[0]))
    }

    /// dec(h), [n].
    public func decode(_ h: Double) -> Tensor {
        var output = decoderBias
        add(decoderWeight, times: Float(h), to: &output)
        return output
    }

    /// Changes the neuron's sign: h becomes −h, and dec(enc(s)) stays what it was.
    ///
    /// - Parameter negatingDecoderBias: As the Python package does: dec(enc(s)) then changes by −2
    ///   b_d.
    public mutating func flipSign(negatingDecoderBias: Bool = false) {
        encoderWeight.negate()
        encoderBias.negate()
        decoderWeight.negate()
        if negatingDecoderBias { decoderBias.negate() }
    }

    /// The Euclidean lengths of W_e and of W_d.
    public var norms: (encoder: Double, decoder: Double) {
        (
            innerProduct(encoderWeight, encoderWeight).squareRoot(),
            innerProduct(decoderWeight, decoderWeight).squareRoot()
        )
    }

    /// The same neuron on some of its weights alone: the rest neither read nor written.
    ///
    /// - Parameter positions: Places in the vectors, rising.
    public func selecting(_ positions: [Int]) -> EncoderDecoder {
        EncoderDecoder(
            encoderWeight: encoderWeight.selecting(positions, axis: 0), encoderBias: encoderBias[0],
            decoderWeight: decoderWeight.selecting(positions, axis: 0),
            decoderBias: decoderBias.selecting(positions, axis: 0))
    }
}

extension Tensor {
    /// Changes every sign in place.
    mutating func negate() {
        let values = mutableRows.elements
        for i in 0..<values.count { values[i] = -values[i] }
    }

    /// Independent numbers, even over (−bound, bound), the same for any number of threads.
    fileprivate init(evenly count: Int, within bound: Double, seed: UInt64, stream: String) {
        self.init(uninitialized: [count])
        let (values, size) = (mutableRows, 1 << 16)
        parallelBlocks(of: count, size: size) { range in
            var generator = SeededGenerator(
                seed: seed, stream: "gradiend \(stream) \(range.lowerBound / size)")
            let values = values.elements
            for i in range { values[i] = Float(bound * (2 * generator.uniform() - 1)) }
        }
    }
}
