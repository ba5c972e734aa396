import Differentiation
import Glibc
import Kernels
import Tensors
import TestSupport
import Testing

/// Attention in one step and in three.
@Suite struct AttentionTests {
    /// Sequences of several lengths: one position, a few, and more than are done without BLAS.
    static let lengths = [[1], [3, 1, 5], [6, 6], [19, 2]]
    private static let (heads, width): (Int, Int) = (2, 3)

    private func grid(_ lengths: [Int], causal: Bool) -> AttentionGrid {
        var start = 0
        let items = lengths.map { length in
            defer { start += length }
            return AttentionGrid.Item(
                queries: start..<start + length, keys: start..<start + length, past: nil,
                visible: causal ? .causal(past: 0) : .all)
        }
        return AttentionGrid(items: items, heads: Self.heads, dHead: Self.width, scale: 0.7)
    }

    private func inputs(_ lengths: [Int]) -> [Tensor] {
        ["q", "k", "v"].map {
            .random([lengths.reduce(0, +), Self.heads, Self.width], stream: $0, scale: 2)
        }
    }

    /// Each head's scores, patterns or mixed values, by naive loops.
    private func reference(
        _ inputs: [Doubles], _ lengths: [Int], causal: Bool
    ) -> (scores: [Double], pattern: [Double], z: [Double]) {
        let (heads, width) = (Self.heads, Self.width)
        let (q, k, v) = (
            inputs[0].rows(of: width), inputs[1].rows(of: width), inputs[2].rows(of: width)
        )
        var (scores, patterns): ([Double], [Double]) = ([], [])
        var z = [Double](repeating: 0, count: inputs[0].values.count)
        var start = 0
        for length in lengths {
            for head in 0..<heads {
                for query in 0..<length {
                    let row = (0..<length).map { key in
                        causal && key > query
                            ? -Double.infinity
                            : 0.7
                                * zip(
                                    q[(start + query) * heads + head],
                                    k[(start + key) * heads + head]
                                ).reduce(0) { $0 + $1.0 * $1.1 }
                    }
                    let total = row.reduce(0) { $0 + exp($1) }
                    let pattern = row.map { exp($0) / total }
                    for (key, p) in pattern.enumerated() {
                        for i in 0..<width {
                            z[((start + query) * heads + head) * width + i] +=
                                p * v[(start + key) * heads + head][i]
                        }
                    }
                    scores += row
                    patterns += pattern
                }
            }
            start += length
        }
        return (scores, patterns, z)
    }

    @Test(arguments: lengths, [true, false]) func inOneStep(_ lengths: [Int], _ causal: Bool) {
        let grid = grid(lengths, causal: causal)
        checkGradients(inputs(lengths)) { [reference] in
            reference($0, lengths, causal).z
        } operation: {
            $0[0].attending(to: $0[1], $0[2], grid)
        }
    }

    @Test(arguments: lengths, [true, false]) func inThreeSteps(_ lengths: [Int], _ causal: Bool) {
        let grid = grid(lengths, causal: causal)
        checkGradients(inputs(lengths)) { [reference] in
            reference($0, lengths, causal).z
        } operation: { inputs in
            var pattern = inputs[0].attentionScores(inputs[1], grid)
            pattern.softmax(grid)
            return pattern.mixing(inputs[2], inputs[0], inputs[1], grid)
        }
    }

    @Test(arguments: lengths) func eachStep(_ lengths: [Int]) {
        let grid = grid(lengths, causal: false)
        let inputs = inputs(lengths)
        checkGradients(Array(inputs[..<2]), "scores") { [reference] in
            reference([$0[0], $0[1], $0[1]], lengths, false).scores
        } operation: {
            $0[0].attentionScores($0[1], grid)
        }
        checkGradients(Array(inputs[..<2]), "pattern") { [reference] in
            reference([$0[0], $0[1], $0[1]], lengths, false).pattern
        } operation: { inputs in
            var pattern = inputs[0].attentionScores(inputs[1], grid)
            pattern.softmax(grid)
            return pattern
        }
    }
}
