import Kernels
public import Models
public import Tensors

/// What corrupting each edge of a model alone would change, to first order, from the outputs of two
/// runs and gradients at the inputs of parts.
///
/// ```
/// score(u → v) = Σ_pos (out_u corrupted − out_u clean) · ∂m/∂in_v
/// ```
/// Edge attribution patching: Syed, Rager and Conmy 2023, https://arxiv.org/abs/2310.10348; with
/// integrated gradients Hanna, Pezzelle and Belinkov 2024, https://arxiv.org/abs/2403.17806. A
/// score has the sign of what happens to the metric when the edge is corrupted: where the clean
/// answer rests on an edge, it is negative. Whoever attributes the negated metric, as a loss, has
/// the opposite signs.
///
/// The gradient at a head's queries, keys or values is that of its own input, before the norm, of
/// which the forward pass makes a copy for each head as long as someone listens. It comes back
/// layer by layer, is multiplied with what all earlier parts write, and is let go.
public struct EdgeAttribution: Sendable {
    /// Where the metric's gradient is taken.
    public enum Gradients: Hashable, Sendable {
        /// At the clean run: EAP.
        case clean
        /// As the mean over the inputs `corrupted + k/m (clean − corrupted)`, k = 0 … m − 1:
        /// EAP-IG with m steps.
        case integrated(steps: Int)
    }

    /// The parts and their order.
    public let graph: ComputationGraph
    /// The scores, [source, destination], or [pos, source, destination]; zero where there is no
    /// edge. Of a batch they are summed over its sequences, as the metric is their mean.
    public let scores: Tensor
    /// The edges' exact patches.
    public let patching: EdgePatching

    /// Attributes a metric to all edges.
    ///
    /// - Parameters:
    ///   - metric: What is measured; any but a function of the logits.
    ///   - clean: The run whose edges are corrupted, with embed, z and mlp_out cached.
    ///   - corrupted: The run they are corrupted from, with the same cached.
    ///   - gradients: Where the gradient is taken.
    ///   - isByPosition: Whether positions are kept apart.
    /// - Throws: ``InterventionError``, and ``GradientError`` for numbers that are not finite.
    public init(
        _ metric: Metric, clean: Run, corrupted: Run, gradients: Gradients = .clean,
        isByPosition: Bool = false
    ) throws {
        patching = try EdgePatching(clean: clean, corrupted: corrupted)
        let (model, tokens) = (clean.model, patching.tokens)
        let objective = try metric.objective(in: model, on: tokens)
        graph = patching.graph
        var fractions: [Float?] = [nil]
        if case .integrated(let steps) = gradients {
            precondition(steps > 0, "gradients at no inputs")
            fractions = (0..<steps).map { Float($0) / Float(steps) }
        }
        let sum = EdgeScores(
            patching.differences, length: isByPosition ? tokens.length : 1,
            weight: 1 / Float(fractions.count))
        for fraction in fractions {
            var hooks = Hooks()
            if let fraction {
                try hooks.interpolateInput(from: corrupted, to: clean, fraction)
            }
            for reader in graph.readers {
                let add: Hooks.Action = { gradient, _ in sum.add(gradient, at: reader) }
                hooks.add(at: reader.point, pullback: add) { _, _ in }
            }
            // What depends on the embedding is recorded: all that parts read.
            _ = try model.gradients(
                of: objective, on: tokens,
                withRespectTo: .activations(.points([HookPoint(.embed)])), hooks: hooks)
        }
        let shape = sum.scores.shape
        scores = isByPosition ? sum.scores : sum.scores.reshaped(Array(shape.dropFirst()))
        guard allFinite(scores.rows) else {
            throw GradientError.gradientNotFinite(of: "the parts' inputs")
        }
    }

    /// The scores summed over positions, [source, destination].
    public var totals: Tensor {
        guard scores.rank == 3 else { return scores }
        var sum = scores[at: 0]
        for pos in 1..<scores.shape[0] { add(scores[at: pos].rows, to: sum.mutableRows) }
        return sum
    }
}

/// Scores as gradients come back.
private final class EdgeScores {
    private let differences: OutputDifferences
    private let weight: Float
    /// [pos, source, destination], or with 1 for all positions.
    private(set) var scores: Tensor
    /// Sources whose scores one thread sums; a product is then a few caches large.
    private static let block = 32

    init(_ differences: OutputDifferences, length: Int, weight: Float) {
        (self.differences, self.weight) = (differences, weight)
        let graph = differences.graph
        scores = Tensor([length, graph.sources.count, graph.destinations.count])
    }

    /// Adds the products of a gradient, [batch, pos, (head,) d_model], with what is read there.
    func add(_ gradient: Tensor, at reader: ComputationGraph.Reader) {
        let (length, sources) = (scores.shape[0], scores.shape[1])
        let (out, slopes) = (scores.mutableRows, gradient.rows)
        let (heads, d) = (reader.columns.count, slopes.columns)
        parallelBlocks(of: reader.sourceCount, size: Self.block) {
            [differences, weight] block in
            for row in 0..<differences.rowCount {
                let first = row % length * sources
                multiply(
                    differences.rows(of: reader.sourceCount, at: row)[block, 0..<d],
                    slopes[row * heads..<(row + 1) * heads, 0..<d],
                    into: out[
                        first + block.lowerBound..<first + block.upperBound, reader.columns],
                    transposing: .right, scale: weight, accumulating: true)
            }
        }
    }
}
