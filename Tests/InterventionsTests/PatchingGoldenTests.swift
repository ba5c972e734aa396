import Foundation
import Interventions
import Models
import Results
import Tensors
import TestSupport
import Testing

/// Patching matrices against TransformerLens' on the tiny model and on the organism.
@Suite struct PatchingGoldenTests {
    @Test(arguments: [
        (HookKind.residPre, "get_act_patch_resid_pre"), (.residMid, "get_act_patch_resid_mid"),
        (.attnOut, "get_act_patch_attn_out"), (.mlpOut, "get_act_patch_mlp_out"),
    ])
    func residualSweepsMatch(_ kind: HookKind, _ function: String) throws {
        let golden = try GoldenTensors("transformer-lens/golden_f32.safetensors")
        for model in [try TinyModel.processed(), try TinyModel.raw()] {
            let clean = try model.run([TinyModel.clean], caching: .all)
            let base = try model.run([TinyModel.corrupted])
            let answers = TinyModel.answers
            let metric = try Metric.logitDifference(.id(answers.right), .id(answers.wrong))
                .normalized(from: base, to: clean)
            let effects = try Sweep(kind, by: [.layer, .pos], from: clean)
                .measure(metric, departingFrom: base)
            expectClose(effects.values, try golden("patch.\(function)"), atol: 5e-5, function)
        }
    }

    /// The head sweeps: all positions, by position, and by entry of the pattern.
    @Test(
        arguments: [
            (HookKind.z, [.layer, .head], "out_all_pos"), (.q, [.layer, .head], "q_all_pos"),
            (.k, [.layer, .head], "k_all_pos"), (.v, [.layer, .head], "v_all_pos"),
            (.pattern, [.layer, .head], "pattern_all_pos"),
            (.z, [.layer, .pos, .head], "out_by_pos"), (.q, [.layer, .pos, .head], "q_by_pos"),
            (.k, [.layer, .pos, .head], "k_by_pos"), (.v, [.layer, .pos, .head], "v_by_pos"),
            (.pattern, [.layer, .head, .destination], "pattern_by_pos"),
            (.pattern, [.layer, .head, .destination, .source], "pattern_dest_src_pos"),
        ] as [(HookKind, [Sweep.Axis], String)])
    func headSweepsMatch(_ kind: HookKind, _ axes: [Sweep.Axis], _ function: String) throws {
        let golden = try GoldenTensors("transformer-lens/golden_f32.safetensors")
        let model = try TinyModel.processed()
        let clean = try model.run([TinyModel.clean], caching: .all)
        let base = try model.run([TinyModel.corrupted])
        let answers = TinyModel.answers
        let metric = try Metric.logitDifference(.id(answers.right), .id(answers.wrong))
            .normalized(from: base, to: clean)
        let effects = try Sweep(kind, by: axes, from: clean)
            .measure(metric, departingFrom: base)
        expectClose(
            effects.values, try golden("patch.get_act_patch_attn_head_\(function)"), atol: 5e-5)
    }

    @Test(
        arguments: [
            ([.layer, .pos], "block_every"), ([.layer, .head], "attn_head_all_pos_every"),
            ([.layer, .pos, .head], "attn_head_by_pos_every"),
        ] as [([Sweep.Axis], String)])
    func stackedSweepsMatch(_ axes: [Sweep.Axis], _ function: String) throws {
        let golden = try GoldenTensors("transformer-lens/golden_f32.safetensors")
        let model = try TinyModel.processed()
        let clean = try model.run([TinyModel.clean], caching: .all)
        let base = try model.run([TinyModel.corrupted])
        let answers = TinyModel.answers
        let metric = try Metric.logitDifference(.id(answers.right), .id(answers.wrong))
            .normalized(from: base, to: clean)
        let effects = try Sweep.measure(
            Sweep.every(by: axes, from: clean), metric, departingFrom: base)
        expectClose(effects.values, try golden("patch.get_act_patch_\(function)"), atol: 5e-5)
    }

    @Test func organismNeuronsMatch() throws {
        let model = try Transformer.embedded()
        let clean = try model.run("The woman was working because", caching: .only(.mlpPost))
        let base = try model.run("The man was working because")
        let metric = try Metric.logitDifference(" she", " he").normalized(from: base, to: clean)
        let effects = try Sweep(.mlpPost, by: [.layer, .neuron], from: clean)
            .measure(metric, departingFrom: base)
        let golden = try GoldenTable("organism/neuron-effects.csv")
        expectClose(effects.values, golden.values(shape: [12, 384]), atol: 5e-5)
    }

    @Test(arguments: [
        (HookKind.z, "out"), (.q, "q"), (.k, "k"), (.v, "v"), (.pattern, "pattern"),
    ])
    func organismHeadsMatch(_ kind: HookKind, _ name: String) throws {
        let model = try Transformer.embedded()
        let clean = try model.run("The woman was working because", caching: .only(kind))
        let base = try model.run("The man was working because")
        let metric = try Metric.logitDifference(" she", " he").normalized(from: base, to: clean)
        let effects = try Sweep(kind, by: [.layer, .head], from: clean)
            .measure(metric, departingFrom: base)
        let golden = try GoldenTable("organism/patch-head-\(name).csv")
        expectClose(effects.values, golden.values(shape: [12, 12]), atol: 5e-5, name)
    }

    private struct Meta: Decodable {
        let clean_logit_difference: Double
        let corrupted_logit_difference: Double
    }

    @Test(arguments: [HookKind.residPre, .residMid, .attnOut, .mlpOut])
    func organismMatches(_ kind: HookKind) throws {
        let model = try Transformer.embedded()
        let clean = try model.run("The woman was working because", caching: .all)
        let base = try model.run("The man was working because")
        let metric = try Metric.logitDifference(" she", " he").normalized(from: base, to: clean)
        let meta = try JSONDecoder().decode(
            Meta.self, from: Data(Repository.bytes(Repository.golden("organism/meta.json"))))
        let range = try #require(metric.range)
        #expect(abs(range.clean - meta.clean_logit_difference) < 1e-4)
        #expect(abs(range.base - meta.corrupted_logit_difference) < 1e-4)
        let effects = try Sweep(kind, by: [.layer, .pos], from: clean)
            .measure(metric, departingFrom: base)
        let golden = try GoldenTable("organism/patch-\(kind.shortName).csv")
        expectClose(effects.values, golden.values(shape: [12, 6]), atol: 5e-5, kind.shortName)
    }
}
