extension [Int] {
    /// Steps from the indices of an element to those of the next in row-major order; after the last
    /// comes the first.
    package mutating func advance(in shape: [Int]) {
        for axis in indices.reversed() {
            self[axis] += 1
            if self[axis] < shape[axis] { return }
            self[axis] = 0
        }
    }
}

extension Tensor {
    /// Some entries of one axis, in the order given, copied.
    ///
    /// - Parameters:
    ///   - indices: Entries along the axis; one may occur several times.
    ///   - axis: The axis; its length becomes the number of indices.
    public func selecting(_ indices: [Int], axis: Int) -> Tensor {
        precondition(axis >= 0 && axis < rank, "axis \(axis) of shape \(shape)")
        let inner = shape[(axis + 1)...].reduce(1, *)
        let outer = shape[..<axis].reduce(1, *)
        var newShape = shape
        newShape[axis] = indices.count
        var result = Tensor(uninitialized: newShape)
        guard result.count > 0 else { return result }
        let (source, target) = (rows(of: inner), result.mutableRows(of: inner))
        for block in 0..<outer {
            for (position, index) in indices.enumerated() {
                let row = target[block * indices.count + position]
                precondition(index >= 0 && index < shape[axis], "index \(index) of shape \(shape)")
                _ = row.update(fromContentsOf: source[block * shape[axis] + index])
            }
        }
        return result
    }

    /// The tensors one after the other along an axis; they agree in all other axes.
    public static func concatenating(_ tensors: [Tensor], axis: Int) -> Tensor {
        precondition(!tensors.isEmpty, "nothing to concatenate")
        var shape = tensors[0].shape
        for tensor in tensors.dropFirst() {
            shape[axis] = tensor.shape[axis]
            precondition(tensor.shape == shape, "concatenate \(shape) with \(tensor.shape)")
        }
        shape[axis] = tensors.reduce(0) { $0 + $1.shape[axis] }
        var result = Tensor(uninitialized: shape)
        guard result.count > 0 else { return result }
        let target = result.mutableRows(of: shape[axis...].reduce(1, *))
        var column = 0
        for tensor in tensors where tensor.count > 0 {
            let source = tensor.rows(of: tensor.shape[axis...].reduce(1, *))
            for row in 0..<source.count {
                let part = UnsafeMutableBufferPointer(
                    rebasing: target[row][column..<column + source.columns])
                _ = part.update(fromContentsOf: source[row])
            }
            column += source.columns
        }
        return result
    }
}
