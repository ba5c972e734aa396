import Kernels
import Mediation
import Models
import Results
import TestSupport
import Testing

/// Greedy and top-k selection against golden values, and going on where one ended.
@Suite struct SelectionTests {
    private let golden: Golden
    private let model = MediationModel.make()

    init() throws { golden = try Golden.read() }

    private var heads: HeadObjective { HeadObjective(golden.items.map(\.tokens), in: model) }
    private var neurons: NeuronObjective { NeuronObjective(GoldenPrompt.pool, in: model) }

    private func expect(
        _ outcome: (parts: [[Int]], effects: [Double]), _ expected: Golden.Choice
    ) {
        #expect(outcome.parts == expected.parts)
        for (value, other) in zip(outcome.effects, expected.values) {
            #expect(isClose(value, other))
        }
    }

    @Test func selectedHeads() throws {
        for (algorithm, expected) in [
            (Selection<HeadObjective>.Algorithm.topK, golden.heads.topK),
            (.greedy, golden.heads.greedy),
        ] {
            let outcome = try Selection(heads).choose(6, by: algorithm)
            expect((outcome.parts.map { [$0.layer, $0.head] }, outcome.effects), expected)
            // All heads together are the model.
            #expect(isClose(outcome.effects[5], outcome.whole, 1e-6))
            let alone = outcome.parts.sorted().map { outcome.alone[$0] ?? 0 }
            for (value, other) in zip(alone, golden.heads.single) { #expect(isClose(value, other)) }
            #expect(outcome.enough == 1)
        }
    }

    @Test func selectedNeurons() throws {
        let parts = { (units: [NeuronUnit]) in units.map { [$0.site - 1, $0.neuron ?? -1] } }
        for (algorithm, expected) in [
            (Selection<NeuronObjective>.Algorithm.topK, golden.selectedNeurons.topK),
            (.greedy, golden.selectedNeurons.greedy),
        ] {
            let outcome = try Selection(neurons).choose(4, by: algorithm)
            expect((parts(outcome.parts), outcome.effects), expected)
            #expect(isClose(outcome.whole, golden.selectedNeurons.wholeSites[0]))
        }
        let block = neurons.parts.filter { $0.site == 1 }
        let outcome = try Selection(neurons, among: block).choose(3, by: .topK)
        expect((parts(outcome.parts), outcome.effects), golden.selectedNeurons.topKOfBlock0)
        #expect(try Selection(neurons, among: block).choose(99, by: .greedy).parts.count == 8)
    }

    /// What a stopped selection kept, and what one of fewer parts kept, changes no bit.
    @Test(arguments: [
        Selection<HeadObjective>.Algorithm.greedy, .topK, .randomGreedy(ranks: 3, seed: 2),
    ])
    func resuming(_ algorithm: Selection<HeadObjective>.Algorithm) throws {
        let objective = heads
        let whole = try Selection(objective).choose(5, by: algorithm)
        try Repository.withTemporaryFolder { folder in
            for count in [1, 3, 5, 2, 5] {
                let store = try SweepStore(
                    "\(folder)/store", of: ["a": "b"],
                    branches: Selection.branchCount(of: objective))
                var seen: [(done: Int, total: Int)] = []
                let outcome = try Selection(objective, store: store) { seen.append(($0, $1)) }
                    .choose(count, by: algorithm)
                #expect(outcome.parts == Array(whole.parts.prefix(count)))
                #expect(outcome.effects == Array(whole.effects.prefix(count)))
                if count == 2 { #expect(seen.isEmpty) }
                if let last = seen.last { #expect(last.done == last.total) }
            }
        }
    }

    /// Chunks of the ranking are top-k's values at their ends, measured in fewer passes.
    @Test func chunks() throws {
        let objective = neurons
        let whole = try Selection(objective).choose(8, by: .topK)
        try Repository.withTemporaryFolder { folder in
            for (size, count, ends) in [
                (3, 8, [3, 6, 8]), (4, 8, [4, 8]), (9, 5, [5]), (3, 6, [3, 6]),
            ] {
                let store = try SweepStore(
                    "\(folder)/store", of: ["a": "b"],
                    branches: Selection.branchCount(of: objective))
                let outcome = try Selection(objective, store: store)
                    .choose(count, by: .chunks(of: size))
                #expect(outcome.parts == Array(whole.parts.prefix(count)))
                #expect(outcome.sizes == ends)
                for (value, end) in zip(outcome.effects, ends) {
                    #expect(isClose(value, whole.effects[end - 1], 1e-6))
                }
            }
        }
    }

    /// The first rank alone is greedy; more ranks give other parts, the same for the same seed.
    @Test func randomGreedy() throws {
        let greedy = try Selection(heads).choose(6, by: .greedy)
        let first = try Selection(heads).choose(6, by: .randomGreedy(ranks: 1, seed: 5))
        #expect(first.parts == greedy.parts && first.effects == greedy.effects)
        let orders = try (0..<4).map { seed in
            try Selection(heads).choose(6, by: .randomGreedy(ranks: 4, seed: seed)).parts
        }
        #expect(Set(orders).count > 1 && orders.allSatisfy { Set($0) == Set(greedy.parts) })
        let again = try Selection(heads).choose(6, by: .randomGreedy(ranks: 4, seed: 3))
        #expect(again.parts == orders[3] && isClose(again.effects[5], again.whole, 1e-6))
    }

    /// Whole sites and whole layers, as the published test mode measures them.
    @Test func groups() throws {
        let sites = try Selection(neurons).effects(
            ofGroups: (0..<4).map { [NeuronUnit(site: $0, neuron: nil)] })
        for (value, expected) in zip(sites, golden.selectedNeurons.wholeSites) {
            #expect(isClose(value, expected))
        }
        let layers = try Selection(heads).effects(
            ofGroups: (0..<3).map { layer in heads.parts.filter { $0.layer == layer } })
        for (value, expected) in zip(layers, [-0.4038618088, -0.1808570617, -0.2851880848]) {
            #expect(isClose(value, expected))
        }
    }

    /// Items that are worked on at once give the same bits as one after the other.
    @Test func threadCountsDoNotMatter() throws {
        let before = Threads.count
        defer { Threads.count = before }
        let model = try Transformer.embedded()
        let items = Array(MediationStudy.organism.items.prefix(3))
        let results = try [1, 2, 3, 7].map { count in
            Threads.count = count
            let chosen = try Selection(heads).choose(3, by: .greedy)
            let sweep = try HeadSweep(items, in: model, filterQuantile: nil).measure()
            let swept = try #require(sweep).results.map {
                [$0.totalEffect] + $0.indirectHead.joined()
            }
            return [chosen.effects] + swept
        }
        for result in results { #expect(result == results[0]) }
        #expect(results[0].count == 4)
    }

    /// A selection that ends in the middle of a pass goes on with the next item.
    @Test func stoppedInTheMiddle() throws {
        let objective = heads
        let whole = try Selection(objective).choose(3, by: .greedy)
        try Repository.withTemporaryFolder { folder in
            for stop in [0, 1, 2, 5, 1000] {
                let store = try SweepStore(
                    "\(folder)/store", of: ["a": "b"],
                    branches: Selection.branchCount(of: objective))
                let failing = Stopping(objective: objective, calls: stop)
                let outcome = try? Selection(failing, store: store).choose(3, by: .greedy)
                #expect((outcome == nil) == (stop < 1000))
                guard let outcome else { continue }
                #expect(outcome.effects == whole.effects)
                // Alone, all, the second and the third step, but what was done before.
                #expect(1000 - failing.calls == 4 * objective.itemCount - (1 + 2 + 5))
            }
        }
    }
}

/// An objective that fails after some calls.
private final class Stopping: SelectionObjective, @unchecked Sendable {
    struct End: Error {}

    private let objective: HeadObjective
    private(set) var calls: Int

    init(objective: HeadObjective, calls: Int) { (self.objective, self.calls) = (objective, calls) }

    var parts: [Head] { objective.parts }
    var itemCount: Int { objective.itemCount }
    var itemsAtOnce: Int { 1 }

    func effects(of sets: [[Head]], item: Int) throws -> [Double] {
        calls -= 1
        if calls < 0 { throw End() }
        return try objective.effects(of: sets, item: item)
    }
}
