import Kernels
public import Models
public import Tensors

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

extension Weights {
    /// A weight of the two-layer model by its TransformerLens name, with its TransformerLens axes;
    /// `nil` for a name without one.
    public func tiny(_ name: String) -> Tensor? {
        switch name {
        case "embed.W_E": return W_E
        case "pos_embed.W_pos": return W_pos
        case "unembed.W_U": return W_U_transposed.transposed
        case "unembed.b_U": return b_U
        case "ln_final.w": return lnFinal.w
        case "ln_final.b": return lnFinal.b
        default: break
        }
        let parts = name.split(separator: ".")
        guard parts.count == 4, parts[0] == "blocks", let layer = Int(parts[1]) else { return nil }
        let block = blocks[layer]
        let biases = block.attn.b_QKV.reshaped([3, 4, 8])
        switch parts[2...].joined(separator: ".") {
        case "ln1.w": return block.ln1.w
        case "ln1.b": return block.ln1.b
        case "ln2.w": return block.ln2.w
        case "ln2.b": return block.ln2.b
        default: break
        }
        switch parts[3] {
        case "W_Q": return block.attn.W_Q(dHead: 8)
        case "W_K": return block.attn.W_K(dHead: 8)
        case "W_V": return block.attn.W_V(dHead: 8)
        case "W_O": return block.attn.W_O.reshaped([4, 8, 32])
        case "b_Q": return biases[at: 0]
        case "b_K": return biases[at: 1]
        case "b_V": return biases[at: 2]
        case "b_O": return block.attn.b_O
        case "W_in": return block.mlp.W_in
        case "b_in": return block.mlp.b_in
        case "W_out": return block.mlp.W_out
        case "b_out": return block.mlp.b_out
        default: return nil
        }
    }
}
