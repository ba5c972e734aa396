internal import FoundationEssentials
public import Results
public import Tensors

extension ComputationGraph {
    /// Scores as a result with the axes `source` and `destination`, whose companion is the kind: q,
    /// k, v, mlp or logits.
    ///
    /// Pairs that are no edges are not numbers, and not in the CSV.
    ///
    /// - Parameters:
    ///   - scores: [source, destination], or [pos, source, destination].
    ///   - name: What the result is called.
    ///   - quantity: What the scores measure.
    ///   - pos: The positions; `nil` for scores that are summed over them.
    public func result(
        of scores: Tensor, named name: String, _ quantity: Quantity, pos: Axis? = nil
    ) -> LabelledArray {
        let (sources, destinations) = (sources, destinations)
        let columns = destinations.count
        var isEdge = [Bool](repeating: false, count: sources.count * columns)
        for edge in edges { isEdge[edge.place.row * columns + edge.place.column] = true }
        let axes =
            (pos.map { [$0] } ?? []) + [
                Axis("source", labels: sources.map(\.description)),
                Axis(
                    "destination", labels: destinations.map(\.description),
                    companion: .init("kind", destinations.map(\.kind.rawValue))),
            ]
        var result = LabelledArray(name, quantity: quantity, axes: axes, values: scores)
            .replacingValues { index, value in isEdge[index % isEdge.count] ? value : .nan }
        result.omitsMissing = true
        return result
    }
}

extension Circuit {
    /// The whole graph with its scores and what is in the circuit, as the EAP-IG package's
    /// `Graph.from_json` reads it.
    ///
    /// `cfg` holds n_layers, n_heads, parallel_attn_mlp and d_model; `nodes` maps a name to
    /// `in_graph`, `edges` a name such as `m0->a3.h5<q>` to `score` and `in_graph`.
    ///
    /// - Parameters:
    ///   - scores: [source, destination].
    ///   - dModel: The width of the residual stream.
    public func json(scores: Tensor, dModel: Int) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let (chosen, parts) = (Set(edges), Set(nodes))
        let rows = scores.rows
        let document = GraphDocument(
            cfg: .init(
                n_layers: graph.nLayers, n_heads: graph.nHeads, parallel_attn_mlp: false,
                d_model: dModel),
            nodes: Dictionary(
                uniqueKeysWithValues: (graph.sources + [.logits]).map { node in
                    ("\(node)", .init(in_graph: node == .logits || parts.contains(node)))
                }),
            edges: Dictionary(
                uniqueKeysWithValues: graph.edges.map { edge in
                    (
                        "\(edge)",
                        .init(
                            score: rows[edge.place.row][edge.place.column],
                            in_graph: chosen.contains(edge))
                    )
                }))
        return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
    }
}

/// The JSON form of a graph: its keys are the EAP-IG package's.
private struct GraphDocument: Encodable {
    struct Config: Encodable {
        let n_layers: Int
        let n_heads: Int
        let parallel_attn_mlp: Bool
        let d_model: Int
    }

    struct Node: Encodable { let in_graph: Bool }

    struct Edge: Encodable {
        let score: Float
        let in_graph: Bool
    }

    let cfg: Config
    let nodes: [String: Node]
    let edges: [String: Edge]
}
