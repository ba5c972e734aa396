import Kernels
import Tensors

/// How a tensor of a checkpoint lies in a weight: as one of several parts side by side, and perhaps
/// with outputs first, [out, in], where the weight has inputs first.
struct ParameterLayout: Hashable, Sendable {
    private(set) var part = 0
    private(set) var count = 1
    private(set) var isTransposed = false

    /// It is the weight.
    static let whole = ParameterLayout()
    /// It is the weight with outputs first.
    static let transposed = ParameterLayout(isTransposed: true)

    /// It is one part of the weight.
    func part(_ part: Int, of count: Int) -> ParameterLayout {
        ParameterLayout(part: part, count: count, isTransposed: isTransposed)
    }
}

extension Parameter {
    /// Puts the checkpoint's tensor into its place.
    func store(_ tensor: Tensor, in weights: inout Weights) {
        guard layout != .whole else {
            weights[keyPath: weight] = tensor
            return
        }
        // Taken out of its place, so that its memory is not copied.
        var whole = weights[keyPath: weight]
        weights[keyPath: weight] = Tensor([0])
        if whole.count == 0 {
            let width = layout.count * shape[0]
            whole = Tensor(uninitialized: layout.isTransposed ? [shape[1], width] : [width])
        }
        let rows = whole.mutableRows
        let target = rows[0..<rows.count, columns]
        if layout.isTransposed {
            transpose(tensor.rows, into: target)
        } else {
            copy(tensor.rows, into: target)
        }
        weights[keyPath: weight] = whole
    }

    /// The checkpoint's tensor of a weight, or of what has its shape, such as its gradient.
    func tensor(in whole: Tensor) -> Tensor {
        guard layout != .whole else { return whole }
        var tensor = Tensor(uninitialized: shape)
        let source = whole.rows[0..<whole.rows.count, columns]
        if layout.isTransposed {
            transpose(source, into: tensor.mutableRows)
        } else {
            copy(source, into: tensor.mutableRows)
        }
        return tensor
    }

    /// The columns of the weight that it fills.
    private var columns: Range<Int> { layout.part * shape[0]..<(layout.part + 1) * shape[0] }
}
