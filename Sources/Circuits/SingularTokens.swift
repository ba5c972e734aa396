public import Kernels
public import Models
public import Results
import Tensors

/// The top tokens of singular directions: TransformerLens' `SVDInterpreter` for any matrix, any
/// number of them, with signs that can be reproduced.
public struct SingularTokens: Sendable {
    /// Which of a direction's two signs are shown, and which is called positive.
    public enum Sign: String, CaseIterable, Sendable {
        /// Both, the positive one chosen as in `skew`.
        case both
        /// The one whose projection on the vocabulary has its long tail above: the sum of cubes of
        /// its deviations from the mean is positive.
        case skew
        /// The one whose projection deviates most from its mean above it.
        case maxabs
    }

    /// What to find.
    public struct Options: Sendable {
        /// How many directions of each matrix, the strongest.
        public var directions: Int
        /// How many tokens for each direction and sign.
        public var tokens: Int
        /// Which signs.
        public var sign: Sign
        /// The names of the sides, such as `output`.
        public var sides: [String]
        /// What gives the tokens their directions.
        public var basis: VocabularyReader.Basis

        /// Collects choices.
        public init(
            directions: Int = 6, tokens: Int = 10, sign: Sign = .both, sides: [String],
            basis: VocabularyReader.Basis = .unembed
        ) {
            self.directions = directions
            self.tokens = tokens
            self.sign = sign
            self.sides = sides
            self.basis = basis
        }
    }

    private let model: Transformer
    private let options: Options

    /// Prepares tables for matrices of a model.
    public init(_ model: Transformer, _ options: Options) {
        self.model = model
        self.options = options
    }

    /// The tables of several matrices, [head, side, sign, rank, direction]; a value is the dot
    /// product of the direction, which has length 1, with the token's, whose word is the text.
    ///
    /// The two sides of a matrix turn together, by the sign of the last side on the unembedding.
    ///
    /// - Parameters:
    ///   - name: The result's name.
    ///   - all: The decomposed matrices, with at least as many values as directions are asked for.
    ///   - axis: The first axis, one label per matrix.
    /// - Throws: ``LinearAlgebraError`` for weights that are not finite.
    public func table(
        _ name: String, of all: [SingularDirections], axis: Axis
    ) throws(LinearAlgebraError) -> LabelledArray {
        let (n, k) = (options.directions, options.tokens)
        let signs = options.sign == .both ? ["+", "−"] : ["+"]
        var found: [[Extremes]] = []
        for side in options.sides {
            found.append(try extremes(of: all, side: side, options.basis, count: k))
        }
        let flips = try flips(of: all, known: found)
        var (values, ids): ([Float], [Int]) = ([], [])
        for matrix in all.indices {
            for side in options.sides.indices {
                let entries = (0..<n).map { found[side][matrix * n + $0] }
                for sign in signs {
                    for rank in 0..<k {
                        for (direction, extremes) in entries.enumerated() {
                            let flip = flips[matrix * n + direction]
                            let isAbove = (sign == "+") != flip
                            let list = isAbove ? extremes.largest : extremes.smallest
                            values.append(flip ? -list[rank].value : list[rank].value)
                            ids.append(list[rank].index)
                        }
                    }
                }
            }
        }
        var table = LabelledArray(
            name, quantity: Quantity("projection on \(options.basis.matrix)"),
            axes: [
                axis, Axis("side", labels: options.sides), Axis("sign", labels: signs),
                Axis("rank", count: k), Axis("direction", count: n),
            ], values: Tensor([all.count, options.sides.count, signs.count, k, n], values))
        table.texts = LabelledArray.Texts("token", ids.map(model.shortString), ids: ids)
        return table
    }

    /// The tokens at both ends of each matrix's directions, matrix by matrix.
    private func extremes(
        of all: [SingularDirections], side name: String, _ basis: VocabularyReader.Basis, count: Int
    ) throws(LinearAlgebraError) -> [Extremes] {
        let vectors = all.flatMap { $0.sides.filter { $0.name == name } }
            .map { $0.vectors[at: 0..<options.directions] }
        return try VocabularyReader(model, basis: basis)
            .extremes(of: .concatenating(vectors, axis: 0), count: count)
    }

    /// Whether each direction of each matrix turns round to have its sign.
    ///
    /// - Parameter known: The ends of the sides shown, which may be those that decide.
    private func flips(
        of all: [SingularDirections], known: [[Extremes]]
    ) throws(LinearAlgebraError) -> [Bool] {
        guard let last = all.first?.sides.last?.name else { return [] }
        let shown = options.basis == .unembed ? options.sides.firstIndex(of: last) : nil
        let ends =
            if let shown { known[shown] } else {
                try extremes(of: all, side: last, .unembed, count: 1)
            }
        return ends.map { ends in
            guard options.sign == .maxabs else { return ends.skew < 0 }
            let (high, low) = (ends.largest.first?.value ?? 0, ends.smallest.first?.value ?? 0)
            return Double(high) - ends.mean < ends.mean - Double(low)
        }
    }
}
