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
        encoder,
    ]

    /// All positions attend to all.
    private static let encoder = {
        var config = TransformerConfig(nLayers: 2, dModel: 12, nHeads: 2, dVocab: 19, nCtx: 12)
        config.attention = .bidirectional
        return config
    }()

    /// Whether a sweep of a kind by these axes exists, with every edit at every point of it.
    @Test(arguments: shapes, HookKind.allCases)
    func everySiteAndEditMatches(_ config: TransformerConfig, _ kind: HookKind) throws {
        let experiment = try Experiment(config, lengths: [6, 6], differingFrom: [2, 3])
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
    @Test(arguments: 0..<6 as Range<UInt64>) func severalEditsAtOnce(_ seed: UInt64) throws {
        let config = Self.shapes[Int(seed) % Self.shapes.count]
        let experiment = try Experiment(config, lengths: [7], differingFrom: [1])
        var generator = SeededGenerator(seed: seed, stream: "branches")
        let pool = HookKind.allCases.flatMap { experiment.branches(at: $0) }
        let branches = (0..<60).map { _ in
            let count = Int.random(in: 1...4, using: &generator)
            return Branch(
                (0..<count).flatMap { _ in pool.randomElement(using: &generator)!.interventions })
        }
        try experiment.expectEngineMatches(branches, "several edits")
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
}
