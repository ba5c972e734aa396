import Interventions
import Models
import Tensors
import TestSupport
import Testing

/// A random model with a clean and a base run, and branches at any point.
struct Experiment {
    let model: Transformer
    let clean: Run
    let base: Run
    /// Every activation of the clean run, those on demand too.
    private(set) var cache: ActivationCache
    let metrics: [Metric]

    /// - Parameters:
    ///   - lengths: The sequences' lengths.
    ///   - starts: Where clean and base tokens begin to differ in each.
    ///   - shared: How many tokens of the first sequence the others begin with.
    init(
        _ config: TransformerConfig, lengths: [Int], differingFrom starts: [Int],
        sharing shared: Int = 0
    ) throws {
        var random = config
        // Large enough that every activation matters.
        random.initializerRange = 0.3
        model = Transformer(randomly: random, seed: 5)
        var generator = SeededGenerator(seed: 1, stream: "tokens")
        func tokens(_ count: Int) -> [Int] {
            (0..<count).map { _ in Int.random(in: 0..<config.dVocab, using: &generator) }
        }
        var base = lengths.map(tokens)
        for index in base.indices {
            base[index].replaceSubrange(0..<shared, with: base[0].prefix(shared))
        }
        let clean = zip(base, starts).map { sequence, start in
            sequence.enumerated().map { pos, token in
                pos == start ? (token + 1) % config.dVocab : token
            }
        }
        self.clean = try model.run(clean, caching: .all)
        self.base = try model.run(base)
        var (elsewhere, everywhere) = (Metric.probability(1), Metric.oddsRatio(3, 4))
        elsewhere.positions = [0, -1]
        everywhere.positions = nil
        metrics =
            [
                .logitDifference(3, 4), .logProbability(2), .probabilityDifference(1, 5),
                try .divergence(from: self.base), elsewhere, everywhere,
                .function("largest") { Double($0.max() ?? 0) },
            ].map { metric in
                // Without a tokenizer it is not known which token is a mask.
                var metric = metric
                if config.isMasked, metric.readsPrediction { metric.positions = [-1] }
                return metric
            } + (lengths.contains(1) ? [] : [.loss, .loss(from: lengths.min()! - 2)])
        cache = self.clean.cache
        let onDemand = try model.run(clean, caching: Caching { $0.kind.isOnDemand }).cache
        for point in onDemand.points { cache[point] = onDemand[point] }
    }

    /// Every edit at some sites of an activation: whole, by head or neuron, at the first, the last
    /// and a middle position.
    func branches(at kind: HookKind) -> [Branch] {
        let layers = kind.isInBlock ? (0..<model.config.nLayers).map { $0 } : [nil]
        return layers.flatMap { layer in
            sites(at: HookPoint(kind, layer: layer)).flatMap { site in
                edits(at: site.point).map { Branch([Intervention(site, $0)]) }
            }
        }
    }

    private func sites(at point: HookPoint) -> [Site] {
        let axes = point.kind.axes
        var sites = [Site(point)]
        if axes.contains(.head) {
            sites += [Site(point, head: 0), Site(point, head: model.config.nHeads - 1)]
        }
        let hasNeurons = axes == [.batch, .pos, .dModel] && point.kind != .ln1Normalized
        if axes.contains(.dMLP) || hasNeurons {
            sites += [Site(point, neuron: 1), Site(point, positions: [-1], neuron: 4)]
        }
        if axes.contains(.pos) || axes.contains(.queryPos) {
            let last = (base.tokens?.length ?? 1) - 1
            sites += [[0], [last], [last / 2, last]].map { Site(point, positions: $0) }
        }
        if axes.contains(.keyPos) {
            sites.append(Site(point, positions: [-1], source: 0, head: 1))
        }
        return sites
    }

    private func edits(at point: HookPoint) -> [Edit] {
        let shape = cache[point]?.shape ?? []
        let other = Tensor.random(shape, stream: "\(point)")
        var single = shape
        single[0] = 1
        single[1] = min(single[1], 1)
        let broadcast = Tensor.random(single, stream: "one \(point)")
        let isPattern = point.kind.axes.contains(.queryPos)
        let edits: [Edit] = [
            .patch(from: cache), .replace(isPattern ? other : broadcast), .add(other),
            .scale(isPattern ? 0.5 : -0.5),
            .function { values in
                for i in 0..<values.count { values[i] = 0.7 * values[i] + 0.1 * Float(i % 3) }
            },
        ]
        // Nothing can be divided by a norm's scale of zero.
        return point.kind.axes.contains(.one) ? edits : edits + [.zero]
    }

    /// Expects the engine and a full forward pass per branch to agree.
    ///
    /// - Parameter common: Edits that each branch has before its own.
    func expectEngineMatches(
        _ branches: [Branch], sharing common: [Intervention] = [], _ what: String,
        options: Engine.Options = .init(), sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let whole = branches.map { Branch(common + $0.interventions) }
        for metric in metrics {
            let fast =
                common.isEmpty
                ? try metric.measure(branches, departingFrom: base, options: options)
                : try metric.measureEach(
                    branches, sharing: common, departingFrom: base, options: options
                ).map { $0.reduce(0, +) / Double($0.count) }
            let slow = try metric.measureNaively(whole, departingFrom: base)
            for (index, (fast, slow)) in zip(fast, slow).enumerated() {
                let sites = whole[index].interventions.map(\.site)
                #expect(
                    abs(fast - slow) <= 2e-5 + 2e-5 * abs(slow),
                    "\(what), \(metric.kind), branch \(index) at \(sites)",
                    sourceLocation: sourceLocation)
            }
        }
    }
}
