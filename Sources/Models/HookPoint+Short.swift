extension HookPoint {
    /// Reads a name in any of TransformerLens' forms: full, short with a layer, or packed.
    ///
    /// `get_act_name` of TransformerLens: `resid_pre` with layer 3, `k6`, `pre5`, `scale4ln1`, the
    /// aliases `attn`, `key`, `mlp_post`, …; `normalized` and `scale` without a layer are those of
    /// `ln_final`.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - layer: The layer, for a short name that does not contain it.
    ///   - sublayer: `ln1`, `ln2`, `attn` or `mlp`, where the short name alone is ambiguous.
    public init?(short name: String, layer: Int? = nil, sublayer: String? = nil) {
        if layer == nil, let full = HookPoint(name) {
            self = full
            return
        }
        // The digit in `ln1.hook_scale` is no layer.
        let packed =
            HookKind(rawValue: name) == nil
            ? HookPoint.unpack(name) : (name: name, layer: nil, sublayer: nil)
        guard packed.layer == nil || layer == nil else { return nil }
        let layer = layer ?? packed.layer
        let sublayer = sublayer ?? packed.sublayer
        guard
            let kind = HookKind(
                short: packed.name, sublayer: sublayer, isInBlock: layer != nil),
            kind.isInBlock == (layer != nil), layer ?? 0 >= 0
        else { return nil }
        self.init(kind, layer: layer)
    }

    /// Splits `scale4ln1` into letters, digits and the rest.
    private static func unpack(_ name: String) -> (name: String, layer: Int?, sublayer: String?) {
        guard let first = name.firstIndex(where: \.isNumber), first != name.startIndex else {
            return (name, nil, nil)
        }
        let digits = name[first...].prefix(while: \.isNumber)
        let rest = name[digits.endIndex...]
        guard let layer = Int(digits) else { return (name, nil, nil) }
        return (String(name[..<first]), layer, rest.isEmpty ? nil : String(rest))
    }
}

extension HookKind {
    /// Reads a short name such as `resid_pre`, `z` or `mlp_post`.
    ///
    /// - Parameters:
    ///   - name: The short name, or the name as it stands after `blocks.N.`.
    ///   - sublayer: `ln1` or `ln2`, for `scale` and `normalized`.
    ///   - isInBlock: Whether a layer was named; without one these two are those of `ln_final`.
    public init?(short name: String, sublayer: String? = nil, isInBlock: Bool = true) {
        if let kind = HookKind(rawValue: name) {
            self = kind
            return
        }
        let name = HookKind.aliases[name] ?? name
        let sublayer = sublayer.map { HookKind.sublayers[$0] ?? $0 }
        let prefixes: [String]
        if name == "scale" || name == "normalized" {
            guard isInBlock == (sublayer == "ln1" || sublayer == "ln2") else { return nil }
            prefixes = [isInBlock ? "\(sublayer!)." : "ln_final."]
        } else {
            prefixes = ["", "attn.", "mlp."].filter { prefix in
                prefix.isEmpty || sublayer == nil || sublayer == String(prefix.dropLast())
            }
        }
        for prefix in prefixes {
            if let kind = HookKind(rawValue: "\(prefix)hook_\(name)"), kind.isInBlock == isInBlock {
                self = kind
                return
            }
        }
        return nil
    }

    /// The short name, such as `resid_pre`; the kind's name in options and files.
    public var shortName: String {
        switch self {
        case .mlpPre: "mlp_pre"
        case .mlpPost: "mlp_post"
        default: String(rawValue.split(separator: "hook_").last ?? "")
        }
    }

    private static let aliases = [
        "attn": "pattern", "attn_logits": "attn_scores", "key": "k", "query": "q", "value": "v",
        "mlp_pre": "pre", "mlp_post": "post",
    ]

    private static let sublayers = [
        "a": "attn", "attention": "attn", "m": "mlp",
    ]
}
