/// Splits words into tokens by joining the best pair of neighbours until none can be joined.
///
/// One is made for each text: it keeps its memory from word to word, and the tokens of the words it
/// has seen. A word of n bytes takes O(n log n): neighbours are linked, joins wait in a queue, and
/// one that an earlier join has overtaken is recognised by its rank when it comes up.
struct BytePairMerger {
    private let rules: MergeRules
    // The symbols of the word; next and previous are positions, −1 at the ends.
    private var symbols: [Int32] = []
    private var next: [Int] = []
    private var previous: [Int] = []
    /// The rank of the join of each symbol with its next, −1 when there is none.
    private var ranks: [Int32] = []
    private var queue = MergeQueue()

    private var seen = ByteStringTable()
    private var seenTokens: [Int] = []
    private var seenEnds: [Int] = []
    /// Longer words seldom come again.
    private static let longestRemembered = 64

    /// Prepares for a text.
    init(rules: MergeRules) {
        self.rules = rules
    }

    /// Appends the tokens of a word.
    mutating func encode(_ word: ArraySlice<UInt8>, into ids: inout [Int]) {
        if word.count > Self.longestRemembered {
            merge(word, into: &ids)
        } else if let number = seen.number(of: word) {
            let start = number == 0 ? 0 : seenEnds[number - 1]
            ids.append(contentsOf: seenTokens[start..<seenEnds[number]])
        } else {
            let start = ids.count
            merge(word, into: &ids)
            seen.add(word)
            seenTokens.append(contentsOf: ids[start...])
            seenEnds.append(seenTokens.count)
        }
    }

    private mutating func merge(_ word: ArraySlice<UInt8>, into ids: inout [Int]) {
        guard !word.isEmpty else { return }
        load(word)
        while let (rank, position) = queue.popFirst() {
            if ranks[position] == rank { join(position, as: rules.results[Int(rank)]) }
        }
        var position = 0
        while position >= 0 {
            ids.append(Int(symbols[position]))
            position = next[position]
        }
    }

    /// Sets the symbols to the bytes of a word and queues all their joins.
    private mutating func load(_ word: ArraySlice<UInt8>) {
        symbols.removeAll(keepingCapacity: true)
        next.removeAll(keepingCapacity: true)
        previous.removeAll(keepingCapacity: true)
        ranks.removeAll(keepingCapacity: true)
        for (position, byte) in word.enumerated() {
            symbols.append(rules.byteSymbols[Int(byte)])
            next.append(position + 1)
            previous.append(position - 1)
            ranks.append(-1)
        }
        next[word.count - 1] = -1
        for position in symbols.indices { offerJoin(at: position) }
    }

    /// Joins a symbol with its next one.
    private mutating func join(_ position: Int, as symbol: Int32) {
        let removed = next[position]
        symbols[position] = symbol
        ranks[removed] = -1
        next[position] = next[removed]
        if next[removed] >= 0 { previous[next[removed]] = position }
        offerJoin(at: position)
        if previous[position] >= 0 { offerJoin(at: previous[position]) }
    }

    /// Notes and queues the join of a symbol with its next one, if there is such a join.
    private mutating func offerJoin(at position: Int) {
        let right = next[position]
        ranks[position] = right < 0 ? -1 : rules.rank(symbols[position], symbols[right])
        if ranks[position] >= 0 { queue.insert(rank: ranks[position], position: position) }
    }
}
