import Models
import Tensors

extension Hooks {
    /// Puts in an embedding on the straight line between those of two runs.
    ///
    /// - Parameter fraction: 0 for that of `base`, 1 for that of `clean`.
    /// - Throws: ``InterventionError/notCached(_:)``.
    mutating func interpolateInput(
        from base: Run, to clean: Run, _ fraction: Float
    ) throws(InterventionError) {
        let point = HookPoint(.embed)
        guard let from = base.cache[point], let to = clean.cache[point] else {
            throw .notCached("\(point)")
        }
        let input = from.mixed(with: to, fraction)
        add(at: point) { embed, _ in embed = input }
    }
}

extension Tensor {
    /// The tensor a fraction of the way to another.
    fileprivate func mixed(with other: Tensor, _ fraction: Float) -> Tensor {
        precondition(shape == other.shape, "shapes \(shape) and \(other.shape)")
        var result = Tensor(uninitialized: shape)
        let columns = max(count, 1)
        let out = result.mutableRows(of: columns)
        let (x, y) = (rows(of: columns).elements, other.rows(of: columns).elements)
        for i in 0..<x.count { out[0][i] = x[i] + fraction * (y[i] - x[i]) }
        return result
    }
}
