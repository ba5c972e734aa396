import Kernels
import Tensors

/// `y[i] = x[index i]`: embeddings and chosen rows.
///
/// ```
/// dx[r] = Σ dy[i] over all i with index i = r
/// ```
struct Selection: Operation {
    let input: Tape.Node?
    let indices: [Int]
    /// The length of a row.
    let columns: Int

    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents) {
        let dy = gradient.rows(of: columns)
        cotangents.add(to: input, columns: columns, isWhole: false) { dx, _ in
            for (row, index) in indices.enumerated() {
                add(dy[row..<row + 1, 0..<columns], to: dx[index..<index + 1, 0..<columns])
            }
        }
    }
}

extension Traced {
    /// Some entries of the first axis, in the order given; one may occur several times.
    public func selecting(_ indices: [Int]) -> Traced {
        recording(value.selecting(indices, axis: 0), from: [node]) {
            Selection(
                input: node, indices: indices, columns: shape.dropFirst().reduce(1, *))
        }
    }
}
