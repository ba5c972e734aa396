public import Kernels
public import Tensors

/// The heads of many sequences, all in the rows and columns of a few large tensors.
///
/// Queries, keys and values are [row, head · d_head], a row being one position of one sequence.
/// Patterns are flat: one item after the other, each [head, query_pos, key_pos].
public struct AttentionGrid: Sendable {
    /// One sequence.
    public struct Item: Sendable {
        /// The rows of its queries.
        public let queries: Range<Int>
        /// The rows of its keys and values.
        public let keys: Range<Int>
        /// Keys and values of the positions before, [past, head · d_head] each, if any.
        public let past: (keys: Rows, values: Rows)?
        /// Which keys each query sees.
        public let visible: Visibility

        /// Names a sequence's parts.
        public init(
            queries: Range<Int>, keys: Range<Int>, past: (keys: Rows, values: Rows)?,
            visible: Visibility
        ) {
            (self.queries, self.keys, self.past, self.visible) = (queries, keys, past, visible)
        }

        /// Keys of all positions.
        var keyCount: Int { keys.count + (past?.keys.count ?? 0) }
    }

    /// The sequences.
    public let items: [Item]
    /// Heads of each.
    public let heads: Int
    /// Width of a head.
    public let dHead: Int
    /// Multiplies the scores.
    public let scale: Float
    /// Where each item's pattern begins, and where the last ends.
    let offsets: [Int]

    /// Puts a grid together.
    public init(items: [Item], heads: Int, dHead: Int, scale: Float) {
        (self.items, self.heads, self.dHead, self.scale) = (items, heads, dHead, scale)
        offsets = items.reduce(into: [0]) { offsets, item in
            offsets.append(offsets[offsets.count - 1] + heads * item.queries.count * item.keyCount)
        }
    }

    /// The width of all heads.
    var width: Int { heads * dHead }

    /// The numbers in all patterns.
    var patternCount: Int { offsets[items.count] }

    /// A head's columns.
    func columns(_ head: Int) -> Range<Int> { head * dHead..<(head + 1) * dHead }

    /// A head's pattern, [query_pos, key_pos].
    func pattern(_ all: MutableRows, _ item: Int, _ head: Int) -> MutableRows {
        let (queries, keys) = (items[item].queries.count, items[item].keyCount)
        return all.block(at: offsets[item] + head * queries * keys, queries, keys)
    }

    /// A head's pattern, to read.
    func pattern(_ all: Rows, _ item: Int, _ head: Int) -> Rows {
        let (queries, keys) = (items[item].queries.count, items[item].keyCount)
        return all.block(at: offsets[item] + head * queries * keys, queries, keys)
    }

    /// Works on all heads, sequence by sequence.
    func forEachHead(_ body: @Sendable (_ item: Int, _ head: Int) -> Void) {
        parallelFor(items.count) { item in for head in 0..<heads { body(item, head) } }
    }

    /// One head of one item, in place.
    func head(
        _ item: Int, _ head: Int, q: Rows, k: Rows, v: Rows, z: MutableRows
    ) -> AttentionHead {
        let (columns, item) = (columns(head), items[item])
        return AttentionHead(
            q: q[item.queries, columns], k: k[item.keys, columns], v: v[item.keys, columns],
            z: z[item.queries, columns],
            past: item.past.map { past in
                (
                    past.keys[0..<past.keys.count, columns],
                    past.values[0..<past.values.count, columns]
                )
            }, visible: item.visible, scale: scale)
    }

    /// Backward steps go no further than the rows of this run.
    func requireNoPast() {
        precondition(
            items.allSatisfy { $0.past == nil }, "no gradients through keys of another run")
    }
}
