import Interventions
import Models
import Tensors
import TestSupport
import Testing

/// Sites and edits on every kind of activation, against a loop over all elements.
@Suite struct EditTests {
    private static let positions = [1, -2]

    /// A site for each axis that a kind has, and all of them together.
    private static func sites(_ kind: HookKind) -> [Site] {
        let point = HookPoint(kind, layer: kind.isInBlock ? 1 : nil)
        var sites = [Site(point)]
        var all = Site(point)
        for axis in kind.axes {
            var site = Site(point)
            switch axis {
            case .pos, .queryPos: (site.positions, all.positions) = (positions, positions)
            case .keyPos: (site.source, all.source) = (-3, -3)
            case .head: (site.head, all.head) = (2, 2)
            case .dMLP: (site.neuron, all.neuron) = (17, 17)
            case .batch, .dHead, .dModel, .dVocab, .one: continue
            }
            sites.append(site)
        }
        return sites + [all]
    }

    /// Whether a site names an element, by the words of its documentation.
    private func contains(_ site: Site, _ index: [Int], in shape: [Int]) -> Bool {
        zip(zip(site.point.kind.axes, index), shape).allSatisfy { pair, length in
            let (axis, at) = pair
            func isAt(_ coordinate: Int) -> Bool {
                at == (coordinate < 0 ? coordinate + length : coordinate)
            }
            return switch axis {
            case .pos, .queryPos: site.positions?.contains(where: isAt) ?? true
            case .keyPos: site.source.map(isAt) ?? true
            case .head: site.head.map(isAt) ?? true
            case .dMLP: site.neuron.map(isAt) ?? true
            default: true
            }
        }
    }

    @Test(arguments: TestModel.hookKinds) func editsChangeTheirSiteOnly(_ kind: HookKind) throws {
        let model = try TinyModel.raw()
        let batch = [TinyModel.corrupted, [9, 8, 7, 6, 5, 4]]
        for site in Self.sites(kind) {
            let point = site.point
            let clean = try model.run(
                [TinyModel.clean, [1, 2, 3, 4, 5, 6]], caching: .points([point]))
            let base = try #require(try model.run(batch, caching: .points([point])).cache[point])
            let source = try #require(clean.cache[point])
            let edits: [(Edit, Tensor)] = [
                (.zero, Tensor(base.shape)), (.patch(from: clean.cache), source),
            ]
            for (edit, new) in edits {
                var hooks = Hooks()
                try Intervention(site, edit).install(in: &hooks)
                let run = try model.run(batch, hooks: hooks, caching: .points([point]))
                let expected = self.replacing(site, in: base, by: new)
                expectClose(try #require(run.cache[point]), expected, atol: 0, "\(site)")
            }
        }
    }

    private func replacing(_ site: Site, in base: Tensor, by new: Tensor) -> Tensor {
        let (old, replacements) = (base.values, new.values)
        return Tensor(computing: base.shape) { index in
            let flat = zip(index, base.shape).reduce(0) { $0 * $1.1 + $1.0 }
            return Double(contains(site, index, in: base.shape) ? replacements[flat] : old[flat])
        }
    }

    @Test func editsAtOnePointAreAppliedInOrder() throws {
        let model = try TinyModel.raw()
        let clean = try model.run([TinyModel.clean], caching: .only(.z))
        let point = HookPoint(.z, layer: 0)
        let branch = Branch([
            Intervention(Site(point), .patch(from: clean.cache)),
            Intervention(Site(point, positions: [2], head: 1), .zero),
        ])
        var hooks = Hooks()
        for intervention in branch.interventions { try intervention.install(in: &hooks) }
        let run = try model.run([TinyModel.corrupted], hooks: hooks, caching: .only(.z))
        let z = try #require(run.cache[point])
        #expect(z[at: 0][at: 2][at: 1].values.allSatisfy { $0 == 0 })
        #expect(z[at: 0][at: 3].values == clean.cache[point]?[at: 0][at: 3].values)
    }

    @Test func patchesNeedTheirActivation() throws {
        let model = try TinyModel.raw()
        let clean = try model.run([TinyModel.clean], caching: .only(.z))
        var hooks = Hooks()
        let error = #expect(throws: InterventionError.self) {
            let site = Site(HookPoint(.residPre, layer: 1))
            try Intervention(site, .patch(from: clean.cache)).install(in: &hooks)
        }
        #expect(error == .notCached("blocks.1.hook_resid_pre"))
    }
}
