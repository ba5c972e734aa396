public import Differentiation
import Tensors

extension Transformer {
    /// One step of an optimizer: changes the weights that have gradients, in place.
    ///
    /// Weights that share memory, such as tied embeddings, are changed once and still share it.
    public mutating func update(with gradients: ParameterGradients, by optimizer: inout AdamW) {
        optimizer.beginStep()
        var updated: [UnsafePointer<Float>: Tensor] = [:]
        let addresses = gradients.entries.map { weights[keyPath: $0.path].rows.base }
        for (index, entry) in gradients.entries.enumerated() {
            let address = addresses[index]
            if let known = updated[address] {
                weights[keyPath: entry.path] = known
                continue
            }
            guard let gradient = gradients[entry.path] else { continue }
            // Taken out of its place, so that its memory is not copied.
            var weight = weights[keyPath: entry.path]
            for (other, shared) in zip(gradients.entries, addresses) where shared == address {
                weights[keyPath: other.path] = Tensor([0])
            }
            optimizer.update(&weight, gradient: gradient, at: index)
            weights[keyPath: entry.path] = weight
            if addresses.lazy.filter({ $0 == address }).count > 1 { updated[address] = weight }
        }
    }
}
