internal import Kernels
public import Models
public import Results
import Tensors

/// Through which input a later head reads what an earlier one wrote.
public enum Composition: String, CaseIterable, Sendable {
    /// Its queries: the later head's QK on its left.
    case query = "Q"
    /// Its keys: the later head's QK on its right.
    case key = "K"
    /// Its values: the later head's OV on its left.
    case value = "V"
}

extension Transformer {
    /// How much of what each head writes each later head reads,
    /// [layer, head, reading_layer, reading_head].
    ///
    /// ```
    /// ‖left right‖ / (‖left‖ ‖right‖)
    /// left = W_V W_O,  right = W_Q W_Kᵀ, its transpose or W_V W_O
    /// ```
    /// Frobenius norms; zero where the reading head is in no later layer. Elhage et al. 2021,
    /// https://transformer-circuits.pub/2021/framework. Two random matrices score about
    /// 1/√d_model, not zero.
    ///
    /// - Throws: ``LinearAlgebraError`` for weights that are not finite.
    public func compositionScores(_ mode: Composition) throws -> LabelledArray {
        try config.requirePlainStream(for: "composition scores")
        let (layers, heads, width) = (config.nLayers, config.nHeads, config.dHead)
        let factors = try parallelMap(layers * heads) { index in
            try collapsed(mode, layer: index / heads, head: index % heads)
        }
        // All heads of a layer side by side, so that two layers are one product.
        let written = (0..<layers).map { layer in
            Tensor.concatenating(factors[layer * heads..<(layer + 1) * heads].map(\.left), axis: 0)
        }
        let read = (0..<layers).map { layer in
            Tensor.concatenating(factors[layer * heads..<(layer + 1) * heads].map(\.right), axis: 0)
        }
        let norms = factors.map { ($0.left.frobeniusNorm, $0.right.frobeniusNorm) }
        let pairs = (0..<layers).flatMap { l in (l + 1..<max(layers, l + 1)).map { (l, $0) } }
        let squares = parallelMap(pairs.count) { index in
            let (layer, reader) = pairs[index]
            var product = Tensor(uninitialized: [heads * width, heads * width])
            let rows = product.mutableRows
            multiply(written[layer].rows, read[reader].rows, into: rows, transposing: .right)
            return rows.reading.squares(inBlocksOf: width)
        }
        var scores = Tensor([layers, heads, layers, heads])
        let out = scores.mutableRows(of: layers * heads)
        for ((layer, reader), squares) in zip(pairs, squares) {
            for (index, square) in squares.enumerated() {
                let (row, column) = (layer * heads + index / heads, reader * heads + index % heads)
                let scale = norms[row].0 * norms[column].1
                out[row][column] = scale > 0 ? Float(square.squareRoot() / scale) : 0
            }
        }
        return LabelledArray(
            "composition-\(mode.rawValue)",
            quantity: Quantity("\(mode.rawValue)-composition score"),
            axes: [
                Axis("layer", count: layers), Axis("head", count: heads),
                Axis("reading_layer", count: layers), Axis("reading_head", count: heads),
            ], values: scores)
    }

    /// What a head writes, [d_head, d_model], and what it reads, [d_head, d_model], each with the
    /// lengths that the whole product has.
    private func collapsed(
        _ mode: Composition, layer: Int, head: Int
    ) throws(LinearAlgebraError) -> (left: Tensor, right: Tensor) {
        let OV = OV(layer: layer, head: head)
        let right =
            switch mode {
            case .query: QK(layer: layer, head: head)
            case .key: QK(layer: layer, head: head).transposed
            case .value: OV
            }
        return (try OV.collapsedLeft(), try right.collapsedRight().transposed)
    }
}

extension Rows {
    /// The sums of squares of square blocks, block row by block row, in double precision.
    fileprivate func squares(inBlocksOf size: Int) -> [Double] {
        let blocks = columns / size
        var sums = [Double](repeating: 0, count: count / size * blocks)
        for row in 0..<count {
            let values = self[row]
            for block in 0..<blocks {
                let part = UnsafeBufferPointer(
                    rebasing: values[block * size..<(block + 1) * size])
                sums[row / size * blocks + block] += Double(squareSum(part))
            }
        }
        return sums
    }
}
