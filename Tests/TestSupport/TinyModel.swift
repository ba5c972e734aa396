import Kernels
public import Models
import Tensors

/// The two-layer model of the TransformerLens golden values.
public enum TinyModel {
    /// The clean prompt of the golden values; the corrupted one differs at position 2.
    public static let clean = [0, 5, 17, 33, 64, 90]
    /// The prompt that a sweep departs from.
    public static let corrupted = [0, 5, 71, 33, 64, 90]
    /// The answer and the wrong answer.
    public static let answers = (right: 11, wrong: 42)

    /// The weights as drawn, with norms of their own.
    public static func raw() throws -> Transformer {
        try model(GoldenTensors("transformer-lens/tiny_raw.safetensors"), prefix: "", .layerNorm)
    }

    /// The weights after TransformerLens' processing, with folded norms.
    public static func processed() throws -> Transformer {
        try model(
            GoldenTensors("transformer-lens/golden_f32.safetensors"), prefix: "proc.w.",
            .layerNormPre)
    }

    private static func model(
        _ golden: GoldenTensors, prefix: String, _ normalization: Normalization
    ) throws -> Transformer {
        var config = TransformerConfig(
            nLayers: 2, dModel: 32, nHeads: 4, dMLP: 64, dVocab: 97, nCtx: 32)
        config.normalization = normalization
        config.tiesEmbeddings = false
        func tensor(_ name: String) throws -> Tensor { try golden(prefix + name) }
        func norm(_ name: String) throws -> NormWeights {
            guard normalization == .layerNorm else { return NormWeights() }
            var norm = NormWeights()
            (norm.w, norm.b) = (try tensor("\(name).w"), try tensor("\(name).b"))
            return norm
        }
        var weights = Weights(nLayers: config.nLayers)
        weights.W_E = try tensor("embed.W_E")
        weights.W_pos = try tensor("pos_embed.W_pos")
        weights.W_U_transposed = try tensor("unembed.W_U").transposed
        weights.b_U = try tensor("unembed.b_U")
        weights.lnFinal = try norm("ln_final")
        for layer in 0..<config.nLayers {
            let name = "blocks.\(layer)"
            var block = BlockWeights()
            block.ln1 = try norm("\(name).ln1")
            block.ln2 = try norm("\(name).ln2")
            block.attn = AttentionWeights(
                W_Q: try tensor("\(name).attn.W_Q"), W_K: try tensor("\(name).attn.W_K"),
                W_V: try tensor("\(name).attn.W_V"), W_O: try tensor("\(name).attn.W_O"),
                b_Q: try tensor("\(name).attn.b_Q"), b_K: try tensor("\(name).attn.b_K"),
                b_V: try tensor("\(name).attn.b_V"), b_O: try tensor("\(name).attn.b_O"))
            block.mlp.W_in = try tensor("\(name).mlp.W_in")
            block.mlp.b_in = try tensor("\(name).mlp.b_in")
            block.mlp.W_out = try tensor("\(name).mlp.W_out")
            block.mlp.b_out = try tensor("\(name).mlp.b_out")
            weights.blocks[layer] = block
        }
        return Transformer(config: config, weights: weights, name: "tiny")
    }
}
