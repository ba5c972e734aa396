import Kernels
import Tensors

/// How two features of one base model resemble each other.
///
/// Positions are compared by where they are in the base model, so that features on different
/// weights can be compared; a weight that a feature has not counts as 0.
public enum Similarity: String, Sendable, Hashable, CaseIterable {
    /// The cosine of the vectors' absolute values.
    case cosine
    /// The cosine of the vectors.
    case cosineSigned = "cosine-signed"
    /// The share of the weights with the largest magnitudes that both have: |A ∩ B| / min(|A|,
    /// |B|).
    case overlap
    /// How much of either's length lies in the weights that both have among their largest: the
    /// mean of √Σ_{A∩B} a² / √Σ_A a² and the same of B.
    case mass
}

extension Feature {
    /// The similarity to another feature.
    ///
    /// - Parameters:
    ///   - other: A feature of the same base model.
    ///   - similarity: The measure.
    ///   - part: Of which vector.
    ///   - count: How many of the largest weights the overlap and the mass are about.
    /// - Throws: ``GradiendError/mapDoesNotFit(model:_:)`` for weights of one name with two shapes.
    public func similarity(
        to other: Feature, by similarity: Similarity, of part: VectorPart = .decoderWeight,
        top count: Int = 1000
    ) throws -> Double {
        let shapes = Dictionary(
            other.map.parts.map { ($0.name, $0.shape) }, uniquingKeysWith: { first, _ in first })
        for part in map.parts {
            if let shape = shapes[part.name], shape != part.shape {
                throw GradiendError.mapDoesNotFit(
                    model: other.baseModel,
                    "\(part.name) is \(part.shape) for one feature and \(shape) for the other")
            }
        }
        let (a, b) = (neuron.vector(part), other.neuron.vector(part))
        switch similarity {
        case .cosine, .cosineSigned:
            let dot = map.products(
                a, with: b, of: other.map, absolute: similarity == .cosine)
            return dot / (innerProduct(a, a) * innerProduct(b, b)).squareRoot()
        case .overlap, .mass:
            let left = largestWeights(count, by: part)
            let right = other.largestWeights(count, by: part)
            let shared = left.filter { right[$0.key] != nil }
            if similarity == .overlap {
                return Double(shared.count) / Double(min(left.count, right.count))
            }
            func length(_ values: some Sequence<Float>) -> Double {
                // In order, so that the sum does not depend on that of a dictionary.
                values.sorted().reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            }
            return
                (length(shared.values) / length(left.values)
                + length(shared.keys.compactMap { right[$0] }) / length(right.values)) / 2
        }
    }
}

/// Where a weight is in the base model, whatever the map of a feature.
struct WeightPlace: Hashable {
    let parameter: String
    let element: Int
}

extension Feature {
    /// The largest elements of a vector, by where they are in the base model.
    func largestWeights(_ count: Int, by part: VectorPart) -> [WeightPlace: Float] {
        let vector = neuron.vector(part)
        let x = vector.rows(of: max(vector.count, 1)).elements
        return Dictionary(
            largestElements(of: vector, count: min(count, vector.count)).map { position in
                let location = map.location(of: position)
                let place = WeightPlace(
                    parameter: map.parts[location.part].name, element: location.element)
                return (place, x[position])
            }, uniquingKeysWith: { first, _ in first })
    }
}

extension ParameterMap {
    /// The sum of the products of two vectors' elements at the weights that both maps have.
    fileprivate func products(
        _ a: Tensor, with b: Tensor, of other: ParameterMap, absolute: Bool
    ) -> Double {
        let (x, y) = (a.rows.elements, b.rows.elements)
        let others = Dictionary(
            other.placed.map { ($0.part.name, $0) }, uniquingKeysWith: { first, _ in first })
        var sum = 0.0
        for (part, offset) in placed {
            guard let (second, start) = others[part.name] else { continue }
            var (i, j) = (0, 0)
            while i < part.count, j < second.count {
                let (left, right) = (
                    part.indices.map { Int($0[i]) } ?? i, second.indices.map { Int($0[j]) } ?? j
                )
                if left == right {
                    let product = Double(x[offset + i]) * Double(y[start + j])
                    sum += absolute ? abs(product) : product
                }
                (i, j) = (left <= right ? i + 1 : i, right <= left ? j + 1 : j)
            }
        }
        return sum
    }
}
