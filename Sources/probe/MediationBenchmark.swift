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
        let heads = HeadTokens(
            base: Array(1...9) + [10], alternative: Array(1...9) + [11],
            candidates: [Array(2...6), Array(7...12)])
        let seconds = try Timing.median(of: repeats) {
            let item = try HeadExperiment(heads, in: model)
            for effect in HeadEffect.allCases { _ = try item.effects(effect) }
        }
        let rate = (before + Timing.productRate(repeats: repeats)) / 2
        let needed = try experiment.neededOperations() / 1e9
        let neededByHeads = try HeadEffect.allCases.reduce(0) {
            try $0 + HeadExperiment(heads, in: model).neededOperations($1) / 1e9
        }
        return MediationBenchmarkReport(
            model: model.name, blas_kernel: BLAS.kernel, threads: Threads.count,
            sgemm_gflop_per_second: rate, neurons: experiment.units.count,
            neuron_seconds: neurons, neuron_share_of_limit: needed / neurons / rate,
            head_branches: 2 * HeadEffects.sets(in: model).count, head_seconds: seconds,
            head_share_of_limit: neededByHeads / seconds / rate)
    }
}
