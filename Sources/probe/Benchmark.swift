import ArgumentParser
import Figures
import FoundationEssentials
import Interventions
import Kernels
import Models
import Tensors

/// `probe benchmark`: how fast sweeps are, against the speed of matrix products in the same run.
struct Benchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Time the sweeps of a model against the matrix-product rate of the same run.",
        discussion: """
            The limit is what the products that no exact method can do without would take at the \
            rate of one large product, measured before and after. Run it on a quiet machine, with \
            OPENBLAS_CORETYPE unset.
            """)

    @Option(
        help: ArgumentHelp(
            "A folder, a hub id or organism. (default: random weights of gpt2's shape)",
            valueName: "folder or id"), completion: .directory)
    var model: String?

    @Option(help: ArgumentHelp("How many tokens the prompts have.", valueName: "number"))
    var length = 6

    @Option(help: ArgumentHelp("Where clean and corrupted differ.", valueName: "position"))
    var position = 2

    @Option(help: ArgumentHelp("The layer whose neurons are swept.", valueName: "layer"))
    var layer: Int?

    @Option(
        help: ArgumentHelp("How often each sweep is timed; the median counts.", valueName: "number")
    )
    var repeats = 5

    @Option(help: ArgumentHelp("The size of a random model's vocabulary.", valueName: "number"))
    var vocabulary = 50257

    @Flag(help: "Time weight processing, singular vectors and attribution instead of sweeps.")
    var circuits = false

    @Option(
        help: ArgumentHelp(
            "Time gradients instead of sweeps: training, gpt2, masked or attribution.",
            valueName: "task"))
    var gradients: GradientTask?

    @Flag(help: "Time a step of gradiend-train's encoder-decoder instead of sweeps.")
    var gradiend = false

    @Option(
        help: ArgumentHelp(
            "How many weights --gradiend is about; 1.08e8 are BERT-base's.", valueName: "number"))
    var weights = 107_700_000

    @Flag(help: "Time the mediation of all neurons of a prompt and all heads of an item instead.")
    var mediation = false

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard length > 0, (0..<length).contains(position), repeats > 0, vocabulary > 16, weights > 0
        else {
            throw ValidationError(
                "--length and --repeats are positive, --position is below --length, "
                    + "--vocabulary above 16"
            )
        }
    }

    func run() throws {
        verbosity.apply()
        if gradiend {
            let report = FeatureBenchmark(count: weights, repeats: repeats).report()
            return try show(report, report.table)
        }
        if let gradients {
            let report = try GradientBenchmark(task: gradients, repeats: repeats).report()
            return try show(report, report.table)
        }
        let transformer = try loadOrMake()
        guard transformer.config.dVocab > 16 else {
            throw ValidationError(
                "\(transformer.name) has \(transformer.config.dVocab) tokens; the benchmark needs "
                    + "more than 16")
        }
        guard length <= transformer.config.nCtx else {
            throw RunError.tooLong(length: length, nCtx: transformer.config.nCtx)
        }
        let progress = verbosity.progress("timing")
        if circuits {
            let report = try CircuitBenchmark(transformer, length: length, repeats: repeats)
                .report(progress: progress)
            return try show(report, report.table)
        }
        if mediation {
            let report = try MediationBenchmark(transformer, repeats: repeats).report()
            return try show(report, report.table)
        }
        let bench = try SweepBenchmark(
            transformer, length: length, position: position, repeats: repeats,
            neuronLayer: layer ?? min(5, transformer.config.nLayers - 1))
        let report = try bench.report(progress: progress)
        try show(report, report.table)
    }

    private func show(_ report: some Encodable, _ table: String) throws {
        guard json else { return print(table) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted]
        print(String(decoding: try encoder.encode(report), as: UTF8.self))
    }

    private func loadOrMake() throws -> Transformer {
        if let model { return try Transformer.load(model) }
        var config = try TransformerConfig.find("gpt2")
        config.dVocab = vocabulary
        return Transformer(randomly: config, seed: 0, name: "random gpt2")
    }
}

/// What a benchmark measured; the keys of its JSON carry the units.
struct BenchmarkReport: Encodable {
    struct Sweep: Encodable {
        let sweep: String
        let branches: Int
        let seconds: Double
        let needed_gflop: Double
        let share_of_limit: Double
    }

    let model: String
    let length: Int
    let blas_kernel: String
    let threads: Int
    let sgemm_gflop_per_second: Double
    let peak_memory_mb: Double
    let sweeps: [Sweep]

    var table: String {
        let number = { (value: Double, decimals: Int, width: Int) in
            TerminalText.padded(NumberText.fixed(value, decimals: decimals), to: width)
        }
        let header =
            "\(model), \(length) tokens; OpenBLAS kernel \(blas_kernel), \(threads) threads, "
            + "sgemm \(number(sgemm_gflop_per_second, 0, 0)) GFLOP/s, peak memory "
            + "\(number(peak_memory_mb, 0, 0)) MB"
        let rows = sweeps.map { row in
            row.sweep + String(repeating: " ", count: max(1, 16 - row.sweep.count))
                + number(Double(row.branches), 0, 8) + number(row.seconds, 4, 10)
                + number(Double(row.branches) / row.seconds, 0, 12)
                + number(row.needed_gflop, 1, 10)
                + number(row.share_of_limit, 2, 9)
        }
        return
            ([header, "sweep           branches   seconds  branches/s    GFLOP   of limit"] + rows)
            .joined(separator: "\n")
    }
}

/// Times the sweeps of one prompt pair.
private struct SweepBenchmark {
    let clean: Run
    let base: Run
    let metric: Metric
    let repeats: Int
    let neuronLayer: Int

    init(
        _ model: Transformer, length: Int, position: Int, repeats: Int, neuronLayer: Int
    ) throws {
        self.repeats = repeats
        self.neuronLayer = neuronLayer
        var generator = SeededGenerator(seed: 0, stream: "benchmark")
        let tokens = (0..<length).map { _ in
            Int.random(in: 16..<model.config.dVocab, using: &generator)
        }
        var other = tokens
        other[position] = 7
        clean = try model.run([tokens], caching: .all)
        base = try model.run([other], caching: .all)
        metric = try Metric.logitDifference(5, 9).normalized(from: base, to: clean)
    }

    func report(progress: ProgressLine) throws -> BenchmarkReport {
        let model = clean.model
        guard (0..<model.config.nLayers).contains(neuronLayer) else {
            throw RunError.noSuchLayer(neuronLayer, nLayers: model.config.nLayers)
        }
        let sweeps: [(name: String, Sweep)] = [
            ("resid_pre", Sweep(.residPre, by: [.layer, .pos], from: clean)),
            ("attn_out", Sweep(.attnOut, by: [.layer, .pos], from: clean)),
            ("mlp_out", Sweep(.mlpOut, by: [.layer, .pos], from: clean)),
            ("heads", Sweep(.z, by: [.layer, .head], from: clean)),
            (
                "neurons L\(neuronLayer)",
                Sweep(.mlpPost, by: [.neuron], from: clean, layers: [neuronLayer])
            ),
        ]
        progress.update(0, of: sweeps.count)
        var rates = [Timing.productRate(repeats: repeats)]
        let timed = try sweeps.enumerated().map { index, entry in
            let branches = try entry.1.branches(in: model, length: base.tokens?.length ?? 0)
            let seconds = try Timing.median(of: repeats) {
                _ = try metric.measure(branches, departingFrom: base)
            }
            rates.append(Timing.productRate(repeats: repeats))
            progress.update(index + 1, of: sweeps.count)
            let needed = try metric.neededOperations(branches, departingFrom: base) / 1e9
            return (entry.name, branches.count, seconds, needed)
        }
        let rate = rates.sorted()[rates.count / 2]
        return BenchmarkReport(
            model: model.name, length: base.tokens?.length ?? 0, blas_kernel: BLAS.kernel,
            threads: Threads.count, sgemm_gflop_per_second: rate, peak_memory_mb: Timing.peakMemory,
            sweeps: timed.map { name, branches, seconds, needed in
                BenchmarkReport.Sweep(
                    sweep: name, branches: branches, seconds: seconds, needed_gflop: needed,
                    share_of_limit: needed / seconds / rate)
            })
    }
}
