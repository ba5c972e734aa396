import Kernels
public import Models
import Tensors

extension Transformer {
    /// What a head moves where it attends: W_V W_O, [d_model, d_model] of rank d_head.
    ///
    /// Elhage et al. 2021, https://transformer-circuits.pub/2021/framework.
    public func OV(layer: Int, head: Int) -> FactoredMatrix {
        FactoredMatrix(matrix(.value, layer, head), outputMatrix(layer, head))
    }

    /// What a head attends to: W_Q W_Kᵀ, queries on the left, [d_model, d_model] of rank d_head.
    public func QK(layer: Int, head: Int) -> FactoredMatrix {
        FactoredMatrix(matrix(.query, layer, head), matrix(.key, layer, head).transposed)
    }

    private func matrix(_ third: QKV, _ layer: Int, _ head: Int) -> Tensor {
        Tensor(
            copying: weights.blocks[layer].attn.matrix(third, head: head, dHead: config.dHead))
    }

    private func outputMatrix(_ layer: Int, _ head: Int) -> Tensor {
        let width = config.dHead
        return weights.blocks[layer].attn.W_O[at: head * width..<(head + 1) * width]
    }
}

extension Tensor {
    /// A matrix of its own, with the elements of part of another.
    init(copying part: Rows) {
        self.init(uninitialized: [part.count, part.columns])
        copy(part, into: mutableRows)
    }
}
