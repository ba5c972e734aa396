/// A place in the forward pass where a value can be read or changed, named as in TransformerLens.
///
/// Its description is the full name, such as `blocks.5.attn.hook_z`; parsing takes the full name
/// and TransformerLens' short forms.
public struct HookPoint: Hashable, Sendable, CustomStringConvertible {
    /// What is computed there.
    public let kind: HookKind
    /// The block; `nil` outside the blocks.
    public let layer: Int?

    /// Names a point; kinds inside blocks need a layer, the others take none.
    public init(_ kind: HookKind, layer: Int? = nil) {
        precondition(
            kind.isInBlock == (layer != nil),
            "\(kind.rawValue) in layer \(String(describing: layer))")
        self.kind = kind
        self.layer = layer
    }

    /// The full name.
    public var description: String {
        layer.map { "blocks.\($0).\(kind.rawValue)" } ?? kind.rawValue
    }

    /// Reads a full name; `nil` if there is no such point.
    public init?(_ name: String) {
        let parts = name.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        if parts.count == 3, parts[0] == "blocks", let layer = Int(parts[1]), layer >= 0,
            String(layer) == parts[1], let kind = HookKind(rawValue: String(parts[2])),
            kind.isInBlock
        {
            self.init(kind, layer: layer)
        } else if let kind = HookKind(rawValue: name), !kind.isInBlock {
            self.init(kind)
        } else {
            return nil
        }
    }
}

/// An axis of an activation, in the field's words.
public enum ActivationAxis: String, Sendable {
    case batch, pos, queryPos = "query_pos", keyPos = "key_pos", head
    case dHead = "d_head", dModel = "d_model", dMLP = "d_mlp", dVocab = "d_vocab"
    /// An axis of length 1.
    case one = "1"
}

/// What is computed at a hook point; the raw value is TransformerLens' name, without `blocks.N.`.
///
/// In the order in which they fire.
public enum HookKind: String, CaseIterable, Sendable {
    case embed = "hook_embed"
    case posEmbed = "hook_pos_embed"
    case residPre = "hook_resid_pre"
    case attnIn = "hook_attn_in"
    case qInput = "hook_q_input"
    case kInput = "hook_k_input"
    case vInput = "hook_v_input"
    case ln1Scale = "ln1.hook_scale"
    case ln1Normalized = "ln1.hook_normalized"
    case q = "attn.hook_q"
    case k = "attn.hook_k"
    case v = "attn.hook_v"
    case attnScores = "attn.hook_attn_scores"
    case pattern = "attn.hook_pattern"
    case z = "attn.hook_z"
    case result = "attn.hook_result"
    case attnOut = "hook_attn_out"
    case residMid = "hook_resid_mid"
    case mlpIn = "hook_mlp_in"
    case ln2Scale = "ln2.hook_scale"
    case ln2Normalized = "ln2.hook_normalized"
    case mlpPre = "mlp.hook_pre"
    case mlpPost = "mlp.hook_post"
    case mlpOut = "hook_mlp_out"
    case residPost = "hook_resid_post"
    case lnFinalScale = "ln_final.hook_scale"
    case lnFinalNormalized = "ln_final.hook_normalized"
    case unembedIn = "unembed.hook_in"
    case unembedOut = "unembed.hook_out"

    /// Whether each block has such a point.
    public var isInBlock: Bool {
        switch self {
        case .embed, .posEmbed, .lnFinalScale, .lnFinalNormalized, .unembedIn, .unembedOut: false
        default: true
        }
    }

    /// Whether the value exists only because someone listens: it is large, or a copy of another.
    ///
    /// A cache of everything leaves these out, as TransformerLens does until a flag is set.
    public var isOnDemand: Bool {
        switch self {
        case .attnIn, .qInput, .kInput, .vInput, .result, .mlpIn: true
        default: false
        }
    }

    /// The axes of the value.
    ///
    /// While someone listens to `attnIn`, `qInput`, `kInput` or `vInput`, each head has an input of
    /// its own: `ln1Scale` is then [batch, pos, head, 1] and `ln1Normalized` [batch, pos, head,
    /// d_model], and both fire for queries, keys and values in turn.
    public var axes: [ActivationAxis] {
        switch self {
        case .embed, .posEmbed, .residPre, .ln1Normalized, .attnOut, .residMid, .mlpIn,
            .ln2Normalized, .mlpOut, .residPost, .lnFinalNormalized, .unembedIn:
            [.batch, .pos, .dModel]
        case .attnIn, .qInput, .kInput, .vInput, .result: [.batch, .pos, .head, .dModel]
        case .ln1Scale, .ln2Scale, .lnFinalScale: [.batch, .pos, .one]
        case .q, .k, .v, .z: [.batch, .pos, .head, .dHead]
        case .attnScores, .pattern: [.batch, .head, .queryPos, .keyPos]
        case .mlpPre, .mlpPost: [.batch, .pos, .dMLP]
        case .unembedOut: [.batch, .pos, .dVocab]
        }
    }
}
