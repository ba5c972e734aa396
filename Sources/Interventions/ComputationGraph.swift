public import Models

/// A transformer as a graph: the embedding, every head, every MLP and the logits, each of which
/// reads what all parts before it wrote into the residual stream.
///
/// Heads read three times, through queries, keys and values. Nodes and edges are named, and stand
/// in the order, as in the EAP-IG package (Hanna, Pezzelle and Belinkov 2024,
/// https://arxiv.org/abs/2403.17806): `input`, `a3.h5`, `m3`, `logits`, `m0->a3.h5<q>`.
public struct ComputationGraph: Hashable, Sendable {
    /// Blocks.
    public let nLayers: Int
    /// Heads of a block.
    public let nHeads: Int

    /// The graph of a model.
    public init(of model: Transformer) {
        (nLayers, nHeads) = (model.config.nLayers, model.config.nHeads)
    }

    /// A part of the model.
    public enum Node: Hashable, Sendable, CustomStringConvertible {
        /// The token embedding.
        case input
        /// An attention head: z W_O.
        case head(layer: Int, head: Int)
        /// An MLP.
        case mlp(layer: Int)
        /// What follows the last block: the final norm and the unembedding.
        case logits

        /// The name, such as `a3.h5`.
        public var description: String {
            switch self {
            case .input: "input"
            case .head(let layer, let head): "a\(layer).h\(head)"
            case .mlp(let layer): "m\(layer)"
            case .logits: "logits"
            }
        }
    }

    /// A place where a part reads.
    public struct Destination: Hashable, Sendable, CustomStringConvertible {
        /// What a part reads with; the raw value is its name in files.
        public enum Kind: String, Hashable, Sendable {
            case query = "q"
            case key = "k"
            case value = "v"
            case mlp, logits
        }

        /// The part.
        public let node: Node
        /// What it reads with.
        public let kind: Kind

        /// The name, such as `a3.h5<q>` or `m3`.
        public var description: String {
            if case .head = node { "\(node)<\(kind.rawValue)>" } else { "\(node)" }
        }
    }

    /// What one part wrote, as another reads it.
    public struct Edge: Hashable, Sendable, CustomStringConvertible {
        /// The part that writes.
        public let source: Node
        /// Where it is read.
        public let destination: Destination
        /// Its row and column among all scores.
        let place: (row: Int, column: Int)

        /// The name, such as `m0->a3.h5<q>`.
        public var description: String { "\(source)->\(destination)" }

        /// Whether both lead from one part to one reader.
        public static func == (one: Edge, other: Edge) -> Bool {
            (one.source, one.destination) == (other.source, other.destination)
        }

        /// Feeds both ends.
        public func hash(into hasher: inout Hasher) {
            hasher.combine(source)
            hasher.combine(destination)
        }
    }
}

extension ComputationGraph {
    /// All parts that write, in the order of the forward pass.
    public var sources: [Node] {
        [.input]
            + (0..<nLayers).flatMap { layer in
                (0..<nHeads).map { Node.head(layer: layer, head: $0) } + [.mlp(layer: layer)]
            }
    }

    /// All places that read: of each layer the queries, the keys and the values of all heads, then
    /// the MLP; at last the logits.
    public var destinations: [Destination] {
        (0..<nLayers).flatMap { layer in
            [Destination.Kind.query, .key, .value].flatMap { kind in
                (0..<nHeads).map {
                    Destination(node: .head(layer: layer, head: $0), kind: kind)
                }
            } + [Destination(node: .mlp(layer: layer), kind: .mlp)]
        } + [Destination(node: .logits, kind: .logits)]
    }

    /// All edges, by source and then by destination: 32,491 in GPT-2 small.
    public var edges: [Edge] {
        let (sources, destinations) = (sources, destinations)
        let ends = readers.flatMap { reader in
            reader.columns.map { (column: $0, count: reader.sourceCount) }
        }
        return sources.enumerated().flatMap { row, source in
            ends.filter { row < $0.count }.map { end in
                Edge(
                    source: source, destination: destinations[end.column],
                    place: (row, end.column))
            }
        }
    }

    /// A hook point that several destinations read.
    struct Reader {
        let point: HookPoint
        /// Its destinations among all: one for each head, or a single one.
        let columns: Range<Int>
        /// How many of the sources stand before.
        let sourceCount: Int
    }

    /// Where destinations read, in their order.
    var readers: [Reader] {
        let width = 3 * nHeads + 1
        let perLayer = (0..<nLayers).flatMap { layer -> [Reader] in
            let (column, before) = (layer * width, 1 + layer * (nHeads + 1))
            let heads = [HookKind.qInput, .kInput, .vInput].enumerated().map { third, kind in
                let first = column + third * nHeads
                return Reader(
                    point: HookPoint(kind, layer: layer), columns: first..<first + nHeads,
                    sourceCount: before)
            }
            let mlp = column + 3 * nHeads
            return heads + [
                Reader(
                    point: HookPoint(.mlpIn, layer: layer), columns: mlp..<mlp + 1,
                    sourceCount: before + nHeads)
            ]
        }
        let last = nLayers * width
        return perLayer + [
            Reader(
                point: HookPoint(.residPost, layer: nLayers - 1), columns: last..<last + 1,
                sourceCount: 1 + nLayers * (nHeads + 1))
        ]
    }

    /// A hook point from which what sources write follows.
    struct Writer {
        let point: HookPoint
        /// The first of its sources among all: one for each head, or a single one.
        let row: Int
    }

    /// Where sources write, in their order; heads by their z.
    var writers: [Writer] {
        [Writer(point: HookPoint(.embed), row: 0)]
            + (0..<nLayers).flatMap { layer in
                let row = 1 + layer * (nHeads + 1)
                return [
                    Writer(point: HookPoint(.z, layer: layer), row: row),
                    Writer(point: HookPoint(.mlpOut, layer: layer), row: row + nHeads),
                ]
            }
    }
}
