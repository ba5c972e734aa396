import Interventions
import Models
import Results
import Synchronization
import Tensors
import TestSupport
import Testing

/// Sweeps: identities that need no reference values, and what cannot be swept.
@Suite struct SweepTests {
    /// The runs and the metric of a model's two prompts.
    private func experiment(_ which: TestModel) throws -> (clean: Run, base: Run, metric: Metric) {
        let model = try which.load()
        let clean = try model.run([which.prompts.clean], caching: .all)
        let base = try model.run([which.prompts.corrupted], caching: .all)
        let answers: (TokenReference, TokenReference) = which == .tiny ? (11, 42) : (" she", " he")
        let metric = try Metric.logitDifference(answers.0, answers.1)
            .normalized(from: base, to: clean)
        return (clean, base, metric)
    }

    private static let kinds: [(HookKind, [Sweep.Axis])] = [
        (.residPre, [.layer, .pos]), (.residMid, [.layer, .pos]), (.residPost, [.layer, .pos]),
        (.attnOut, [.layer, .pos]), (.mlpOut, [.layer, .pos]), (.z, [.layer, .head]),
        (.z, [.layer, .head, .pos]), (.q, [.layer, .head]), (.v, [.pos, .layer]),
        (.pattern, [.layer, .head]), (.pattern, [.layer, .destination, .source]),
        (.attnScores, [.head, .layer]), (.embed, [.pos]), (.unembedOut, [.pos]),
    ]

    /// Patching a run into itself changes nothing.
    @Test(arguments: kinds) func cleanIntoClean(_ kind: HookKind, _ axes: [Sweep.Axis]) throws {
        let (clean, base, metric) = try experiment(.tiny)
        let effects = try Sweep(kind, by: axes, from: clean).measure(metric, departingFrom: clean)
        expectClose(effects.values, Tensor(effects.values.shape, repeating: 1), atol: 1e-5)
        let nothing = try Sweep(kind, by: axes, from: base.caching(kind)).measure(
            metric, departingFrom: base)
        expectClose(nothing.values, Tensor(nothing.values.shape), atol: 1e-5)
    }

    @Test(arguments: TestModel.allCases) func allOfTheFirstResidualStreamIsEverything(
        _ which: TestModel
    ) throws {
        let (clean, base, metric) = try experiment(which)
        let byLayer = try Sweep(.residPre, by: [.layer], from: clean)
            .measure(metric, departingFrom: base)
        expectClose(
            byLayer.values, Tensor([base.model.config.nLayers], repeating: 1), atol: 1e-4)
        // The only difference enters at position 2.
        let first = try Sweep(.residPre, by: [.layer, .pos], from: clean)
            .measure(metric, departingFrom: base).values[at: 0]
        #expect(abs(first[2] - 1) < 1e-5)
    }

    /// What stands before the first difference is equal in both runs.
    @Test(arguments: TestModel.allCases, [HookKind.residPre, .attnOut, .mlpOut, .residPost])
    func positionsBeforeTheDifferenceGiveExactlyZero(_ which: TestModel, _ kind: HookKind) throws {
        let (clean, base, metric) = try experiment(which)
        let effects = try Sweep(kind, by: [.layer, .pos], from: clean)
            .measure(metric, departingFrom: base)
        for layer in 0..<base.model.config.nLayers {
            #expect(effects.values[layer, 0] == 0 && effects.values[layer, 1] == 0)
        }
    }

    /// Every head's z and every mlp_out: all that differs, as the last token is shared.
    @Test(arguments: TestModel.allCases) func everyHeadAndMLPTogetherIsEverything(
        _ which: TestModel
    ) throws {
        let (clean, base, metric) = try experiment(which)
        var hooks = Hooks()
        for layer in 0..<base.model.config.nLayers {
            for kind in [HookKind.z, .mlpOut] {
                let site = Site(HookPoint(kind, layer: layer))
                try Intervention(site, .patch(from: clean.cache)).install(in: &hooks)
            }
        }
        let run = try base.model.run([which.prompts.corrupted], hooks: hooks)
        #expect(abs(try metric.value(of: run) - 1) < 1e-4)
    }

    /// Without the layer among the axes all layers are patched together.
    @Test func axesThatAreNotSweptArePatchedWhole() throws {
        let (clean, base, metric) = try experiment(.tiny)
        let effects = try Sweep(.z, by: [.head], from: clean).measure(metric, departingFrom: base)
        #expect(effects.axes.map(\.name) == ["head"])
        for head in 0..<4 {
            var hooks = Hooks()
            for layer in 0..<2 {
                hooks.add(at: HookPoint(.z, layer: layer)) { z, point in
                    for pos in 0..<6 {
                        for i in 0..<8 { z[0, pos, head, i] = clean.cache[point]![0, pos, head, i] }
                    }
                }
            }
            let run = try base.model.run([TinyModel.corrupted], hooks: hooks)
            #expect(abs(Double(effects.values[head]) - (try metric.value(of: run))) < 1e-5)
        }
    }

    @Test func neuronSweepsAreOneAtATime() throws {
        let (clean, base, metric) = try experiment(.tiny)
        let effects = try Sweep(.mlpPost, by: [.layer, .neuron], from: clean)
            .measure(metric, departingFrom: base)
        let golden = try GoldenTensors("transformer-lens/golden_f32.safetensors")
        expectClose(effects.values, try golden("patch.neuron_post"), atol: 5e-5)
        for (layer, neuron) in [(0, 0), (1, 63), (0, 17)] {
            var hooks = Hooks()
            hooks.add(at: HookPoint(.mlpPost, layer: layer)) { post, point in
                for pos in 0..<6 { post[0, pos, neuron] = clean.cache[point]![0, pos, neuron] }
            }
            let run = try base.model.run([TinyModel.corrupted], hooks: hooks)
            #expect(abs(Double(effects.values[layer, neuron]) - (try metric.value(of: run))) < 1e-5)
        }
    }

    @Test func progressIsToldToTheEnd() throws {
        let (clean, base, metric) = try experiment(.tiny)
        let told = Mutex<[Int]>([])
        _ = try Sweep(.residPre, by: [.layer, .pos], from: clean)
            .measure(metric, departingFrom: base) { done, all in
                told.withLock { $0.append(done) }
                #expect(all == 12)
            }
        let counts = told.withLock { $0 }
        #expect(counts.first == 0 && counts.last == 12 && counts == counts.sorted())
    }

    @Test func axesCarryTheTokens() throws {
        let (clean, base, metric) = try experiment(.organism)
        let effects = try Sweep(.residPre, by: [.layer, .pos], from: clean)
            .measure(metric, departingFrom: base)
        #expect(effects.axes.map(\.name) == ["layer", "pos"])
        #expect(
            effects.axes[1].companion?.labels
                == ["<|endoftext|>", "The", " man", " was", " working", " because"])
        #expect(effects.name == "patch-resid_pre")
    }

    @Test func promptsOfDifferentLength() throws {
        let (clean, _, metric) = try experiment(.tiny)
        let base = try clean.model.run([[0, 5, 71]])
        #expect(throws: InterventionError.differentShapes(clean: [1, 6], base: [1, 3])) {
            try Sweep(.residPre, by: [.layer], from: clean).measure(metric, departingFrom: base)
        }
        let residual = try clean.model.run(.residual(clean.residual, layer: 0))
        #expect(throws: InterventionError.baseWithoutTokens) {
            try Sweep(.residPre, by: [.layer], from: clean).measure(metric, departingFrom: residual)
        }
    }

    @Test(
        arguments: [
            (.residPre, .head, ["layer", "pos"]),
            (.pattern, .pos, ["layer", "head", "dest_pos", "src_pos"]),
            (.embed, .layer, ["pos"]), (.mlpPost, .head, ["layer", "pos", "neuron"]),
        ] as [(HookKind, Sweep.Axis, [String])])
    func axesThatAKindHasNot(_ kind: HookKind, _ axis: Sweep.Axis, _ possible: [String]) throws {
        let (clean, base, metric) = try experiment(.tiny)
        let expected = InterventionError.noSuchAxis(
            axis: axis.rawValue, site: kind.shortName, axes: possible)
        #expect(throws: expected) {
            try Sweep(kind, by: [axis], from: clean).measure(metric, departingFrom: base)
        }
    }

    @Test func activationsThatWereNotCached() throws {
        let (_, base, metric) = try experiment(.tiny)
        let clean = try base.model.run([TinyModel.clean])
        #expect(throws: InterventionError.notCached("blocks.0.attn.hook_z")) {
            try Sweep(.z, by: [.layer], from: clean).measure(metric, departingFrom: base)
        }
    }
}

extension Run {
    /// The same run anew, with one kind of activation kept.
    fileprivate func caching(_ kind: HookKind) throws -> Run {
        try model.run(tokens?.ids ?? [], caching: .only(kind))
    }
}
