public import Models
import Tensors

/// Exact patches that each corrupt one edge of a clean run.
public struct EdgePatching: Sendable {
    /// The parts and their order.
    public let graph: ComputationGraph
    /// The run that the patches depart from.
    public let clean: Run
    /// What the clean run read.
    let tokens: TokenBatch
    /// What the corrupted run's parts write minus what the clean run's do.
    let differences: OutputDifferences

    /// Takes what two runs' parts write.
    ///
    /// - Parameters:
    ///   - clean: The run whose edges are corrupted, with embed, z and mlp_out cached.
    ///   - corrupted: The run they are corrupted from, with the same cached.
    /// - Throws: ``InterventionError``.
    public init(clean: Run, corrupted: Run) throws {
        let tokens = try Self.tokens(of: clean, corrupted)
        differences = try OutputDifferences(of: corrupted, minus: clean, tokens)
        (graph, self.clean, self.tokens) = (differences.graph, clean, tokens)
    }

    /// What a clean run read, which must have the corrupted run's shape.
    ///
    /// - Throws: ``InterventionError``; `RunError` for models whose stream is not a plain sum.
    static func tokens(of clean: Run, _ corrupted: Run) throws -> TokenBatch {
        try clean.model.config.requirePlainStream(for: "edges between parts")
        guard let tokens = clean.tokens, let others = corrupted.tokens else {
            throw InterventionError.baseWithoutTokens
        }
        guard (tokens.count, tokens.length) == (others.count, others.length) else {
            throw InterventionError.differentShapes(
                clean: [tokens.count, tokens.length], base: [others.count, others.length])
        }
        return tokens
    }

    /// What both runs must have cached.
    public static let caching = Caching.only(.embed, .z, .mlpOut)

    /// The patch that corrupts one edge alone, in a run that departs from the clean one.
    ///
    /// Only the reader sees the difference; what it then writes reaches everything after it.
    public func branch(corrupting edge: ComputationGraph.Edge) -> Branch {
        branch(corrupting: edge, among: graph.readers)
    }

    private func branch(
        corrupting edge: ComputationGraph.Edge, among readers: [ComputationGraph.Reader]
    ) -> Branch {
        let (row, column) = edge.place
        let reader = readers[readers.firstIndex { $0.columns.contains(column) } ?? 0]
        var site = Site(reader.point)
        if case .head(_, let head) = edge.destination.node { site.head = head }
        return Branch([Intervention(site, .add(differences.value(of: row)))])
    }

    /// What corrupting each of some edges alone changes in a metric, by the ``Engine``.
    ///
    /// - Parameters:
    ///   - edges: The edges, each a branch of its own.
    ///   - metric: What is measured.
    ///   - options: How the work is cut.
    ///   - progress: Called from any thread with how many edges are done, of how many.
    public func measure(
        _ edges: [ComputationGraph.Edge], _ metric: Metric,
        options: Engine.Options = Engine.Options(),
        progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) throws -> [Double] {
        let (start, readers) = (try metric.value(of: clean), graph.readers)
        return try metric.measure(
            edges.map { branch(corrupting: $0, among: readers) }, departingFrom: clean,
            options: options,
            progress: progress
        ).map { $0 - start }
    }
}
