import Glibc
import Models
import Tensors
import TestSupport
import Testing

/// Continuing a prompt: the same tokens as without a key–value cache, and seeded choices.
@Suite struct GenerationTests {
    private let prompt = TinyModel.clean

    /// The most likely token after each longer prompt, everything computed anew.
    private func greedy(_ model: Transformer, from prompt: [Int], count: Int) throws -> [Int] {
        var tokens = prompt
        while tokens.count < prompt.count + count, tokens.count < model.config.nCtx {
            let logits = try #require(try model.run([tokens], logits: .last).logits).values
            tokens.append(try #require(logits.indices.max { logits[$0] < logits[$1] }))
        }
        return Array(tokens.dropFirst(prompt.count))
    }

    @Test(arguments: TestModel.allCases) func cachedKeysAndValuesChangeNothing(
        _ which: TestModel
    ) throws {
        let model = try which.load()
        for prompt in [which.prompts.clean, which.prompts.corrupted, [which.prompts.clean[0]]] {
            var told: [Int] = []
            let generated = try model.generate(
                from: prompt, count: 20, sampling: .greedy, each: { told.append($0) })
            #expect(generated == (try greedy(model, from: prompt, count: 20)))
            #expect(told == generated)
        }
    }

    @Test func theEndOfTheContextEndsTheText() throws {
        let model = try TinyModel.raw()
        let generated = try model.generate(from: prompt, count: 1000, sampling: .greedy)
        #expect(generated.count == model.config.nCtx - prompt.count)
        let full = [Int](repeating: 1, count: model.config.nCtx)
        #expect(try model.generate(from: full, count: 5).isEmpty)
        #expect(try model.generate(from: prompt, count: 0).isEmpty)
        #expect(throws: RunError.tooLong(length: 33, nCtx: 32)) {
            try model.generate(from: full + [1], count: 1)
        }
        #expect(throws: RunError.emptyPrompt) { try model.generate(from: [], count: 1) }
    }

    @Test func theStopTokenEndsTheText() throws {
        let model = try TinyModel.raw()
        let all = try model.generate(from: prompt, count: 8, sampling: .greedy)
        let stop = all[3]
        let upTo = Array(all.prefix { $0 != stop })
        #expect(
            try model.generate(from: prompt, count: 8, sampling: .greedy, stoppingAt: stop) == upTo)
    }

    @Test func samplingIsSeeded() throws {
        let model = try TinyModel.raw()
        func text(_ seed: UInt64) throws -> [Int] {
            try model.generate(from: prompt, count: 20, sampling: Sampling(seed: seed))
        }
        #expect(try text(1) == text(1))
        #expect(try Set((0..<10 as Range<UInt64>).map(text)).count == 10)
    }

    @Test(arguments: [
        Sampling(topK: 1), Sampling(topP: 0), Sampling(temperature: 1e-3), Sampling(topP: 1e-6),
        Sampling(temperature: .leastNormalMagnitude), Sampling(temperature: 2, topK: 1, topP: 0.9),
    ])
    func narrowSamplingIsGreedy(_ sampling: Sampling) throws {
        let model = try TinyModel.raw()
        let greedy = try model.generate(from: prompt, count: 10, sampling: .greedy)
        #expect(try model.generate(from: prompt, count: 10, sampling: sampling) == greedy)
    }

    /// One step many times over against the probabilities of the run.
    @Test(
        arguments: [
            (Sampling(), nil, nil), (Sampling(temperature: 0.5), nil, nil),
            (Sampling(topK: 3), 3, nil), (Sampling(topP: 0.6), nil, 0.6),
        ] as [(Sampling, Int?, Double?)])
    func frequenciesAreTheProbabilities(_ sampling: Sampling, _ topK: Int?, _ topP: Double?) throws
    {
        let model = Transformer.small()
        let logits = try #require(try model.run([[3, 1, 4]], logits: .last).logits).values
        let scaled = logits.map { exp(Double($0) / Double(sampling.temperature)) }
        var order = scaled.indices.sorted { scaled[$0] > scaled[$1] }
        if let topK { order = Array(order.prefix(topK)) }
        if let topP {
            let total = scaled.reduce(0, +)
            var (sum, kept) = (0.0, 0)
            while sum < topP {
                sum += scaled[order[kept]] / total
                kept += 1
            }
            order = Array(order.prefix(kept))
        }
        let total = order.reduce(0) { $0 + scaled[$1] }
        let draws = 4000
        var counts = [Int](repeating: 0, count: logits.count)
        for seed in 0..<UInt64(draws) {
            var seeded = sampling
            seeded.seed = seed
            counts[try model.generate(from: [3, 1, 4], count: 1, sampling: seeded)[0]] += 1
        }
        for token in logits.indices {
            let p = order.contains(token) ? scaled[token] / total : 0
            // Five standard errors.
            let error = 5 * (p * (1 - p) / Double(draws)).squareRoot()
            #expect(abs(Double(counts[token]) / Double(draws) - p) <= error, "token \(token)")
        }
    }

    /// The first step sees the prompt, the others one position each.
    @Test func hooksSeeEachStep() throws {
        let model = try TinyModel.raw()
        var lengths: [Int] = []
        var hooks = Hooks()
        hooks.add(at: HookPoint(.residPost, layer: 1)) { value, _ in lengths.append(value.shape[1])
        }
        _ = try model.generate(from: prompt, count: 4, sampling: .greedy, hooks: hooks)
        #expect(lengths == [6, 1, 1, 1])
    }
}
