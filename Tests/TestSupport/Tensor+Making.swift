public import Tensors

extension Tensor {
    /// Reproducible values, even over (−scale, scale).
    public static func random(
        _ shape: [Int], seed: UInt64 = 0, stream: String, scale: Double = 1
    ) -> Tensor {
        var generator = SeededGenerator(seed: seed, stream: stream)
        return Tensor(
            shape,
            (0..<shape.reduce(1, *)).map { _ in Float(scale * (2 * generator.uniform() - 1)) })
    }

    /// Each element from its indices, in double precision: for naive references.
    public init(computing shape: [Int], _ element: ([Int]) -> Double) {
        var indices = [Int](repeating: 0, count: shape.count)
        let values = (0..<shape.reduce(1, *)).map { position in
            var rest = position
            for axis in shape.indices.reversed() {
                (rest, indices[axis]) = rest.quotientAndRemainder(dividingBy: shape[axis])
            }
            return Float(element(indices))
        }
        self.init(shape, values)
    }

    /// A matrix with rows and columns exchanged.
    public var transposed: Tensor {
        let (values, columns) = (self.values, shape[1])
        return Tensor(
            [columns, shape[0]],
            (0..<columns).flatMap { column in
                stride(from: column, to: values.count, by: columns).map { values[$0] }
            })
    }
}
