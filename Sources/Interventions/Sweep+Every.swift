public import Models
public import Results

extension Sweep {
    /// The activations that TransformerLens' "every" functions sweep, in their order.
    ///
    /// By layer and position `resid_pre`, `attn_out`, `mlp_out` (`get_act_patch_block_every`); by
    /// layer and head, and position too, `z`, `q`, `k`, `v`, `pattern`
    /// (`get_act_patch_attn_head_…_every`), where the position of a pattern is that of its queries.
    ///
    /// - Throws: ``InterventionError/noStack(axes:)`` for other axes.
    public static func every(by axes: [Axis], from clean: Run) throws -> [Sweep] {
        switch axes {
        case [.layer, .pos]:
            return [HookKind.residPre, .attnOut, .mlpOut].map { Sweep($0, by: axes, from: clean) }
        case [.layer, .head], [.layer, .pos, .head]:
            let patternAxes = axes.map { $0 == .pos ? Axis.destination : $0 }
            return [HookKind.z, .q, .k, .v].map { Sweep($0, by: axes, from: clean) }
                + [Sweep(.pattern, by: patternAxes, from: clean)]
        default: throw InterventionError.noStack(axes: axes.map(\.rawValue))
        }
    }

    /// Measures several sweeps, stacked along a first axis `site`; a single one as it is.
    ///
    /// - Parameters:
    ///   - sweeps: What is patched, by axes of the same lengths.
    ///   - metric: What is measured.
    ///   - base: The run the branches depart from.
    ///   - options: How the work is cut.
    ///   - store: Gives each sweep the store that keeps its values as they come; `nil` for none.
    ///   - progress: Called after each chunk with how many branches of a sweep are done, of how
    ///     many.
    public static func measure(
        _ sweeps: [Sweep], _ metric: Metric, departingFrom base: Run,
        options: Engine.Options = Engine.Options(),
        store: (Sweep) throws -> SweepStore? = { _ in nil },
        progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) throws -> LabelledArray {
        let parts = try sweeps.map { sweep in
            try sweep.measure(
                metric, departingFrom: base, options: options, store: store(sweep),
                progress: progress)
        }
        if parts.count == 1 { return parts[0] }
        return .stacking(parts, along: "site", labels: sweeps.map(\.kind.shortName))
    }
}
