internal import Kernels
public import Models
public import Tensors

/// The singular directions of a weight matrix in the residual stream, strongest first.
///
/// Millidge and Black 2022, https://www.alignmentforum.org/posts/mkbGjzxD8d8XqKHzA. Where singular
/// values are nearly equal, only the space that their vectors span means anything: see ``groups``.
public struct SingularDirections: Sendable {
    /// Which matrix of a model.
    public enum Matrix: Hashable, Sendable {
        /// W_V W_O of a head: what it reads on the left, what it writes on the right.
        case OV(layer: Int, head: Int)
        /// W_Q W_Kᵀ of a head: queries on the left, keys on the right.
        case QK(layer: Int, head: Int)
        /// W_in of a layer's MLP: what its neurons read.
        case mlpIn(layer: Int)
        /// W_out of a layer's MLP: what its neurons write.
        case mlpOut(layer: Int)
    }

    /// One end of the matrix in the residual stream.
    public struct Side: Sendable {
        /// `input` and `output`, or `query` and `key`.
        public let name: String
        /// Row i is direction i, of length 1, [direction, d_model].
        public let vectors: Tensor
    }

    /// The matrix.
    public let matrix: Matrix
    /// All singular values, falling.
    public let values: [Double]
    /// The ends that lie in the residual stream; vectors of one index belong together, sign
    /// included.
    public let sides: [Side]

    /// Finds them by LAPACK.
    ///
    /// - Parameters:
    ///   - matrix: The matrix.
    ///   - model: The model it belongs to.
    ///   - vectors: How many directions of a head are wanted, the strongest; `nil` for all.
    /// - Throws: ``LinearAlgebraError`` for weights that are not finite.
    public init(_ matrix: Matrix, of model: Transformer, vectors: Int? = nil) throws {
        try model.config.requirePlainStream(for: "singular directions in tokens")
        self.matrix = matrix
        switch matrix {
        case .OV(let layer, let head):
            let svd = try model.OV(layer: layer, head: head).svd(vectors: vectors)
            values = svd.values
            sides = [Side("input", svd.left), Side("output", svd.right)]
        case .QK(let layer, let head):
            let svd = try model.QK(layer: layer, head: head).svd(vectors: vectors)
            values = svd.values
            sides = [Side("query", svd.left), Side("key", svd.right)]
        case .mlpIn(let layer):
            // Without ln2 folded in, its gain still belongs to what the neurons read.
            var weight = model.weights.blocks[layer].mlp.W_in
            if model.config.normalization == .layerNorm {
                scaleRows(weight.mutableRows, by: model.weights.blocks[layer].ln2.w.rows)
            }
            let svd = try rightSingularVectors(of: weight.rows, transposed: true)
            values = svd.values
            sides = [Side("input", svd.right)]
        case .mlpOut(let layer):
            let svd = try rightSingularVectors(of: model.weights.blocks[layer].mlp.W_out.rows)
            values = svd.values
            sides = [Side("output", svd.right)]
        }
    }

    /// The share of each direction in the sum of squares, the matrix's squared Frobenius norm.
    public var shares: [Double] {
        let total = values.reduce(0) { $0 + $1 * $1 }
        return values.map { total > 0 ? $0 * $0 / total : 0 }
    }

    /// Runs of directions whose values differ by less than a hundredth from one to the next.
    ///
    /// Within such a group, a tiny change of the weights turns the vectors into each other. The
    /// last group holds what is zero to rounding, if anything is.
    public var groups: [Range<Int>] {
        guard !values.isEmpty else { return [] }
        var starts = [0]
        for i in 1..<max(values.count, 1) where !isNear(i - 1, i) { starts.append(i) }
        return zip(starts, starts.dropFirst() + [values.count]).map { $0..<$1 }
    }

    /// The number of values that are not zero to the rounding of 32-bit weights.
    public var rank: Int {
        let width = sides.first?.vectors.shape[1] ?? 1
        let least = (values.first ?? 0) * Double(width) * Double(Float.ulpOfOne)
        return values.prefix { $0 > least }.count
    }

    private func isNear(_ before: Int, _ after: Int) -> Bool {
        before >= rank || (after < rank && 1 - values[after] / values[before] < 1e-2)
    }
}

extension SingularDirections.Side {
    fileprivate init(_ name: String, _ vectors: Tensor) {
        self.name = name
        self.vectors = vectors
    }
}

extension SingularDirections.Matrix: CustomStringConvertible {
    /// Such as `L9H7 OV` or `L5 W_in`.
    public var description: String {
        switch self {
        case .OV(let layer, let head): "L\(layer)H\(head) OV"
        case .QK(let layer, let head): "L\(layer)H\(head) QK"
        case .mlpIn(let layer): "L\(layer) W_in"
        case .mlpOut(let layer): "L\(layer) W_out"
        }
    }
}
