internal import HeapModule
import Tensors

/// Learns the vocabulary of byte-level byte-pair encoding from text.
///
/// The most frequent pair of neighbouring symbols becomes a symbol, again and again; words are
/// GPT-2's, and pairs never cross them. Of equally frequent pairs the one with the lower ids is
/// first, so the vocabulary is that of the `tokenizers` library. Sennrich, Haddow and Birch 2016,
/// algorithm 1, https://aclanthology.org/P16-1162.
///
/// ```swift
/// var trainer = BytePairTrainer()
/// trainer.add(text)
/// let vocabulary = trainer.vocabulary(ofSize: 1600)
/// ```
public struct BytePairTrainer: Sendable {
    private var table = ByteStringTable()
    /// How often each word of the table occurred.
    private var counts: [Int] = []

    /// Starts without text.
    public init() {}

    /// Counts the words of a text.
    public mutating func add(_ text: String) {
        let bytes = Array(text.utf8)
        for range in WordSplitter(bytes, in: 0..<bytes.count) {
            let word = bytes[range]
            if let number = table.number(of: word) {
                counts[number] += 1
            } else {
                table.add(word)
                counts.append(1)
            }
        }
    }

    /// The vocabulary of the words so far: the bytes, the merges, and `<|endoftext|>` last.
    ///
    /// - Parameters:
    ///   - size: How many entries it should have, at least 257; where the words have no more pairs,
    ///     it has fewer.
    ///   - frequency: A pair that occurs less often is not merged.
    public func vocabulary(ofSize size: Int, atLeast frequency: Int = 2) -> TrainedVocabulary {
        precondition(size > 256, "a byte-level vocabulary has at least 257 entries, not \(size)")
        var learner = MergeLearner(words: table.strings, counts: counts)
        while learner.entries.count < size - 1, learner.mergeBest(atLeast: frequency) {}
        return TrainedVocabulary(entries: learner.entries, merges: learner.merges)
    }
}

/// Words as symbols, and how often which pairs stand in them.
private struct MergeLearner {
    /// The spelling of each symbol.
    private(set) var entries: [String]
    private(set) var merges: [(String, String)] = []
    private var words: [[Int32]]
    private let wordCounts: [Int]
    private var symbols: [String: Int32] = [:]
    private var pairCounts: [Pair: Int] = [:]
    /// The words that a pair stands in, or stood in.
    private var places: [Pair: Set<Int>] = [:]
    private var queue: Heap<Candidate>

    /// Two neighbouring symbols.
    private struct Pair: Hashable, Comparable {
        let left: Int32
        let right: Int32

        static func < (a: Pair, b: Pair) -> Bool { (a.left, a.right) < (b.left, b.right) }
    }

    /// A pair by the count it had when it was put into the queue.
    private struct Candidate: Comparable {
        let count: Int
        let pair: Pair

        static func < (a: Candidate, b: Candidate) -> Bool {
            a.count != b.count ? a.count < b.count : a.pair > b.pair
        }
    }

    init(words: [[UInt8]], counts: [Int]) {
        // The bytes have ids in the order of their characters.
        let order = ByteAlphabet.scalars.indices.sorted {
            ByteAlphabet.scalars[$0].value < ByteAlphabet.scalars[$1].value
        }
        var idOfByte = [Int32](repeating: 0, count: 256)
        for (id, byte) in order.enumerated() { idOfByte[byte] = Int32(id) }
        entries = order.map { String(ByteAlphabet.scalars[$0]) }
        symbols = Dictionary(
            uniqueKeysWithValues: entries.enumerated().map { ($1, Int32($0)) })
        self.words = words.map { word in word.map { idOfByte[Int($0)] } }
        wordCounts = counts
        queue = Heap()
        for (index, word) in self.words.enumerated() {
            for (left, right) in zip(word, word.dropFirst()) {
                let pair = Pair(left: left, right: right)
                pairCounts[pair, default: 0] += counts[index]
                places[pair, default: []].insert(index)
            }
        }
        for (pair, count) in pairCounts { queue.insert(Candidate(count: count, pair: pair)) }
    }

    /// Makes the most frequent pair a symbol; `false` if none is frequent enough.
    mutating func mergeBest(atLeast frequency: Int) -> Bool {
        while let best = queue.popMax() {
            let count = pairCounts[best.pair] ?? 0
            guard count == best.count else {
                // It became rarer since.
                if count > 0 { queue.insert(Candidate(count: count, pair: best.pair)) }
                continue
            }
            if count < max(frequency, 1) { return false }
            merge(best.pair)
            return true
        }
        return false
    }

    private mutating func merge(_ pair: Pair) {
        let (left, right) = (entries[Int(pair.left)], entries[Int(pair.right)])
        merges.append((left, right))
        let spelling = left + right
        // Two ways to one spelling lead to one symbol.
        let symbol = symbols[spelling] ?? Int32(entries.count)
        if symbols.updateValue(symbol, forKey: spelling) == nil { entries.append(spelling) }
        var grown: Set<Pair> = []
        for index in places.removeValue(forKey: pair) ?? [] {
            replace(pair, by: symbol, in: index, &grown)
        }
        pairCounts[pair] = nil
        for pair in grown {
            queue.insert(Candidate(count: pairCounts[pair] ?? 0, pair: pair))
        }
    }

    /// Writes a symbol for a pair wherever it stands in a word, from left to right.
    private mutating func replace(
        _ pair: Pair, by symbol: Int32, in index: Int, _ grown: inout Set<Pair>
    ) {
        let (word, count) = (words[index], wordCounts[index])
        var result: [Int32] = []
        result.reserveCapacity(word.count)
        var position = 0
        while position < word.count {
            if position + 1 < word.count, word[position] == pair.left,
                word[position + 1] == pair.right
            {
                result.append(symbol)
                position += 2
            } else {
                result.append(word[position])
                position += 1
            }
        }
        guard result.count < word.count else { return }
        for (left, right) in zip(word, word.dropFirst()) {
            pairCounts[Pair(left: left, right: right), default: 0] -= count
        }
        for (left, right) in zip(result, result.dropFirst()) {
            let neighbours = Pair(left: left, right: right)
            pairCounts[neighbours, default: 0] += count
            if left == symbol || right == symbol {
                places[neighbours, default: []].insert(index)
                grown.insert(neighbours)
            }
        }
        words[index] = result
    }
}
