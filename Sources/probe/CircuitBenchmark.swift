import Circuits
import Figures
import Kernels
import Models
import Results
import Tensors

/// What a benchmark of circuit analyses measured; the keys of its JSON carry the units.
struct CircuitReport: Encodable {
    struct Task: Encodable {
        let task: String
        let seconds: Double
    }

    let model: String
    let blas_kernel: String
    let threads: Int
    let sgemm_gflop_per_second: Double
    let peak_memory_mb: Double
    let tasks: [Task]

    var table: String {
        let header =
            "\(model); OpenBLAS kernel \(blas_kernel), \(threads) threads, sgemm "
            + NumberText.fixed(sgemm_gflop_per_second, decimals: 0) + " GFLOP/s"
        let rows = tasks.map { task in
            task.task + String(repeating: " ", count: max(1, 40 - task.task.count))
                + TerminalText.padded(NumberText.fixed(task.seconds, decimals: 4), to: 10) + " s"
        }
        return ([header] + rows).joined(separator: "\n")
    }
}

/// Times what is read from weights and from one run, without loading and writing.
struct CircuitBenchmark {
    private let raw: Transformer
    private let repeats: Int
    private let tokens: [Int]

    init(_ model: Transformer, length: Int, repeats: Int) throws {
        raw = model
        self.repeats = repeats
        var generator = SeededGenerator(seed: 0, stream: "benchmark")
        tokens = (0..<length).map { _ in
            Int.random(in: 16..<model.config.dVocab, using: &generator)
        }
    }

    func report(progress: ProgressLine) throws -> CircuitReport {
        let model = try raw.processed(by: .transformerLens)
        let (heads, width) = (model.config.nHeads, model.config.dHead)
        let count = min(10, width)
        let reader = SingularTokens(
            model, .init(directions: count, tokens: 20, sign: .both, sides: ["output"]))
        func read(_ names: [(layer: Int, head: Int)]) throws {
            let found = try parallelMap(names.count) { index in
                try SingularDirections(
                    .OV(layer: names[index].layer, head: names[index].head), of: model,
                    vectors: count)
            }
            _ = try reader.table(
                "benchmark", of: found, axis: Axis("head", count: names.count))
        }
        let all = (0..<model.config.nLayers * heads).map { (layer: $0 / heads, head: $0 % heads) }
        let direction = try LogitDirection(model, right: 5, wrong: 9)
        let tasks: [(name: String, body: () throws -> Void)] = [
            ("processing, TransformerLens' four", { _ = try raw.processed(by: .transformerLens) }),
            ("processing, all five", { _ = try raw.processed(by: .all) }),
            ("OV of one head, \(count) vectors, 20 tokens", { try read([all[all.count / 2]]) }),
            ("OV of \(all.count) heads, \(count) vectors, 20 tokens", { try read(all) }),
            (
                "composition Q, K and V, all pairs",
                {
                    for mode in Composition.allCases { _ = try model.compositionScores(mode) }
                }
            ),
            (
                "attribution by head",
                {
                    let run = try model.run([tokens], caching: .all)
                    _ = try run.attribution(to: direction, by: .head)
                }
            ),
        ]
        let rate = Timing.productRate(repeats: repeats)
        let timed = try tasks.enumerated().map { index, task in
            progress.update(index, of: tasks.count)
            return CircuitReport.Task(
                task: task.name, seconds: try Timing.median(of: repeats, task.body))
        }
        progress.update(tasks.count, of: tasks.count)
        return CircuitReport(
            model: raw.name, blas_kernel: BLAS.kernel, threads: Threads.count,
            sgemm_gflop_per_second: rate, peak_memory_mb: Timing.peakMemory, tasks: timed)
    }
}
