import Models
import Tensors
import TestSupport
import Testing

/// What hooks see and change, and what a cache keeps.
@Suite struct HooksTests {
    private let model: Transformer
    private let clean = TinyModel.clean

    init() throws { model = try TinyModel.raw() }

    private func logits(_ hooks: Hooks = Hooks(), _ caching: Caching = .none) throws -> Tensor {
        try #require(try model.run([clean], hooks: hooks, caching: caching).logits)
    }

    @Test func observingChangesNothing() throws {
        var seen = 0
        var hooks = Hooks()
        hooks.add(where: { !$0.kind.isOnDemand }) { _, _ in seen += 1 }
        #expect(try logits(hooks).values == logits().values)
        #expect(try logits(Hooks(), .all).values == logits().values)
        #expect(seen == 40)
    }

    /// Listening to points on demand changes how attention is computed, not what.
    @Test(arguments: TestModel.hookKinds) func listeningChangesNoLogits(_ kind: HookKind) throws {
        var hooks = Hooks()
        hooks.add(at: kind) { _, _ in }
        expectClose(try logits(hooks), try logits(), atol: 2e-5, "\(kind)")
        expectClose(try logits(Hooks(), .only(kind)), try logits(), atol: 2e-5, "\(kind)")
    }

    @Test func editsInPlaceAndReplacementsAreTheSame() throws {
        let point = HookPoint(.mlpOut, layer: 0)
        var (inPlace, replacing) = (Hooks(), Hooks())
        inPlace.add(at: point) { value, _ in
            let rows = value.mutableRows
            for row in 0..<rows.count { for i in 0..<rows.columns { rows[row][i] = 0 } }
        }
        replacing.add(at: point) { value, _ in value = Tensor(value.shape) }
        let edited = try logits(inPlace)
        #expect(try logits(replacing).values == edited.values)
        #expect(edited.values != (try logits()).values)
    }

    /// Every point feeds what follows: an edit there reaches the logits.
    @Test(arguments: TestModel.hookKinds) func anEditReachesTheLogits(_ kind: HookKind) throws {
        var hooks = Hooks()
        hooks.add(at: kind) { value, _ in
            // Not affine: the norms would undo that.
            value = Tensor(value.shape, value.values.map { $0 < 0 ? 0.5 * $0 : 1.5 * $0 + 0.1 })
        }
        let changed = zip(try logits(hooks).values, try logits().values).contains {
            abs($0 - $1) > 1e-3
        }
        #expect(changed)
    }

    @Test func hooksRunInOrderAndTheCacheKeepsTheLastValue() throws {
        let point = HookPoint(.residMid, layer: 1)
        var hooks = Hooks()
        var values: [Float] = []
        hooks.add(at: point) { value, _ in value = Tensor(value.shape, repeating: 1) }
        hooks.add(at: .residMid) { value, at in
            guard at == point else { return }
            values.append(value[0, 0, 0])
            value[0, 0, 0] = 2
        }
        hooks.add(where: { $0 == point }) { value, _ in
            values.append(value[0, 0, 0])
            value[0, 0, 0] += 1
        }
        let run = try model.run([clean], hooks: hooks, caching: .all)
        #expect(values == [1, 2])
        let kept = try #require(run.cache[point])
        #expect(kept[0, 0, 0] == 3 && kept[0, 5, 7] == 1)
        // What was kept before an edit downstream stays as it was.
        let mid = try #require(run.cache[.residPre, 1])
        let plain = try model.run([clean], caching: .all)
        #expect(mid.values == plain.cache[.residPre, 1]?.values)
    }

    @Test func cachesKeepSomePositions() throws {
        let all = try model.run([clean, TinyModel.corrupted], caching: .all).cache
        let some = try model.run(
            [clean, TinyModel.corrupted], caching: .all.at(positions: [-1, 2, -6])
        ).cache
        #expect(all.points == some.points)
        for point in all.points {
            let axis = try #require(
                point.kind.axes.firstIndex { $0 == .pos || $0 == .queryPos })
            #expect(some[point]?.values == all[point]?.selecting([5, 2, 0], axis: axis).values)
        }
    }

    /// With logits at the last position only there is one position to keep after the blocks.
    @Test func lastLogitsAndSomePositions() throws {
        let last = try model.run(
            [clean], caching: .all.at(positions: [2]), logits: .last)
        let all = try model.run([clean], caching: .all)
        #expect(last.cache[HookPoint(.residPre, layer: 0)]?.shape == [1, 1, 32])
        expectClose(
            try #require(last.cache[HookPoint(.lnFinalNormalized)]),
            try #require(all.cache[HookPoint(.lnFinalNormalized)]).selecting([5], axis: 1),
            atol: 2e-5)
        expectClose(
            try #require(last.logits), try #require(all.logits).selecting([5], axis: 1), atol: 2e-5)
    }

    @Test func pointsLayersAndPositionsThatAreNotThere() throws {
        let point = HookPoint(.z, layer: 2)
        var hooks = Hooks()
        hooks.add(at: point) { _, _ in }
        let missing = RunError.noSuchPoint("blocks.2.attn.hook_z", nLayers: 2)
        #expect(throws: missing) { try model.run([clean], hooks: hooks) }
        #expect(throws: missing) { try model.run([clean], caching: .points([point])) }
        #expect(throws: missing) { try model.generate(from: clean, count: 1, hooks: hooks) }
        for position in [6, -7] {
            #expect(throws: RunError.noSuchPosition(position, length: 6)) {
                try model.run([clean], caching: .all.at(positions: [position]))
            }
        }
        for stop in [-1, 3] {
            #expect(throws: RunError.noSuchLayer(stop, nLayers: 2)) {
                try model.run(.tokens(TokenBatch([clean])), stoppingAt: stop)
            }
        }
    }

    @Test func inputsThatCannotBeRun() {
        #expect(throws: RunError.emptyPrompt) { try model.run([[]]) }
        #expect(throws: RunError.emptyPrompt) { try model.run([]) }
        #expect(throws: RunError.emptyPrompt) { try model.run([[1], []]) }
        #expect(throws: RunError.tooLong(length: 33, nCtx: 32)) {
            try model.run([[Int](repeating: 0, count: 33)])
        }
        for id in [-1, 97, Int.max] {
            #expect(throws: RunError.unknownToken(id: id, dVocab: 97)) { try model.run([[0, id]]) }
        }
        #expect(throws: RunError.noTokenizer(model: "tiny")) { try model.run("The") }
    }
}
