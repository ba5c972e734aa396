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
    package mutating func append(
        positions: Range<Int>, of sequence: Int, keyCount: Int? = nil, tokenCount: Int? = nil
    ) {
        let first = rowCount
        items.append(
            Item(
                rows: first..<first + positions.count, start: positions.lowerBound,
                sequence: sequence, keyCount: keyCount ?? positions.upperBound,
                tokenCount: tokenCount ?? keyCount ?? positions.upperBound))
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
                tokenCount: item.tokenCount)
            return chosen.map { item.rows.lowerBound + $0 - item.start }
        }
        return (layout, rows)
    }
}
