/// The joins that may be made in a word, best first: lowest rank, then leftmost.
///
/// A binary heap; a join is one integer, its rank above its position, so integers compare as joins
/// should.
struct MergeQueue {
    private var joins: [UInt64] = []

    /// Adds a join.
    mutating func insert(rank: Int32, position: Int) {
        var child = joins.count
        let join = UInt64(UInt32(bitPattern: rank)) << 32 | UInt64(UInt32(position))
        joins.append(join)
        while child > 0 {
            let parent = (child - 1) / 2
            if joins[parent] <= join { break }
            joins[child] = joins[parent]
            child = parent
        }
        joins[child] = join
    }

    /// Removes the best join and returns it, or `nil` when there is none.
    mutating func popFirst() -> (rank: Int32, position: Int)? {
        guard let best = joins.first, let last = joins.popLast() else { return nil }
        if !joins.isEmpty { sink(last) }
        return (Int32(truncatingIfNeeded: best >> 32), Int(UInt32(truncatingIfNeeded: best)))
    }

    /// Puts a join in the place of the first one and lets it down to where it belongs.
    private mutating func sink(_ join: UInt64) {
        var parent = 0
        while true {
            var child = 2 * parent + 1
            if child >= joins.count { break }
            if child + 1 < joins.count, joins[child + 1] < joins[child] { child += 1 }
            if join <= joins[child] { break }
            joins[parent] = joins[child]
            parent = child
        }
        joins[parent] = join
    }
}
