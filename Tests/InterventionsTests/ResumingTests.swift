import Interventions
import Kernels
import Models
import Results
import Synchronization
import TestSupport
import Testing

/// Sweeps that go on where they were stopped, and sweeps in little memory.
@Suite struct ResumingTests {
    private static let provenance = Provenance(
        command: [], version: "1", model: "random", checkpoint: "none", time: "")

    private let experiment: Experiment
    private let sweep: Sweep
    private let metric: Metric
    /// Small chunks, so that there are many.
    private let options = Engine.Options(rowsPerChunk: 23)

    init() throws {
        experiment = try Experiment(EngineTests.shapes[2], lengths: [9], differingFrom: [2])
        sweep = Sweep(.mlpPost, by: [.layer, .neuron], from: experiment.clean)
        metric = try Metric.logitDifference(3, 4).normalized(
            from: experiment.base, to: experiment.clean)
    }

    private func store(
        _ path: String, _ sweep: Sweep? = nil, metric: Metric? = nil, base: Run? = nil,
        options: Engine.Options? = nil, provenance: Provenance = provenance
    ) throws -> SweepStore {
        try (sweep ?? self.sweep).store(
            at: path, for: metric ?? self.metric, departingFrom: base ?? experiment.base,
            options: options ?? self.options, provenance: provenance)
    }

    /// The values of all branches, and the progress that was told.
    private func measure(_ store: SweepStore? = nil) throws -> (values: [Double], told: [Int]) {
        let branches = try sweep.branches(
            in: experiment.model, length: experiment.base.tokens?.length ?? 0)
        let told = Mutex<[Int]>([])
        let values = try metric.measure(
            branches, departingFrom: experiment.base, options: options, store: store
        ) { done, _ in told.withLock { $0.append(done) } }
        return (values, told.withLock { $0 })
    }

    @Test func resumedIsUninterrupted() throws {
        let expected = try measure().values
        #expect(Set(expected).count > 50)
        try Repository.withTemporaryFolder { folder in
            let path = folder + "/.sweep.partial"
            let header = try {
                _ = try store(path)
                return try Repository.bytes(path).count
            }()
            #expect(try measure(store(path)).values == expected)
            let whole = try Repository.bytes(path)
            // Where each record ends: 16 bytes and 16 for each of its branches.
            var ends = [header]
            while ends[ends.count - 1] < whole.count {
                ends.append(ends[ends.count - 1] + 16 + 16 * Int(whole[ends[ends.count - 1]]))
            }
            #expect(ends.last == whole.count && ends.count > 20)
            for end in [
                ends[0], ends[1], ends[ends.count / 2] + 5, ends[ends.count - 2], whole.count,
            ] {
                try Repository.write(Array(whole[..<end]), to: path)
                let store = try store(path)
                let (values, told) = try measure(store)
                #expect(values == expected, "after \(end) bytes")
                #expect(told.first == store.knownCount && told.last == expected.count)
                #expect(told == told.sorted())
                #expect(try Repository.bytes(path).count == whole.count)
            }
        }
    }

    /// Chunks that are known are not computed: values that cannot be right come back.
    @Test func whatIsKnownIsNotMeasured() throws {
        let expected = try measure().values
        try Repository.withTemporaryFolder { folder in
            let path = folder + "/.sweep.partial"
            try store(path).append(
                expected.map { $0 + 1 }, of: Array(expected.indices))
            let (values, told) = try measure(store(path))
            #expect(values == expected.map { $0 + 1 } && told == [expected.count])
            // A chunk that is known in part is measured again.
            try Repository.remove(path)
            try store(path).append([5], of: [17])
            #expect(try measure(store(path)).values == expected)
        }
    }

    @Test func otherSweepsAreRefused() throws {
        try Repository.withTemporaryFolder { folder in
            let path = folder + "/.sweep.partial"
            try store(path).append([1], of: [1])
            let other = try Experiment(EngineTests.shapes[2], lengths: [9], differingFrom: [3])
            let heads = Sweep(.z, by: [.layer, .head], from: experiment.clean)
            let raw = Metric.logitDifference(3, 4)
            var newer = Self.provenance
            newer.version = "2"
            var trained = Self.provenance
            trained.checkpoint = "xxh64:1"
            let prompts = Sweep(.mlpPost, by: [.layer, .neuron], from: other.clean)
            let small = Engine.Options(rowsPerChunk: 23, memory: 1 << 30)
            let refused: [([String], () throws -> SweepStore)] = [
                (["activations", "sweep", "number of branches"], { try store(path, heads) }),
                (["metric"], { try store(path, metric: raw) }),
                (["memory limit"], { try store(path, options: .init(rowsPerChunk: 24)) }),
                (["memory limit"], { try store(path, options: small) }),
                (["toolkit version"], { try store(path, provenance: newer) }),
                (["model"], { try store(path, provenance: trained) }),
                (["activations", "prompts"], { try store(path, prompts) }),
                (["activations", "prompts"], { try store(path, base: experiment.clean) }),
            ]
            for (differences, open) in refused {
                let expected = SweepStoreError.anotherExperiment(
                    path: path, differences: differences)
                #expect(throws: expected) { try open() }
            }
            #expect(try store(path).known == [1: 1])
        }
    }

    @Test func memoryDoesNotChangeResultsBeyondRounding() throws {
        let branches = [HookKind.residPre, .z, .mlpPost, .pattern, .result].flatMap {
            experiment.branches(at: $0)
        }
        for memory in [1 << 30, 100_000] {
            try experiment.expectEngineMatches(
                branches, "\(memory) bytes", options: .init(memory: memory))
        }
        #expect(throws: InterventionError.self) {
            try metric.measure(
                branches, departingFrom: experiment.base, options: .init(memory: 2000))
        }
    }

    @Test func threadsDoNotChangeResultsInLittleMemory() throws {
        let before = Threads.count
        defer { Threads.count = before }
        let branches = experiment.branches(at: .mlpPost) + experiment.branches(at: .q)
        let results = try [1, 2, 12].map { count in
            Threads.count = count
            return try metric.measure(
                branches, departingFrom: experiment.base, options: .init(memory: 50_000))
        }
        #expect(results[1] == results[0] && results[2] == results[0])
    }
}
