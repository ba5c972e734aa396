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
    ///
    /// TransformerLens puts `embed.` before the embeddings of encoders: `embed.hook_pos_embed`.
    public init?(_ name: String) {
        let name = HookPoint.encoderNames[name] ?? name
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

extension HookPoint {
    /// What TransformerLens calls the embeddings of encoders, and what it calls those of GPT-2.
    private static let encoderNames = Dictionary(
        uniqueKeysWithValues: [HookKind.embed, .posEmbed, .tokenTypeEmbed].map {
            ("embed.\($0.rawValue)", $0.rawValue)
        })

    /// TransformerLens' name of the point in a model: encoders have `embed.` before embeddings.
    public func name(in config: TransformerConfig) -> String {
        let name = "embed.\(description)"
        return config.normalizesEmbeddings && HookPoint.encoderNames[name] != nil
            ? name : description
    }
}

extension TransformerConfig {
    /// Whether the model computes such a value.
    public func has(_ kind: HookKind) -> Bool {
        switch kind {
        case .tokenTypeEmbed: nTokenTypes > 0
        case .embedScale, .embedNormalized, .fullEmbed: normalizesEmbeddings
        case .normalizedResidPost: normPlace == .post
        case .lnFinalScale, .lnFinalNormalized: !isMasked
        case .mlmScale, .mlmNormalized: isMasked
        default: true
        }
    }

    /// Whether the model has the point.
    public func has(_ point: HookPoint) -> Bool {
        has(point.kind) && point.layer ?? 0 < nLayers
    }

    /// The kinds of value that the model computes.
    public var hookKinds: [HookKind] { HookKind.allCases.filter(has) }
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
/// In the order in which they fire in a pre-norm model; where norms come after what they
/// normalise, `ln1` fires after `hook_resid_mid` and `ln2` after `hook_resid_post`. Not every
/// model has every kind; see ``TransformerConfig/has(_:)``.
public enum HookKind: String, CaseIterable, Sendable {
    case embed = "hook_embed"
    case posEmbed = "hook_pos_embed"
    case tokenTypeEmbed = "hook_token_type_embed"
    case embedScale = "embed.ln.hook_scale"
    case embedNormalized = "embed.ln.hook_normalized"
    case fullEmbed = "hook_full_embed"
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
    case normalizedResidPost = "hook_normalized_resid_post"
    case lnFinalScale = "ln_final.hook_scale"
    case lnFinalNormalized = "ln_final.hook_normalized"
    case mlmScale = "mlm_head.ln.hook_scale"
    case mlmNormalized = "mlm_head.ln.hook_normalized"
    case unembedIn = "unembed.hook_in"
    case unembedOut = "unembed.hook_out"

    /// Whether each block has such a point.
    public var isInBlock: Bool {
        switch self {
        case .embed, .posEmbed, .tokenTypeEmbed, .embedScale, .embedNormalized, .fullEmbed,
            .lnFinalScale, .lnFinalNormalized, .mlmScale, .mlmNormalized, .unembedIn, .unembedOut:
            false
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
        case .embed, .posEmbed, .tokenTypeEmbed, .embedNormalized, .fullEmbed, .residPre,
            .ln1Normalized, .attnOut, .residMid, .mlpIn, .ln2Normalized, .mlpOut, .residPost,
            .normalizedResidPost, .lnFinalNormalized, .mlmNormalized, .unembedIn:
            [.batch, .pos, .dModel]
        case .attnIn, .qInput, .kInput, .vInput, .result: [.batch, .pos, .head, .dModel]
        case .embedScale, .ln1Scale, .ln2Scale, .lnFinalScale, .mlmScale: [.batch, .pos, .one]
        case .q, .k, .v, .z: [.batch, .pos, .head, .dHead]
        case .attnScores, .pattern: [.batch, .head, .queryPos, .keyPos]
        case .mlpPre, .mlpPost: [.batch, .pos, .dMLP]
        case .unembedOut: [.batch, .pos, .dVocab]
        }
    }
}
