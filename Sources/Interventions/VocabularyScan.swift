internal import Glibc
import Kernels
import Models
import Tensors

/// What probabilities of a few tokens need of a row of logits.
struct TokenLogits {
    /// The logits of the tokens asked for, by token.
    var logits: [Int: Double]
    /// ln Σ exp of all of the row.
    var total: Double
}

extension TokenLogits {
    /// Takes them from a row of logits.
    init(_ tokens: [Int], of row: UnsafeBufferPointer<Float>) {
        self.init(logits: [:], total: -.infinity)
        add(row, from: 0, tokens)
    }

    /// Walks through the vocabulary piece by piece, so that the logits stay in the cache.
    ///
    /// - Parameters:
    ///   - x: What the unembedding reads, [row, d_model].
    ///   - tokens: The tokens that each row asks for.
    static func scan(_ x: Rows, for tokens: [[Int]], in model: Transformer) -> [TokenLogits] {
        var found = tokens.map { _ in TokenLogits(logits: [:], total: -.infinity) }
        let unembedding = model.weights.W_U_transposed.rows
        let bias = model.weights.b_U?.rows[0]
        for first in stride(from: 0, to: unembedding.count, by: pieceSize) {
            let piece = first..<min(first + pieceSize, unembedding.count)
            var logits = Tensor(uninitialized: [x.count, piece.count])
            let rows = logits.mutableRows
            multiply(
                x, unembedding[piece, 0..<x.columns], into: rows, transposing: .right)
            for index in 0..<x.count {
                let row = rows[index]
                if let bias { for i in 0..<row.count { row[i] += bias[first + i] } }
                found[index].add(UnsafeBufferPointer(row), from: first, tokens[index])
            }
        }
        return found
    }

    /// How many tokens a piece of the vocabulary has.
    static let pieceSize = 2048

    /// Takes in the logits of a piece of the vocabulary.
    private mutating func add(_ piece: UnsafeBufferPointer<Float>, from first: Int, _ tokens: [Int])
    {
        let part = logSumExp(piece)
        let (large, small) = total > part ? (total, part) : (part, total)
        total = small == -.infinity ? large : large + log1p(exp(small - large))
        for token in tokens where piece.indices.contains(token - first) {
            logits[token] = Double(piece[token - first])
        }
    }
}
