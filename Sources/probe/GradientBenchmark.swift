import ArgumentParser
import Differentiation
import Figures
import Interventions
import Kernels
import Models
import Tensors

/// What of gradients is timed; each in a process of its own, so that peak memory is its own.
enum GradientTask: String, CaseIterable, ExpressibleByArgument, Encodable {
    /// A training step of the organism's shape at 64 × 64 tokens: forward, backward, AdamW.
    case training
    /// Forward and backward of gpt2's shape at 8 × 64 tokens, all parameters.
    case gpt2
    /// Forward and backward of bert-base-uncased's shape at 32 × 48 tokens with one label each, all
    /// parameters.
    case masked
    /// Attribution patching of gpt2's shape: two forward passes and one backward pass.
    case attribution
    /// Edge attribution patching of gpt2's shape: three forward passes and one backward pass.
    case edges
}

/// What a benchmark of gradients measured; the keys of its JSON carry the units.
struct GradientReport: Encodable {
    let task: GradientTask
    let blas_kernel: String
    let threads: Int
    let sgemm_gflop_per_second: Double
    let needed_gflop: Double
    let seconds: Double
    let share_of_limit: Double
    let peak_memory_mb: Double

    var table: String {
        func number(_ value: Double, _ decimals: Int) -> String {
            NumberText.fixed(value, decimals: decimals)
        }
        return "\(task.rawValue): \(number(seconds, 3)) s, of limit \(number(share_of_limit, 2)), "
            + "peak memory \(number(peak_memory_mb, 0)) MB; OpenBLAS kernel \(blas_kernel), "
            + "\(threads) threads, sgemm \(number(sgemm_gflop_per_second, 0)) GFLOP/s"
    }
}

/// Times gradients on random weights and random tokens.
struct GradientBenchmark {
    let task: GradientTask
    let repeats: Int

    func report() throws -> GradientReport {
        let rate = Timing.productRate(repeats: repeats)
        let (seconds, operations) = try measure()
        let needed = operations / 1e9
        return GradientReport(
            task: task, blas_kernel: BLAS.kernel, threads: Threads.count,
            sgemm_gflop_per_second: rate, needed_gflop: needed, seconds: seconds,
            share_of_limit: needed / seconds / rate, peak_memory_mb: Timing.peakMemory)
    }

    private func measure() throws -> (seconds: Double, operations: Double) {
        switch task {
        case .training:
            let config = TransformerConfig(
                nLayers: 12, dModel: 96, nHeads: 12, dVocab: 1600, nCtx: 64)
            var model = Transformer(randomly: config, seed: 0)
            var optimizer = AdamW()
            let batch = tokens(64, 64, config)
            let seconds = try Timing.median(of: repeats) {
                let gradients = try model.gradients(
                    of: .loss, on: batch, withRespectTo: .parameters)
                model.update(with: gradients.parameters, by: &optimizer)
            }
            return (seconds, 3 * operations(config, rows: 64 * 64))
        case .gpt2:
            let config = try TransformerConfig.find("gpt2")
            let model = Transformer(randomly: config, seed: 0)
            let batch = tokens(8, 64, config)
            let seconds = try Timing.median(of: repeats) {
                _ = try model.gradients(of: .loss, on: batch, withRespectTo: .parameters)
            }
            return (seconds, 3 * operations(config, rows: 8 * 64))
        case .masked:
            let config = try TransformerConfig.find("bert-base-uncased")
            let model = Transformer(randomly: config, seed: 0)
            let batch = tokens(32, 48, config)
            let labels = batch.ids.map { (position: $0.count / 2, token: $0[0]) }
            let seconds = try Timing.median(of: repeats) {
                _ = try model.gradients(
                    of: .targets(labels), on: batch, withRespectTo: .parameters)
            }
            return (seconds, 3 * operations(config, rows: 32 * 48, read: 32))
        case .attribution:
            let config = try TransformerConfig.find("gpt2")
            let model = Transformer(randomly: config, seed: 0)
            let (clean, corrupted) = (tokens(1, 16, config), tokens(1, 15, config))
            let seconds = try Timing.median(of: repeats) {
                _ = try model.run(
                    .tokens(clean), caching: .all, logits: .last)
                var cotangent = Tensor([1, 1, config.dVocab])
                (cotangent[0, 0, 5], cotangent[0, 0, 9]) = (1, -1)
                _ = try model.gradients(
                    of: .logits(times: cotangent, at: .last), on: corrupted,
                    withRespectTo: .activations(.all), caching: .all)
            }
            return (seconds, 3 * operations(config, rows: 16))
        case .edges: return try measureEdges()
        }
    }

    private func measureEdges() throws -> (seconds: Double, operations: Double) {
        let config = try TransformerConfig.find("gpt2")
        let model = Transformer(randomly: config, seed: 0)
        var ids = tokens(1, 16, config).ids[0]
        let clean = TokenBatch([ids])
        ids[2] = (ids[2] + 1) % config.dVocab
        let corrupted = TokenBatch([ids])
        let seconds = try Timing.median(of: repeats) {
            let runs = try [clean, corrupted].map { tokens in
                try model.run(.tokens(tokens), caching: EdgePatching.caching, logits: .none)
            }
            _ = try EdgeAttribution(
                .logitDifference(.id(5), .id(9)), clean: runs[0], corrupted: runs[1])
        }
        let edges = Double(ComputationGraph(of: model).edges.count)
        let products = 2 * 16 * Double(config.dModel) * edges
        return (seconds, 4 * operations(config, rows: 16) + products)
    }

    private func tokens(_ count: Int, _ length: Int, _ config: TransformerConfig) -> TokenBatch {
        var generator = SeededGenerator(seed: 0, stream: "benchmark")
        return TokenBatch(
            (0..<count).map { _ in
                (0..<length).map { _ in Int.random(in: 0..<config.dVocab, using: &generator) }
            })
    }

    /// The floating-point operations of a forward pass' products with weights.
    ///
    /// - Parameter read: How many rows are read; of the others the last block needs only keys and
    ///   values. `nil` for all.
    private func operations(
        _ config: TransformerConfig, rows: Int, read: Int? = nil
    ) -> Double {
        let (d, heads) = (Double(config.dModel), Double(config.nHeads * config.dHead))
        let block = 8 * d * heads + 4 * d * Double(config.dMLP)
        let isRead = ![.attribution, .edges].contains(task)
        let unembedding = isRead ? 2 * d * Double(config.dVocab) : 0
        let unread = Double(rows - (read ?? rows)) * (block - 4 * d * heads)
        return Double(rows) * Double(config.nLayers) * block - unread
            + Double(read ?? rows) * unembedding
    }
}
