import Models
import Tensors
import TestSupport
import Testing

/// Names of hook points: TransformerLens', full and short.
@Suite struct HookPointTests {
    static let points = HookKind.allCases.flatMap { kind in
        kind.isInBlock ? [0, 7, 47].map { HookPoint(kind, layer: $0) } : [HookPoint(kind)]
    }

    @Test(arguments: points) func parsingUndoesPrinting(_ point: HookPoint) {
        #expect(HookPoint(point.description) == point)
        #expect(HookPoint(short: point.description) == point)
        #expect(HookPoint(short: point.kind.rawValue, layer: point.layer) == point)
    }

    @Test func namesAreTransformerLens() {
        #expect(HookPoint(.z, layer: 5).description == "blocks.5.attn.hook_z")
        #expect(HookPoint(.residPre, layer: 0).description == "blocks.0.hook_resid_pre")
        #expect(HookPoint(.lnFinalScale).description == "ln_final.hook_scale")
        #expect(
            Set(HookKind.allCases.map(\.shortName)).isSuperset(of: ["z", "resid_pre", "mlp_post"]))
    }

    @Test(arguments: [
        "", "blocks", "blocks.", "blocks.0", "blocks.0.", "blocks..hook_resid_pre",
        "blocks.-1.hook_resid_pre", "blocks.+1.hook_resid_pre", "blocks.01.hook_resid_pre",
        "blocks.x.hook_resid_pre", "blocks.1.hook_embed", "hook_resid_pre", "attn.hook_z",
        "blocks.0.attn.hook_zz", " hook_embed", "blocks.0.attn.hook_z.", "BLOCKS.0.attn.hook_z",
        "blocks.99999999999999999999.attn.hook_z", "unembed.hook_in.x", "blocks.٣.attn.hook_z",
    ])
    func otherNamesAreNoPoints(_ name: String) {
        #expect(HookPoint(name) == nil)
    }

    /// `get_act_name(name, layer, layer_type)` of TransformerLens.
    @Test(
        arguments: [
            ("k", 6, nil, "blocks.6.attn.hook_k"), ("q", 0, nil, "blocks.0.attn.hook_q"),
            ("key", 1, nil, "blocks.1.attn.hook_k"), ("query", 1, nil, "blocks.1.attn.hook_q"),
            ("value", 1, nil, "blocks.1.attn.hook_v"),
            ("result", 2, nil, "blocks.2.attn.hook_result"),
            ("attn", 2, nil, "blocks.2.attn.hook_pattern"),
            ("pattern", 2, nil, "blocks.2.attn.hook_pattern"),
            ("pattern", 2, "attn", "blocks.2.attn.hook_pattern"),
            ("attn_logits", 2, nil, "blocks.2.attn.hook_attn_scores"),
            ("attn_scores", 2, nil, "blocks.2.attn.hook_attn_scores"),
            ("pre", 3, nil, "blocks.3.mlp.hook_pre"), ("post", 3, "mlp", "blocks.3.mlp.hook_post"),
            ("post", 3, "m", "blocks.3.mlp.hook_post"), ("z", 3, "a", "blocks.3.attn.hook_z"),
            ("mlp_pre", 3, nil, "blocks.3.mlp.hook_pre"),
            ("mlp_post", 3, nil, "blocks.3.mlp.hook_post"),
            ("resid_pre", 4, nil, "blocks.4.hook_resid_pre"),
            ("resid_mid", 4, "block", "blocks.4.hook_resid_mid"),
            ("resid_post", 4, "b", "blocks.4.hook_resid_post"),
            ("attn_out", 4, nil, "blocks.4.hook_attn_out"),
            ("mlp_out", 4, nil, "blocks.4.hook_mlp_out"),
            ("mlp_in", 4, nil, "blocks.4.hook_mlp_in"),
            ("q_input", 4, nil, "blocks.4.hook_q_input"),
            ("scale", 5, "ln1", "blocks.5.ln1.hook_scale"),
            ("normalized", 5, "ln2", "blocks.5.ln2.hook_normalized"),
            ("k6", nil, nil, "blocks.6.attn.hook_k"), ("pre5", nil, nil, "blocks.5.mlp.hook_pre"),
            ("pattern11", nil, nil, "blocks.11.attn.hook_pattern"),
            ("scale4ln1", nil, nil, "blocks.4.ln1.hook_scale"),
            ("normalized10ln2", nil, nil, "blocks.10.ln2.hook_normalized"),
            ("embed", nil, nil, "hook_embed"), ("pos_embed", nil, nil, "hook_pos_embed"),
            ("scale", nil, nil, "ln_final.hook_scale"),
            ("normalized", nil, nil, "ln_final.hook_normalized"),
            ("ln_final.hook_scale", nil, nil, "ln_final.hook_scale"),
            ("blocks.2.attn.hook_z", nil, nil, "blocks.2.attn.hook_z"),
        ] as [(String, Int?, String?, String)])
    func shortForms(_ name: String, _ layer: Int?, _ sublayer: String?, _ full: String) {
        #expect(HookPoint(short: name, layer: layer, sublayer: sublayer)?.description == full)
    }

    @Test(
        arguments: [
            ("", nil, nil), ("z", nil, nil), ("resid_pre", nil, nil), ("embed", 0, nil),
            ("scale", 3, nil), ("normalized", 3, "ln3"), ("scale", 3, "attn"),
            ("scale", nil, "ln1"),
            ("k6", 6, nil), ("z", -1, nil), ("pre", 3, "attn"), ("z", 3, "mlp"),
            ("nonsense", 1, nil),
            ("k99999999999999999999", nil, nil), ("6k", nil, nil), ("k½", nil, nil),
            ("blocks.1.attn.hook_z", 1, nil),
        ] as [(String, Int?, String?)])
    func otherShortFormsAreNoPoints(_ name: String, _ layer: Int?, _ sublayer: String?) {
        #expect(HookPoint(short: name, layer: layer, sublayer: sublayer) == nil)
    }

    /// Walks the table of axes against what a run really computes.
    @Test func shapesAreAsTheTableSays() throws {
        let model = try TinyModel.raw()
        let config = model.config
        let sequences = [TinyModel.clean, TinyModel.corrupted, [1, 2, 3, 4, 5, 6]]
        let lengths: [ActivationAxis: Int] = [
            .batch: 3, .pos: 6, .queryPos: 6, .keyPos: 6, .head: config.nHeads,
            .dHead: config.dHead, .dModel: config.dModel, .dMLP: config.dMLP,
            .dVocab: config.dVocab, .one: 1,
        ]
        for kind in config.hookKinds {
            let points =
                kind.isInBlock ? [0, 1].map { HookPoint(kind, layer: $0) } : [HookPoint(kind)]
            let run = try model.run(sequences, caching: .points(points))
            #expect(run.cache.points == points)
            for point in points {
                #expect(run.cache[point]?.shape == kind.axes.map { lengths[$0] }, "\(point)")
            }
        }
        let split = try model.run(sequences, caching: .only(.qInput, .ln1Scale, .ln1Normalized))
        #expect(split.cache[.ln1Scale, 0]?.shape == [3, 6, config.nHeads, 1])
        #expect(split.cache[.ln1Normalized, 1]?.shape == [3, 6, config.nHeads, config.dModel])
    }

    @Test func pointsFireInTheOrderOfTheList() throws {
        let model = try TinyModel.raw()
        var fired: [HookPoint] = []
        var hooks = Hooks()
        hooks.add(where: { !$0.kind.isOnDemand }) { _, point in fired.append(point) }
        let run = try model.run([TinyModel.clean], hooks: hooks, caching: .all)
        #expect(fired.count == 17 * 2 + 6)
        #expect(fired == run.cache.points)
    }
}
