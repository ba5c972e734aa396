import Kernels
import Tensors

/// `P = softmax(S)` over the keys of each query: `dS = P · (dP − Σ dP · P)`.
struct AttentionSoftmax: Operation {
    let input: Tape.Node?
    let grid: AttentionGrid
    let pattern: Tensor

    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents) {
        let slopes = gradient.mutableRows(of: grid.patternCount)
        let all = pattern.rows(of: grid.patternCount)
        grid.forEachHead { [grid] item, head in
            softmaxBackward(grid.pattern(all, item, head), grid.pattern(slopes, item, head))
        }
        cotangents.add(gradient, to: input)
    }
}

/// dP becomes dS, row by row, in place.
func softmaxBackward(_ pattern: Rows, _ slope: MutableRows) {
    for row in 0..<pattern.count {
        let (p, slope) = (pattern[row], slope[row])
        let mean = dot(p, UnsafeBufferPointer(slope))
        for i in 0..<p.count { slope[i] = p[i] * (slope[i] - mean) }
    }
}

extension Traced {
    /// Attention scores, flat as ``AttentionGrid`` says, become patterns, in place.
    public mutating func softmax(_ grid: AttentionGrid) {
        overwrite { scores in
            let all = scores.mutableRows
            grid.forEachHead { item, head in Kernels.softmax(grid.pattern(all, item, head)) }
        }
        let input = node
        self = recording(value, from: [input]) {
            AttentionSoftmax(input: input, grid: grid, pattern: value)
        }
    }
}
