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
    package init(count: Int, length: Int, start: Int = 0) {
        for sequence in 0..<count { append(positions: start..<start + length, of: sequence) }
    }

    /// Adds the rows of some positions of a sequence below the others.
    ///
    /// - Parameter keyCount: How many positions they look at; `nil` for those up to the last row.
    package mutating func append(positions: Range<Int>, of sequence: Int, keyCount: Int? = nil) {
        let first = rowCount
        items.append(
            Item(
                rows: first..<first + positions.count, start: positions.lowerBound,
                sequence: sequence, keyCount: keyCount ?? positions.upperBound))
    }

    /// Whether the items are one block of [batch, pos].
    var isUniform: Bool {
        items.allSatisfy { $0.rows.count == items[0].rows.count && $0.start == items[0].start }
    }

    /// Some rows of each item, and their layout.
    ///
    /// - Parameter positions: The positions of an item's rows.
    package func rows(at positions: (Item) -> Range<Int>) -> (layout: RowLayout, rows: [Int]) {
        var layout = RowLayout()
        let rows = items.flatMap { item in
            let chosen = positions(item)
            layout.append(positions: chosen, of: item.sequence, keyCount: item.keyCount)
            return chosen.map { item.rows.lowerBound + $0 - item.start }
        }
        return (layout, rows)
    }
}
