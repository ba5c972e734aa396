public import Models
import Tensors

/// The closed-form GPT-2 of the mediation golden values, and the numbers its weights come from.
public enum MediationModel {
    /// Three layers of two heads, d_model 8, 20 tokens.
    public static func make() -> Transformer {
        var config = TransformerConfig(
            nLayers: 3, dModel: 8, nHeads: 2, dMLP: 32, dVocab: 20, nCtx: 16)
        config.tiesEmbeddings = true
        var stream = Stream()
        var weights = Weights(nLayers: config.nLayers)
        weights.W_E = stream.next([20, 8], 2)
        weights.W_pos = stream.next([16, 8], 1)
        for layer in 0..<config.nLayers {
            var block = BlockWeights()
            block.ln1 = stream.norm()
            block.attn.W_QKV = stream.next([8, 24], 2)
            block.attn.b_QKV = stream.next([24], 0.5)
            block.attn.W_O = stream.next([8, 8], 2)
            block.attn.b_O = stream.next([8], 0.5)
            block.ln2 = stream.norm()
            block.mlp.W_in = stream.next([8, 32], 2)
            block.mlp.b_in = stream.next([32], 0.5)
            block.mlp.W_out = stream.next([32, 8], 2)
            block.mlp.b_out = stream.next([8], 0.5)
            weights.blocks[layer] = block
        }
        weights.lnFinal = stream.norm()
        weights.W_U_transposed = weights.W_E
        return Transformer(config: config, weights: weights, name: "mediation golden")
    }

    /// Number `index` of tensor `tensor`, even over [−0.5, 0.5): SplitMix64 of both.
    static func uniform(_ tensor: UInt64, _ index: UInt64) -> Float {
        var z = (tensor << 32 | index) &+ 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Float((z ^ (z >> 31)) >> 48) / 65536 - 0.5
    }

    /// One tensor after the other.
    private struct Stream {
        var tensor: UInt64 = 0

        mutating func next(_ shape: [Int], _ scale: Float, offset: Float = 0) -> Tensor {
            defer { tensor += 1 }
            return Tensor(
                shape,
                (0..<shape.reduce(1, *)).map {
                    offset + scale * MediationModel.uniform(tensor, UInt64($0))
                })
        }

        mutating func norm() -> NormWeights {
            var norm = NormWeights()
            norm.w = next([8], 0.5, offset: 1)
            norm.b = next([8], 0.5)
            return norm
        }
    }
}
