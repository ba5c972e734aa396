import Kernels
import Tensors
public import Tokenization

/// Documents as they are trained on.
///
/// Each stands behind the marker of a text's beginning, one after another. A row holds `n_ctx`
/// tokens from the beginning of a document; the document that it cuts begins the next row again, so
/// that what follows a cut is learnt with its beginning, unless it fills a row by itself.
public struct TrainingText: Sendable {
    private let tokens: [Int]
    /// Where rows begin and end.
    private let rows: [Range<Int>]
    private let marker: Int?

    /// The number of rows.
    public var count: Int { rows.count }

    /// The number of tokens.
    public var tokenCount: Int { tokens.count }

    /// Cuts documents into rows.
    ///
    /// - Parameters:
    ///   - documents: The token ids of each, without a marker; empty ones are left out.
    ///   - marker: The id that begins a text; `nil` for none.
    ///   - nCtx: The tokens of a row, at least 2.
    public init(_ documents: [[Int]], marker: Int?, nCtx: Int) {
        precondition(nCtx >= 2, "rows of \(nCtx) tokens")
        var (tokens, starts): ([Int], [Int]) = ([], [])
        for document in documents where !document.isEmpty {
            starts.append(tokens.count)
            if let marker { tokens.append(marker) }
            tokens += document
        }
        self.tokens = tokens
        self.marker = marker
        rows = Self.rows(of: tokens.count, starts: starts, nCtx: nCtx)
    }

    /// Reads and cuts documents.
    public init(_ documents: [String], _ tokenizer: Tokenizer, nCtx: Int) {
        self.init(
            parallelMap(documents.count) { tokenizer.encode(documents[$0]) },
            marker: tokenizer.beginningOfText, nCtx: nCtx)
    }

    private static func rows(of count: Int, starts: [Int], nCtx: Int) -> [Range<Int>] {
        var rows: [Range<Int>] = []
        var (start, next) = (0, 0)
        // A single token has nothing to predict.
        while start + 1 < count {
            let end = min(start + nCtx, count)
            rows.append(start..<end)
            if end == count { break }
            // The last document that begins in the row and goes on after it.
            while next < starts.count, starts[next] <= end { next += 1 }
            let last = starts[next - 1]
            start = last > start ? last : end
        }
        return rows
    }

    /// The tokens of a row.
    ///
    /// - Parameter withoutMarker: Whether the marker at its beginning is left out.
    public func row(_ index: Int, withoutMarker: Bool = false) -> [Int] {
        let row = rows[index]
        let begins = tokens[row.lowerBound] == marker && row.count > 2
        return Array(tokens[withoutMarker && begins ? row.dropFirst() : row])
    }

    /// A number that tells texts apart.
    public var fingerprint: String {
        (tokens + rows.flatMap { [$0.lowerBound, $0.upperBound] })
            .withUnsafeBytes { Fingerprint($0).hexadecimal }
    }
}

/// Which rows make which batch: the rows in a new order each time all were read.
///
/// The order follows from the seed and the step alone, so that training goes on after a stop as if
/// there had been none.
package struct RowOrder {
    let text: TrainingText
    let seed: UInt64
    /// The share of rows without the marker at their beginning.
    let unmarkedShare: Double
    /// The epoch whose order is known.
    private var epoch = -1
    private var order: [Int] = []

    /// The order of a text's rows.
    package init(_ text: TrainingText, seed: UInt64, unmarkedShare: Double) {
        (self.text, self.seed, self.unmarkedShare) = (text, seed, unmarkedShare)
    }

    /// A run of rows, counted from the beginning of training.
    package mutating func rows(_ range: Range<Int>) -> [[Int]] {
        range.map { number in
            let (epoch, place) = number.quotientAndRemainder(dividingBy: text.count)
            if epoch != self.epoch {
                var generator = SeededGenerator(seed: seed, stream: "order \(epoch)")
                (self.epoch, order) = (epoch, Array(0..<text.count).shuffled(using: &generator))
            }
            var generator = SeededGenerator(seed: seed, stream: "marker \(number)")
            return text.row(order[place], withoutMarker: generator.uniform() < unmarkedShare)
        }
    }
}
