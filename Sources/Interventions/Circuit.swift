import Kernels
public import Models
public import Tensors

/// Some edges of a ``ComputationGraph``, and what the model does with them alone.
public struct Circuit: Sendable {
    /// All parts and edges.
    public let graph: ComputationGraph
    /// Those of the circuit, by source and then by destination.
    public let edges: [ComputationGraph.Edge]

    /// Takes some edges.
    public init(_ edges: [ComputationGraph.Edge], of graph: ComputationGraph) {
        self.graph = graph
        self.edges = edges.sorted { $0.place < $1.place }
    }

    /// Takes the edges with the largest scores by magnitude, and leaves out those that are on no
    /// path from the input to the logits.
    ///
    /// - Parameters:
    ///   - count: How many edges are taken, before any are left out.
    ///   - scores: [source, destination].
    public init(strongest count: Int, by scores: Tensor, of graph: ComputationGraph) {
        self.init(graph.strongest(count, by: scores).map(\.edge), of: graph)
        self = pruned
    }

    /// The circuit without edges that are on no path from the input to the logits.
    public var pruned: Circuit {
        // Edges are in the order of their sources, and lead forward.
        var reached: Set<ComputationGraph.Node> = [.input]
        for edge in edges where reached.contains(edge.source) {
            reached.insert(edge.destination.node)
        }
        var leading: Set<ComputationGraph.Node> = [.logits]
        for edge in edges.reversed() where leading.contains(edge.destination.node) {
            leading.insert(edge.source)
        }
        let kept = edges.filter {
            reached.contains($0.source) && leading.contains($0.destination.node)
        }
        return Circuit(kept, of: graph)
    }

    /// The parts at either end of an edge, in the order of the forward pass.
    public var nodes: [ComputationGraph.Node] {
        let ends = Set(edges.flatMap { [$0.source, $0.destination.node] })
        return (graph.sources + [.logits]).filter(ends.contains)
    }

    /// A metric of the clean run in which all edges outside the circuit are corrupted.
    ///
    /// One run: every part reads, along each missing edge, what the corrupted run's part wrote in
    /// place of what the present one does, and computes from it what it passes on. Without edges it
    /// is the corrupted run, with all of them the clean one; a metric normalised between the two is
    /// the circuit's faithfulness (Hanna et al. 2024, section 3).
    ///
    /// - Throws: ``InterventionError`` without embed, z and mlp_out of the corrupted run, or if
    ///   that has another shape.
    public func value(of metric: Metric, clean: Run, corrupted: Run) throws -> Double {
        let tokens = try EdgePatching.tokens(of: clean, corrupted)
        let model = clean.model
        let missing = self.missing
        var differences = OutputDifferences(in: model, tokens)
        var hooks = Hooks()
        for writer in graph.writers {
            guard let other = corrupted.cache[writer.point] else {
                throw InterventionError.notCached("\(writer.point)")
            }
            hooks.add(at: writer.point) { value, _ in
                differences.set(writer, to: other.minus(value))
            }
        }
        for reader in graph.readers {
            hooks.add(at: reader.point) { input, _ in
                let rows = input.mutableRows
                let (heads, all) = (reader.columns.count, 0..<rows.columns)
                for row in 0..<differences.rowCount {
                    multiply(
                        missing.rows[0..<reader.sourceCount, reader.columns],
                        differences.rows(of: reader.sourceCount, at: row),
                        into: rows[row * heads..<(row + 1) * heads, all], transposing: .left,
                        accumulating: true)
                }
            }
        }
        return try metric.value(of: model.run(.tokens(tokens), hooks: hooks))
    }

    /// 1 for each edge that is not in the circuit, [source, destination].
    private var missing: Tensor {
        var mask = Tensor(
            [graph.sources.count, graph.destinations.count], repeating: 1)
        let rows = mask.mutableRows
        for edge in edges { rows[edge.place.row][edge.place.column] = 0 }
        return mask
    }
}

extension ComputationGraph {
    /// The edges with the largest scores by magnitude, the largest first.
    ///
    /// - Parameter scores: [source, destination].
    public func strongest(
        _ count: Int, by scores: Tensor
    ) -> [(edge: Edge, score: Float)] {
        let rows = scores.rows
        let scored = edges.map { (edge: $0, score: rows[$0.place.row][$0.place.column]) }
        let order = scored.indices.sorted {
            (abs(scored[$0].score), $1) > (abs(scored[$1].score), $0)
        }
        return order.prefix(count).map { scored[$0] }
    }
}
