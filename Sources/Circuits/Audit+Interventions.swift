import Interventions
import Kernels
import Models
import Tensors

/// Patches whose effect is known beforehand, and the engine against plain forward passes.
///
/// Effects are normalised, 0 being the corrupted and 1 the clean run, and so are the tolerances.
extension Audit {
    var interventionSteps: [AuditStep] {
        var steps = [
            AuditStep(.interventions, "patching nothing gives 0") {
                try effects(of: unchanging(base), in: base, are: 0)
            },
            AuditStep(.interventions, "resid_pre of layer 0 everywhere gives 1") {
                try effects(of: [everywhere([HookPoint(.residPre, layer: 0)])], in: base, are: 1)
            },
            AuditStep(.interventions, "clean into clean gives 1") {
                try effects(of: unchanging(clean), in: clean, are: 1)
            },
        ]
        if model.config.attention == .causal, firstDifference > 0 {
            steps.append(
                AuditStep(.interventions, "patches before the first difference give 0", prefix))
        }
        if clean.tokens?.ids[0].last == base.tokens?.ids[0].last {
            steps.append(
                AuditStep(.interventions, "z and mlp_out of all layers everywhere give 1") {
                    let points = (0..<model.config.nLayers).flatMap { layer in
                        [HookKind.z, .mlpOut].map { HookPoint($0, layer: layer) }
                    }
                    return try effects(of: [everywhere(points)], in: base, are: 1)
                })
        }
        steps.append(
            AuditStep(.interventions, "the engine = a full forward pass for each branch") {
                let (branches, _) = sample
                let slow = try metric.measureNaively(branches, departingFrom: base)
                return discrepancy(of: try measured(branches), from: slow, at: sample.names)
            })
        steps.append(
            AuditStep(.interventions, "sizes of chunks do not matter") {
                let (branches, names) = sample
                let usual = try measured(branches)
                var found = Discrepancy()
                for rows in [1, 7] {
                    let other = try measured(branches, Engine.Options(rowsPerChunk: rows))
                    found.merge(discrepancy(of: other, from: usual, at: names))
                }
                return found
            })
        steps.append(AuditStep(.interventions, "threads do not matter, to the last bit", threads))
        return steps
    }

    private func measured(
        _ branches: [Branch], in run: Run? = nil, _ options: Engine.Options = Engine.Options()
    ) throws -> [Double] {
        try operations.measure(metric, branches, run ?? base, options)
    }

    /// Values that should be 0 or 1 when normalised.
    private func effects(
        of branches: [Branch], in run: Run, are expected: Double
    ) throws -> Discrepancy {
        let value = expected == 0 ? differences.corrupted : differences.clean
        let names = branches.map { $0.interventions.map(\.site.point.description) }
        return discrepancy(
            of: try measured(branches, in: run), from: branches.map { _ in value },
            at: names.map { $0.count == 1 ? $0[0] : "all layers" })
    }

    /// The differences between raw values, normalised.
    ///
    /// - Parameter tolerance: For raw values; `nil` for what rounding allows.
    private func discrepancy(
        of values: [Double], from expected: [Double], at places: [String],
        within tolerance: Double? = nil
    ) -> Discrepancy {
        precondition(values.count == expected.count, "\(values.count) values of \(expected.count)")
        var found = Discrepancy()
        let scale = abs(differences.clean - differences.corrupted)
        for (index, value) in values.enumerated() {
            found.add(
                abs(value - expected[index]) / scale,
                within: (tolerance ?? self.tolerance) / scale, at: places[index])
        }
        return found
    }

    /// A patch of whole activations of the clean run.
    private func everywhere(_ points: [HookPoint]) -> Branch {
        Branch(points.map { Intervention(Site($0), .patch(from: clean.cache)) })
    }

    /// Edits that leave everything as it is.
    ///
    /// The engine sees of a patch that it changes nothing and computes nothing; the same values as
    /// a replacement, and the factor 1, go the whole way.
    private func unchanging(_ run: Run) -> [Branch] {
        spread(4, of: model.config.nLayers).flatMap { layer in
            [HookKind.residPre, .z, .pattern, .mlpPost, .mlpOut].flatMap { kind in
                let point = HookPoint(kind, layer: layer)
                let edits: [Edit] = [
                    .patch(from: run.cache), .scale(1), run.cache[point].map { .replace($0) },
                ].compactMap { $0 }
                return edits.map { Branch([Intervention(Site(point), $0)]) }
            }
        }
    }

    /// Patches where both prompts have the same tokens, by the engine and by a forward pass.
    private func prefix() throws -> Discrepancy {
        let positions = Array(0..<firstDifference)
        let branches = (0..<model.config.nLayers).flatMap { layer in
            [HookKind.residPre, .z, .mlpOut].map { kind in
                let site = Site(HookPoint(kind, layer: layer), positions: positions)
                return Branch([Intervention(site, .patch(from: clean.cache))])
            }
        }
        var found = try effects(of: branches, in: base, are: 0)
        let plain = [branches[branches.count / 2]]
        found.merge(
            discrepancy(
                of: try metric.measureNaively(plain, departingFrom: base),
                from: [differences.corrupted], at: ["a forward pass"]))
        return found
    }

    /// Values under different numbers of threads.
    private func threads() throws -> Discrepancy {
        let (branches, names) = sample
        let before = Threads.count
        defer { Threads.count = before }
        Threads.count = 1
        let expected = try measured(branches)
        var found = Discrepancy()
        for count in [2, 3] {
            Threads.count = count
            found.merge(
                discrepancy(of: try measured(branches), from: expected, at: names, within: 0))
        }
        return found
    }

    /// Patches of the stream by layer and position, of heads, patterns and neurons: few enough for
    /// a forward pass each.
    private var sample: (branches: [Branch], names: [String]) {
        let config = model.config
        var sites: [(Site, String)] = []
        for layer in spread(4, of: config.nLayers) {
            for pos in spread(8, of: base.tokens?.length ?? 0) {
                let site = Site(HookPoint(.residPre, layer: layer), positions: [pos])
                sites.append((site, "resid_pre \(layer), pos \(pos)"))
            }
        }
        for index in spread(8, of: config.nLayers * config.nHeads) {
            let (layer, head) = index.quotientAndRemainder(dividingBy: config.nHeads)
            for kind in [HookKind.z, .pattern] {
                let site = Site(HookPoint(kind, layer: layer), head: head)
                sites.append((site, "\(kind.shortName) of L\(layer)H\(head)"))
            }
        }
        for index in spread(8, of: config.nLayers * config.dMLP) {
            let (layer, neuron) = index.quotientAndRemainder(dividingBy: config.dMLP)
            let site = Site(HookPoint(.mlpPost, layer: layer), neuron: neuron)
            sites.append((site, "L\(layer)N\(neuron)"))
        }
        return (
            sites.map { Branch([Intervention($0.0, .patch(from: clean.cache))]) }, sites.map(\.1)
        )
    }
}
