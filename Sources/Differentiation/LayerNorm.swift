import Kernels
private import RealModule
public import Tensors

/// `y = h · w + b` with `h = (x − mean(x)) / s`, `s = sqrt(var(x) + eps)`, in one step.
///
/// With k = dy · w, and as Σ h = 0 (Ba, Kiros and Hinton 2016, https://arxiv.org/abs/1607.06450):
///
/// ```
/// dx = (k − mean(k) − h · mean(k · h)) / s,    dw = Σ_rows dy · h,    db = Σ_rows dy
/// ```
/// h is computed again from x, which costs less than keeping it.
struct LayerNorm: Operation {
    let nodes: (x: Tape.Node?, gain: Tape.Node?, shift: Tape.Node?)
    let x: Tensor
    /// s, [rows, 1].
    let scale: Tensor
    let gain: Tensor?

    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents) {
        let (x, dy) = (x.rows, gradient.mutableRows)
        let size = RowBlocks.size(columns: x.columns)
        // Sums over the rows of each block, combined in order: [block, 2 · d_model].
        var sums = Tensor([(x.count + size - 1) / size, 2 * x.columns])
        let (partial, wantsSums) = (
            sums.mutableRows, nodes.gain != nil || nodes.shift != nil
        )
        // dx takes dy's place.
        parallelBlocks(of: x.count, size: size) { [scale = scale.rows, gain = gain?.rows] rows in
            var row = NormRow(columns: x.columns)
            for r in rows {
                row.normalize(x[r], scale: scale[r][0])
                let dy = dy[r]
                if wantsSums {
                    row.addSums(UnsafeBufferPointer(dy), to: partial[rows.lowerBound / size])
                }
                if let gain = gain?[0] { for i in 0..<dy.count { dy[i] *= gain[i] } }
                row.turnIntoInputGradient(dy, scale: scale[r][0])
            }
        }
        let columns = x.columns
        for (node, start) in [(nodes.gain, 0), (nodes.shift, columns)] {
            cotangents.add(to: node, columns: columns) { sum, accumulating in
                sumRows(
                    partial.reading[0..<partial.count, start..<start + columns], into: sum,
                    accumulating: accumulating)
            }
        }
        cotangents.add(gradient, to: nodes.x)
    }
}

/// A normalised row, and what the backward step makes of it.
private struct NormRow {
    private var h: [Float]

    init(columns: Int) { h = [Float](repeating: 0, count: columns) }

    mutating func normalize(_ x: UnsafeBufferPointer<Float>, scale: Float) {
        var sum: Float = 0
        for i in 0..<x.count { sum = Relaxed.sum(x[i], sum) }
        let (mean, factor) = (sum / Float(x.count), 1 / scale)
        h.withUnsafeMutableBufferPointer { h in
            for i in 0..<x.count { h[i] = (x[i] - mean) * factor }
        }
    }

    /// Adds dy · h, and dy behind it.
    func addSums(_ dy: UnsafeBufferPointer<Float>, to sums: UnsafeMutableBufferPointer<Float>) {
        let (gain, shift) = (
            UnsafeMutableBufferPointer(rebasing: sums[..<dy.count]),
            UnsafeMutableBufferPointer(rebasing: sums[dy.count...])
        )
        h.withUnsafeBufferPointer { h in
            for i in 0..<dy.count { gain[i] += dy[i] * h[i] }
        }
        for i in 0..<dy.count { shift[i] += dy[i] }
    }

    /// k becomes (k − mean(k) − h · mean(k · h)) / s.
    func turnIntoInputGradient(_ k: UnsafeMutableBufferPointer<Float>, scale: Float) {
        h.withUnsafeBufferPointer { h in
            var (sum, product): (Float, Float) = (0, 0)
            for i in 0..<k.count { sum = Relaxed.sum(k[i], sum) }
            for i in 0..<k.count { product = Relaxed.multiplyAdd(k[i], h[i], product) }
            let count = Float(k.count)
            let (mean, slope, factor) = (sum / count, product / count, 1 / scale)
            for i in 0..<k.count { k[i] = (k[i] - mean - h[i] * slope) * factor }
        }
    }
}

/// How rows are cut into blocks that fit the first cache.
enum RowBlocks {
    /// The rows of a block, from the row's length alone.
    static func size(columns: Int) -> Int { max(1, 16_384 / max(columns, 1)) }
}

extension Traced {
    /// Layer normalisation over the last axis.
    ///
    /// - Parameters:
    ///   - eps: Added to the variance.
    ///   - gain: w, [d_model]; `nil` where w and b are folded into what reads the result.
    ///   - shift: b, [d_model].
    public func layerNorm(eps: Float, gain: Tensor?, shift: Tensor?) -> Traced {
        var y = Tensor(uninitialized: shape)
        var scale = Tensor(uninitialized: shape.dropLast() + [1])
        let (x, out, s) = (value.rows, y.mutableRows, scale.mutableRows)
        parallelBlocks(of: x.count, size: RowBlocks.size(columns: x.columns)) {
            [gain = gain?.rows, shift = shift?.rows] rows in
            let all = 0..<x.columns
            let (y, s) = (out[rows, all], s[rows, 0..<1])
            centre(x[rows, all], into: y)
            Kernels.rootMeanSquare(y.reading, eps: eps, into: s)
            divide(y, by: s.reading)
            if let gain { scaleAndShift(y, gain: gain, shift: shift) }
        }
        let nodes = (x: node, gain: tape?.node(of: gain), shift: tape?.node(of: shift))
        return recording(y, from: [nodes.x, nodes.gain, nodes.shift]) {
            LayerNorm(nodes: nodes, x: value, scale: scale, gain: gain)
        }
    }
}
