import Interventions
import Kernels
import Models
import Results
import Tensors
import TestSupport
import Testing

/// The engine against one full forward pass per branch.
@Suite struct EngineTests {
    static let shapes = [
        TransformerConfig(nLayers: 2, dModel: 16, nHeads: 4, dVocab: 31, nCtx: 16),
        TransformerConfig(nLayers: 1, dModel: 15, nHeads: 3, dMLP: 7, dVocab: 11, nCtx: 9),
        TransformerConfig(
            nLayers: 3, dModel: 24, nHeads: 2, dMLP: 40, dVocab: 53, nCtx: 24, activation: .gelu),
        encoder, postNorm(.bert), postNorm(.distilbert), postNorm(.roberta),
    ]

    /// All positions attend to all.
    private static let encoder = {
        var config = TransformerConfig(nLayers: 2, dModel: 12, nHeads: 2, dVocab: 19, nCtx: 12)
        config.attention = .bidirectional
        return config
    }()

    /// A small model of BERT's family.
    private static func postNorm(_ family: FamilyName) -> TransformerConfig {
        let names: [FamilyName: String] = [
            .bert: "bert-base-cased", .distilbert: "distilbert-base-cased",
            .roberta: "roberta-base",
        ]
        let published = TransformerConfig.named.first { $0.name == names[family] }?.config
        var config = published ?? encoder
        (config.nLayers, config.dModel, config.nHeads, config.dHead) = (2, 12, 3, 4)
        (config.dMLP, config.dVocab, config.nCtx) = (17, 23, 12)
        return config
    }

    /// Whether a sweep of a kind by these axes exists, with every edit at every point of it.
    @Test(arguments: shapes, HookKind.allCases)
    func everySiteAndEditMatches(_ config: TransformerConfig, _ kind: HookKind) throws {
        let lengths = config.attention == .causal ? [6, 6] : [6, 4]
        let experiment = try Experiment(config, lengths: lengths, differingFrom: [2, 3])
        guard config.has(kind) else {
            #expect(throws: RunError.noSuchPoint(kind.rawValue, nLayers: config.nLayers)) {
                try Sweep(kind, by: [], from: experiment.clean).measure(
                    experiment.metrics[0], departingFrom: experiment.base)
            }
            return
        }
        let branches = experiment.branches(at: kind)
        try experiment.expectEngineMatches(branches, "\(kind)")
    }

    @Test(arguments: [1, 7, 10_000]) func chunkSizesDoNotMatter(_ rows: Int) throws {
        let experiment = try Experiment(Self.shapes[0], lengths: [6], differingFrom: [2])
        let branches = [HookKind.residPre, .z, .mlpPost, .pattern].flatMap {
            experiment.branches(at: $0)
        }
        try experiment.expectEngineMatches(
            branches, "\(rows) rows", options: .init(rowsPerChunk: rows))
    }

    @Test func threadCountsDoNotMatter() throws {
        let experiment = try Experiment(Self.shapes[2], lengths: [6], differingFrom: [1])
        let branches = experiment.branches(at: .mlpPost) + experiment.branches(at: .q)
        let before = Threads.count
        defer { Threads.count = before }
        let results = try [1, 2, 5].map { count in
            Threads.count = count
            return try experiment.metrics[0].measure(branches, departingFrom: experiment.base)
        }
        for result in results { #expect(result == results[0]) }
    }

    @Test(arguments: [[1], [1, 1], [9], [3, 7]])
    func lengthsAndBatches(_ lengths: [Int]) throws {
        let experiment = try Experiment(
            Self.shapes[0], lengths: lengths, differingFrom: lengths.map { $0 - 1 })
        for kind in [HookKind.embed, .residPre, .k, .attnScores, .result, .mlpPre, .unembedIn] {
            try experiment.expectEngineMatches(
                experiment.branches(at: kind), "\(kind) at lengths \(lengths)")
        }
    }

    /// Branches with edits at several points and layers, drawn at random.
    @Test(arguments: 0..<14 as Range<UInt64>) func severalEditsAtOnce(_ seed: UInt64) throws {
        let config = Self.shapes[Int(seed) % Self.shapes.count]
        let experiment = try Experiment(config, lengths: [7], differingFrom: [1])
        var generator = SeededGenerator(seed: seed, stream: "branches")
        let pool = config.hookKinds.flatMap { experiment.branches(at: $0) }
        let branches = (0..<60).map { _ in
            let count = Int.random(in: 1...4, using: &generator)
            return Branch(
                (0..<count).flatMap { _ in pool.randomElement(using: &generator)!.interventions })
        }
        try experiment.expectEngineMatches(branches, "several edits")
    }

    /// Rows of sequences that begin alike are computed once, where edits are alike too.
    @Test(arguments: [
        HookKind.embed, .residPre, .q, .k, .attnScores, .pattern, .z, .mlpPost, .unembedIn,
    ])
    func sequencesThatBeginAlike(_ kind: HookKind) throws {
        for config in [Self.shapes[0], Self.shapes[2], Self.encoder] {
            let experiment = try Experiment(
                config, lengths: [7, 8, 6, 8], differingFrom: [2, 2, 2, 5], sharing: 4)
            let branches = experiment.branches(at: kind)
            try experiment.expectEngineMatches(branches, "\(kind) of sequences that begin alike")
            let later = experiment.branches(at: .residPost)
            let both = zip(branches, later).map { Branch($0.interventions + $1.interventions) }
            try experiment.expectEngineMatches(both, "\(kind) and later edits")
        }
    }

    @Test func sharedPositionsAreCountedOnce() throws {
        let model = Transformer(randomly: Self.shapes[0], seed: 3)
        let (base, clean) = ([1, 2, 3], [1, 2, 4])
        func operations(_ continuations: [[Int]]) throws -> Double {
            let source = try model.run(continuations.map { clean + $0 }, caching: .all)
            let site = Site(HookPoint(.z, layer: 0), positions: [2], head: 1)
            return try Metric.loss(from: 2).neededOperations(
                [Branch([Intervention(site, .patch(from: source.cache))])],
                departingFrom: model.run(continuations.map { base + $0 }))
        }
        let continuations = [[5], [6, 7], [8, 9, 10]]
        let alone = try continuations.map { try operations([$0]) }
        let all = alone.reduce(0, +)
        // Before a single token there is only what is shared.
        #expect(abs(try operations(continuations) - (all - 2 * alone[0])) < 1e-9 * all)
    }

    /// Edits that all branches share, before, beside and behind those of their own.
    @Test(arguments: 0..<21 as Range<UInt64>) func sharedEdits(_ seed: UInt64) throws {
        let config = Self.shapes[Int(seed) % Self.shapes.count]
        let (lengths, shared) = seed < 14 ? ([7], 0) : seed < 18 ? ([7, 7], 4) : ([7, 5], 0)
        let experiment = try Experiment(
            config, lengths: lengths, differingFrom: lengths.map { _ in 1 }, sharing: shared)
        var generator = SeededGenerator(seed: seed, stream: "shared edits")
        let pool = config.hookKinds.flatMap { experiment.branches(at: $0) }
        let values = pool.filter { branch in
            switch branch.interventions[0].edit {
            case .patch, .replace, .zero: true
            default: false
            }
        }
        func draw(_ count: Int, of branches: [Branch]) -> [Intervention] {
            (0..<count).flatMap { _ in
                branches.randomElement(using: &generator)!.interventions
            }
        }
        for round in 0..<6 {
            let common = draw(Int.random(in: 1...3, using: &generator), of: values)
            // Some are at the same points.
            let near = pool.filter { $0.interventions[0].site.point == common[0].site.point }
            let branches = (0..<12).map { index in
                Branch(draw(index % 3, of: index % 2 == 0 ? pool : near))
            }
            try experiment.expectEngineMatches(branches, sharing: common, "round \(round)")
        }
        let mixed = draw(3, of: pool)
        try experiment.expectEngineMatches(
            [Branch([]), Branch(draw(1, of: pool))], sharing: mixed, "edits of any kind")
    }

    /// The heads of a greedy step: each joins at its own layer, however early those before are.
    @Test func sharedEditsAreMadeOnce() throws {
        let experiment = try Experiment(Self.shapes[2], lengths: [6], differingFrom: [2])
        let patch = { (layer: Int) in
            Intervention(
                Site(HookPoint(.pattern, layer: layer), head: 0),
                .patch(from: experiment.clean.cache))
        }
        let metric = experiment.metrics[0]
        func operations(_ own: [Int], sharing common: [Int]) throws -> Double {
            try metric.neededOperations(
                [Branch(own.map(patch))], sharing: common.map(patch),
                departingFrom: experiment.base)
        }
        #expect(try operations([2], sharing: [0]) == operations([2], sharing: []))
        #expect(try operations([2], sharing: [0]) < operations([0, 2], sharing: []) / 2)
        #expect(try operations([], sharing: [0, 2]) == 0)
    }

    /// The first edit changes nothing, so that the branch differs from a later place on.
    @Test func editsThatChangeNothing() throws {
        let experiment = try Experiment(Self.shapes[2], lengths: [6, 6], differingFrom: [3, 5])
        let nothing = Edit.patch(from: experiment.clean.cache)
        let branches = [[1], [1, 2], [4], []].flatMap { positions in
            [HookKind.z, .mlpPost, .residMid].flatMap { kind in
                [0, 1].map { layer in
                    Branch([
                        Intervention(
                            Site(HookPoint(kind, layer: layer), positions: positions), nothing),
                        Intervention(
                            Site(HookPoint(.residPost, layer: 1), positions: [4]), .zero),
                    ])
                }
            }
        }
        try experiment.expectEngineMatches(branches, "edits that change nothing")
    }

    /// Tokens in the first, in a middle and in the last piece of the vocabulary.
    @Test func largeVocabularies() throws {
        let config = TransformerConfig(nLayers: 2, dModel: 8, nHeads: 2, dVocab: 4500, nCtx: 8)
        let experiment = try Experiment(config, lengths: [5], differingFrom: [2])
        let branches = experiment.branches(at: .z) + experiment.branches(at: .residPost)
        for metric in [
            Metric.logProbability(4499), .probabilityDifference(2048, 2047),
            .probability(0), .loss,
        ] {
            let fast = try metric.measure(branches, departingFrom: experiment.base)
            let slow = try metric.measureNaively(branches, departingFrom: experiment.base)
            #expect(Set(slow).count > 2)
            for (fast, slow) in zip(fast, slow) {
                #expect(abs(fast - slow) <= 2e-5 * abs(slow) + 1e-9, "\(metric.kind)")
            }
        }
    }

    @Test func nothingChangesBeforeTheFirstDifference() throws {
        let experiment = try Experiment(Self.shapes[0], lengths: [6], differingFrom: [3])
        let effects = try Sweep(.residPre, by: [.layer, .pos], from: experiment.clean).measure(
            .logitDifference(3, 4).normalized(from: experiment.base, to: experiment.clean),
            departingFrom: experiment.base)
        for layer in 0..<2 {
            for pos in 0..<3 { #expect(effects.values[layer, pos] == 0) }
        }
    }

    @Test func missingActivationsAreNamed() throws {
        let experiment = try Experiment(Self.shapes[0], lengths: [4], differingFrom: [1])
        let clean = try experiment.model.run(experiment.base.tokens!.ids, caching: .only(.z))
        #expect(throws: InterventionError.notCached("blocks.0.hook_resid_pre")) {
            try Sweep(.residPre, by: [.layer], from: clean).measure(
                .logProbability(1), departingFrom: experiment.base)
        }
    }

    /// A site that is not there, or a value that does not fit, is an error and touches no memory.
    @Test(arguments: [
        Site(HookPoint(.mlpPost, layer: 0), neuron: 99_999),
        Site(HookPoint(.z, layer: 0), head: -1),
        Site(HookPoint(.pattern, layer: 0), source: 6), Site(HookPoint(.z, layer: 0), neuron: 1),
        Site(HookPoint(.residPre, layer: 2)), Site(HookPoint(.residPre, layer: 0), positions: [6]),
        Site(HookPoint(.mlpIn, layer: 0), head: 0),
    ])
    func sitesThatAreNotThere(_ site: Site) throws {
        let experiment = try Experiment(Self.shapes[0], lengths: [6], differingFrom: [1])
        for edit in [Edit.zero, .scale(2)] {
            #expect(throws: (any Error).self) {
                try experiment.metrics[0].measure(
                    [Branch([Intervention(site, edit)])], departingFrom: experiment.base)
            }
        }
    }

    @Test(arguments: [
        (HookPoint(.residPre, layer: 0), [16]), (HookPoint(.z, layer: 0), [1, 1, 1, 4]),
        (HookPoint(.mlpPost, layer: 0), [1, 1, 1]), (HookPoint(.residPre, layer: 0), [1, 2, 16]),
    ])
    func valuesThatDoNotFit(_ point: HookPoint, _ shape: [Int]) throws {
        let experiment = try Experiment(Self.shapes[0], lengths: [6], differingFrom: [1])
        let branch = Branch([Intervention(Site(point), .add(Tensor(shape)))])
        let error = #expect(throws: InterventionError.self) {
            try experiment.metrics[0].measure([branch], departingFrom: experiment.base)
        }
        #expect(error?.description.contains("\(shape)") == true)
    }

    /// Equal tokens mean equal activations in one model only.
    @Test func patchesFromAnotherModelAreNotSkipped() throws {
        let experiment = try Experiment(Self.shapes[0], lengths: [6], differingFrom: [1])
        var config = experiment.model.config
        config.initializerRange = 0.2
        let other = Transformer(randomly: config, seed: 9)
        let source = try other.run(experiment.base.tokens!.ids, caching: .all)
        let effects = Sweep(.mlpOut, by: [.layer, .pos], from: source)
        let branches = try effects.branches(in: experiment.model, length: 6)
        let fast = try experiment.metrics[0].measure(branches, departingFrom: experiment.base)
        let slow = try experiment.metrics[0].measureNaively(
            branches, departingFrom: experiment.base)
        let whole = try experiment.metrics[0].value(of: experiment.base)
        for (fast, slow) in zip(fast, slow) { #expect(abs(fast - slow) < 2e-5 * (1 + abs(slow))) }
        // In the first of two layers every position reaches the last.
        #expect(fast.prefix(6).allSatisfy { abs($0 - whole) > 1e-4 })
    }

    @Test func aBaseRunWithHooksIsRefused() throws {
        let experiment = try Experiment(Self.shapes[0], lengths: [6], differingFrom: [1])
        var hooks = Hooks()
        hooks.add(at: HookPoint(.z, layer: 0)) { z, _ in z = Tensor(z.shape) }
        let base = try experiment.model.run(experiment.base.tokens!.ids, hooks: hooks)
        #expect(throws: InterventionError.baseWithHooks) {
            try experiment.metrics[0].measure(
                experiment.branches(at: .residPre), departingFrom: base)
        }
    }
}
