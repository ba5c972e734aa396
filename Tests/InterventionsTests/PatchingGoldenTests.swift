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

    @Test(arguments: [HookKind.residPre, .residMid, .attnOut, .mlpOut])
    func organismMatches(_ kind: HookKind) throws {
        let model = try Transformer.embedded()
        let clean = try model.run("The woman was working because", caching: .all)
        let base = try model.run("The man was working because")
        let metric = try Metric.logitDifference(" she", " he").normalized(from: base, to: clean)
        #expect(abs(metric.range!.clean - 4.157615661621094) < 1e-4)
        #expect(abs(metric.range!.base + 3.574352264404297) < 1e-4)
        let effects = try Sweep(kind, by: [.layer, .pos], from: clean)
            .measure(metric, departingFrom: base)
        let golden = try GoldenTable("organism/patch-\(kind.shortName).csv")
        expectClose(effects.values, golden.values(shape: [12, 6]), atol: 5e-5, kind.shortName)
    }
}
