/// Which rows of a pass's tensors belong to which sequence, and at which positions they stand.
///
/// All sequences of a pass lie one below the other as rows, so that each matrix product is one.
/// They need not begin at the first position: keys and values of the positions before come from the
/// pass's ``KeyValues``. In a plain run every sequence has all its positions.
package struct RowLayout: Sendable {
    /// One sequence's rows.
    package struct Item: Sendable {
        /// Its rows, in order of position.
        package let rows: Range<Int>
        /// The position of the first.
        package let start: Int
        /// Which known keys and values come before.
        package let sequence: Int
        /// How many positions its queries can look at, from the first of the sequence on.
        package let keyCount: Int
        /// How many of those are no padding.
        package let tokenCount: Int
        /// The item whose rows are its own too, up to its start; `nil` if all before it is known.
        package let trunk: Int?

        /// The position after the last row.
        package var end: Int { start + rows.count }
    }

    /// The sequences from top to bottom.
    package private(set) var items: [Item] = []

    /// The number of rows of all sequences.
    package var rowCount: Int { items.last?.rows.upperBound ?? 0 }

    /// No sequences.
    package init() {}

    /// Sequences of one length.
    package init(count: Int, length: Int) {
        for sequence in 0..<count { append(positions: 0..<length, of: sequence) }
    }

    /// All positions of a batch, padding included.
    ///
    /// - Parameter start: The position of the first tokens.
    package init(_ tokens: TokenBatch, from start: Int = 0) {
        for (sequence, length) in tokens.lengths.enumerated() {
            append(
                positions: start..<start + tokens.length, of: sequence,
                tokenCount: start + length)
        }
    }

    /// Adds the rows of some positions of a sequence below the others.
    ///
    /// - Parameters:
    ///   - keyCount: How many positions they look at; `nil` for those up to the last row.
    ///   - tokenCount: How many of those are no padding; `nil` for all.
    ///   - trunk: The item above whose rows are this one's too, up to the first position.
    package mutating func append(
        positions: Range<Int>, of sequence: Int, keyCount: Int? = nil, tokenCount: Int? = nil,
        trunk: Int? = nil
    ) {
        let first = rowCount
        items.append(
            Item(
                rows: first..<first + positions.count, start: positions.lowerBound,
                sequence: sequence, keyCount: keyCount ?? positions.upperBound,
                tokenCount: tokenCount ?? keyCount ?? positions.upperBound, trunk: trunk))
    }

    /// Whether the items are one block of [batch, pos].
    var isUniform: Bool { items.allSatisfy { $0.rows.count == items[0].rows.count } }

    /// Some rows of each item, and their layout.
    ///
    /// - Parameter positions: The positions of an item's rows.
    package func rows(at positions: (Item) -> Range<Int>) -> (layout: RowLayout, rows: [Int]) {
        var layout = RowLayout()
        let rows = items.flatMap { item in
            let chosen = positions(item)
            layout.append(
                positions: chosen, of: item.sequence, keyCount: item.keyCount,
                tokenCount: item.tokenCount, trunk: item.trunk)
            return chosen.map { item.rows.lowerBound + $0 - item.start }
        }
        return (layout, rows)
    }

    /// The row of an item's position, its own or its trunk's; `nil` if it has none.
    package func row(at position: Int, of item: Item) -> Int? {
        let owner = position < item.start ? item.trunk.map { items[$0] } : item
        guard let owner, (owner.start..<owner.end).contains(position) else { return nil }
        return owner.rows.lowerBound + position - owner.start
    }

    /// Each item's rows behind those of its trunk, and their layout; `nil` if none has a trunk.
    func withTrunks() -> (layout: RowLayout, rows: [Int])? {
        guard items.contains(where: { $0.trunk != nil }) else { return nil }
        var layout = RowLayout()
        let rows = items.flatMap { item in
            let trunk = item.trunk.map { items[$0] } ?? item
            layout.append(
                positions: trunk.start..<item.end, of: item.sequence, keyCount: item.keyCount,
                tokenCount: item.tokenCount)
            return Array(trunk.rows.prefix(item.start - trunk.start)) + item.rows
        }
        return (layout, rows)
    }
}
