import Kernels
import Tensors

/// The gradients of a backward walk, by node: each is the sum of what its uses have added so far.
struct Cotangents {
    private var values: [Tensor?] = []
    private var shapes: [[Int]] = []

    /// Makes room for one more value of the computation.
    mutating func appendNode(shape: [Int]) -> Tape.Node {
        values.append(nil)
        shapes.append(shape)
        return Tape.Node(index: shapes.count - 1)
    }

    /// Adds a whole gradient; `nil` for a value whose gradient nobody needs.
    mutating func add(_ gradient: consuming Tensor, to node: Tape.Node?) {
        guard let index = node?.index else { return }
        if values[index] == nil {
            values[index] = gradient.reshaped(shapes[index])
        } else {
            let columns = gradient.shape.last ?? 1
            guard let sum = values[index]?.mutableRows(of: columns) else { return }
            Kernels.add(gradient.rows(of: columns), to: sum)
        }
    }

    /// Adds a gradient in place.
    ///
    /// - Parameters:
    ///   - node: `nil` for a value whose gradient nobody needs; `body` is not called then.
    ///   - columns: The length of the rows `body` is given.
    ///   - isWhole: Whether `body` sets every element.
    ///   - body: Writes the rows, or adds to them if its second argument says so.
    mutating func add(
        to node: Tape.Node?, columns: Int, isWhole: Bool = true,
        _ body: (MutableRows, _ accumulating: Bool) -> Void
    ) {
        guard let index = node?.index else { return }
        let isNew = values[index] == nil
        if isNew {
            values[index] = isWhole ? Tensor(uninitialized: shapes[index]) : Tensor(shapes[index])
        }
        guard let rows = values[index]?.mutableRows(of: columns) else { return }
        body(rows, !isNew || !isWhole)
    }

    /// Takes a gradient out; `nil` if nothing was added.
    mutating func take(_ node: Tape.Node, orZeros: Bool = false) -> Tensor? {
        guard let value = values[node.index] else {
            return orZeros ? Tensor(shapes[node.index]) : nil
        }
        values[node.index] = nil
        return value
    }
}
