public import Tensors

/// A weight that can be trained: its name and where it stands.
public struct WeightEntry {
    /// TransformerLens' name, such as `blocks.3.mlp.W_in`; `unembed.W_U` names the transposed
    /// matrix that is stored, and `attn.W_QKV` and `attn.b_QKV` the queries, keys and values of all
    /// heads.
    public let name: String
    /// Where it stands.
    public let path: WritableKeyPath<Weights, Tensor>
}

extension Weights {
    /// All weights that the forward pass reads, in its order; those folded away and
    /// those the model does not have are left out.
    public var entries: [WeightEntry] {
        var entries = [
            WeightEntry(name: "embed.W_E", path: \.W_E),
            WeightEntry(name: "pos_embed.W_pos", path: \.W_pos),
            WeightEntry(name: "token_type_embed.W_token_type", path: \.W_type),
            WeightEntry(name: "embed.ln.w", path: \.embedNorm.w),
            WeightEntry(name: "embed.ln.b", path: \.embedNorm.b),
        ]
        for layer in blocks.indices {
            let block: WritableKeyPath<Weights, BlockWeights> = \.blocks[layer]
            for (name, path) in BlockWeights.paths {
                entries.append(
                    WeightEntry(name: "blocks.\(layer).\(name)", path: block.appending(path: path)))
            }
        }
        entries += [
            WeightEntry(name: "ln_final.w", path: \.lnFinal.w),
            WeightEntry(name: "ln_final.b", path: \.lnFinal.b),
            WeightEntry(name: "mlm_head.W", path: \.mlmHead.W),
            WeightEntry(name: "mlm_head.b", path: \.mlmHead.b),
            WeightEntry(name: "mlm_head.ln.w", path: \.mlmHead.ln.w),
            WeightEntry(name: "mlm_head.ln.b", path: \.mlmHead.ln.b),
            WeightEntry(name: "unembed.W_U", path: \.W_U_transposed),
        ]
        if b_U != nil { entries.append(WeightEntry(name: "unembed.b_U", path: \.b_U!)) }
        return entries.filter { self[keyPath: $0.path].count > 0 }
    }
}

extension BlockWeights {
    fileprivate static var paths: [(String, WritableKeyPath<BlockWeights, Tensor>)] {
        [
            ("ln1.w", \.ln1.w), ("ln1.b", \.ln1.b), ("attn.W_QKV", \.attn.W_QKV),
            ("attn.b_QKV", \.attn.b_QKV), ("attn.W_O", \.attn.W_O), ("attn.b_O", \.attn.b_O),
            ("ln2.w", \.ln2.w), ("ln2.b", \.ln2.b), ("mlp.W_in", \.mlp.W_in),
            ("mlp.b_in", \.mlp.b_in), ("mlp.W_out", \.mlp.W_out), ("mlp.b_out", \.mlp.b_out),
        ]
    }
}
