import Figures
import Kernels
import Mediation
import Models
import Tensors

/// What a benchmark of mediation measured; the keys of its JSON carry the units.
struct MediationBenchmarkReport: Encodable {
    let model: String
    let blas_kernel: String
    let threads: Int
    let sgemm_gflop_per_second: Double
    let neurons: Int
    let neuron_seconds: Double
    let neuron_share_of_limit: Double
    let head_branches: Int
    let head_seconds: Double
    let head_share_of_limit: Double
    let greedy_branches: Int
    let greedy_seconds_per_item: Double
    let greedy_share_of_limit: Double

    var table: String {
        func number(_ value: Double, _ decimals: Int) -> String {
            NumberText.fixed(value, decimals: decimals)
        }
        return """
            \(model); OpenBLAS kernel \(blas_kernel), \(threads) threads, sgemm \
            \(number(sgemm_gflop_per_second, 0)) GFLOP/s
            \(neurons) neurons of a prompt of 4 tokens: \(number(neuron_seconds, 2)) s, of limit \
            \(number(neuron_share_of_limit, 2))
            \(head_branches) heads, layers and models of an item of 10 tokens, candidates of 5 and \
            6: \(number(head_seconds, 2)) s, of limit \(number(head_share_of_limit, 2))
            \(greedy_branches) heads beside 5 chosen ones, a greedy step's work for one such item: \
            \(number(greedy_seconds_per_item, 2)) s, of limit \(number(greedy_share_of_limit, 2)); \
            10 steps of 87 items: \(number(870 * greedy_seconds_per_item / 60, 1)) min
            """
    }
}

/// Times the mediation of one prompt and one item of the published studies' lengths.
struct MediationBenchmark {
    let model: Transformer
    let repeats: Int

    init(_ model: Transformer, repeats: Int) throws {
        guard model.config.nCtx >= 16 else {
            throw RunError.tooLong(length: 16, nCtx: model.config.nCtx)
        }
        (self.model, self.repeats) = (model, repeats)
    }

    func report() throws -> MediationBenchmarkReport {
        let prompt = NeuronPrompt(
            word: Profession("word", definitional: 0, stereotypical: 0),
            tokens: [5, 6, 7].map { [1, $0, 2, 3] }, positions: [1, 1, 1], candidates: [[8], [9]])
        let experiment = try NeuronExperiment(NeuronRuns(prompt, in: model), .manIndirect)
        let before = Timing.productRate(repeats: repeats)
        let neurons = try Timing.median(of: repeats) { _ = try experiment.ratios() }
        let heads = item(0)
        let seconds = try Timing.median(of: repeats) {
            let item = try HeadExperiment(heads, in: model)
            for effect in HeadEffect.allCases { _ = try item.effects(effect) }
        }
        let greedy = try greedySecondsPerItem()
        let rate = (before + Timing.productRate(repeats: repeats)) / 2
        let needed = try experiment.neededOperations() / 1e9
        let run = try HeadExperiment(heads, in: model)
        let neededByHeads = try HeadEffect.allCases.reduce(0) {
            try $0 + run.neededOperations($1, of: HeadEffects.sets(in: model)) / 1e9
        }
        let neededByStep = try run.neededOperations(.indirect, of: greedySets) / 1e9
        return MediationBenchmarkReport(
            model: model.name, blas_kernel: BLAS.kernel, threads: Threads.count,
            sgemm_gflop_per_second: rate, neurons: experiment.units.count,
            neuron_seconds: neurons, neuron_share_of_limit: needed / neurons / rate,
            head_branches: 2 * HeadEffects.sets(in: model).count, head_seconds: seconds,
            head_share_of_limit: neededByHeads / seconds / rate,
            greedy_branches: greedySets.count, greedy_seconds_per_item: greedy,
            greedy_share_of_limit: neededByStep / greedy / rate)
    }

    /// An item as long as WinoBias' are.
    private func item(_ index: Int) -> HeadTokens {
        HeadTokens(
            base: [12 + index % 4] + Array(1...8) + [10],
            alternative: [12 + index % 4] + Array(1...8) + [11],
            candidates: [Array(2...6), Array(7...12)])
    }

    /// Every head beside five that were chosen before, one in every other layer.
    private var greedySets: [[Head]] {
        let all = Head.all(in: model)
        let chosen = all.filter { $0.layer.isMultiple(of: 2) && $0.head == 1 }.prefix(5)
        return all.filter { !chosen.contains($0) }.map { chosen + [$0] }
    }

    /// The time that a step takes for each of some items, as a selection works on them.
    private func greedySecondsPerItem() throws -> Double {
        let items = (0..<4 * Threads.count).map(item)
        let selection = try Selection(HeadObjective(items, in: model))
        return try Timing.median(of: repeats) {
            _ = try selection.effects(ofGroups: greedySets)
        } / Double(items.count)
    }
}
