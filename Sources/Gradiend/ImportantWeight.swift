import Kernels
import Results
import Tensors

/// One of a feature's most important weights, and where it is in the base model.
///
/// The names are those of the Python package's `export_topk_features`.
public struct ImportantWeight: Sendable, Hashable, Codable {
    /// From 1.
    public let rank: Int
    /// Of which vector.
    public let part: String
    /// The magnitude of the element.
    public let importance: Float
    /// The element of the vector.
    public let value: Float
    /// The place in the feature's vectors.
    public let local_input_index: Int
    /// The place among all weights of the map's tensors, one after the other: whatever was pruned,
    /// a weight has one number. They are the model's core; in a folder of the package that was
    /// learnt on some tensors alone they are those, as in the package.
    public let base_global_index: Int
    /// The tensor in the checkpoint.
    public let param_name: String
    /// The place in the tensor, row-major.
    public let flat_index_in_param: Int
    /// The place in the tensor along its first axis.
    public let param_row: Int?
    /// The place along its second axis; `nil` for a vector.
    public let param_col: Int?
    /// The place along each axis.
    public let coords: [Int]
    /// The tensor's shape.
    public let param_shape: [Int]
    /// How many elements the tensor has.
    public let param_numel: Int
}

extension Feature {
    /// The weights with the largest magnitudes in a vector, the largest first.
    ///
    /// Of equal magnitudes the first in the vector comes first.
    public func importantWeights(
        _ count: Int, by part: VectorPart = .decoderWeight
    ) -> [ImportantWeight] {
        let vector = neuron.vector(part)
        let starts = map.parts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.size) }
        return rankedElements(of: vector, count: min(count, vector.count)).enumerated().map {
            rank, position in
            let location = map.location(of: position)
            let (tensor, element) = (map.parts[location.part], location.element)
            let coords = places(of: element, in: tensor.shape)
            return ImportantWeight(
                rank: rank + 1, part: part.rawValue, importance: vector[position].magnitude,
                value: vector[position], local_input_index: position,
                base_global_index: starts[location.part] + element, param_name: tensor.name,
                flat_index_in_param: element, param_row: coords.first,
                param_col: coords.dropFirst().first, coords: coords, param_shape: tensor.shape,
                param_numel: tensor.size)
        }
    }
}

/// A place in row-major order along each axis.
private func places(of element: Int, in shape: [Int]) -> [Int] {
    var rest = element
    return shape.reversed().map { length in
        defer { rest /= length }
        return rest % length
    }.reversed()
}

extension [ImportantWeight] {
    /// The weights as CSV, with the Python package's columns and the value behind them.
    public func csv() -> String {
        let header = [
            "rank", "part", "importance", "local_input_index", "base_global_index", "param_name",
            "flat_index_in_param", "param_row", "param_col", "coords", "param_shape", "param_numel",
            "value",
        ]
        let rows = map { weight in
            [
                "\(weight.rank)", weight.part, "\(weight.importance)",
                "\(weight.local_input_index)", "\(weight.base_global_index)",
                weight.param_name, "\(weight.flat_index_in_param)",
                weight.param_row.map(String.init) ?? "", weight.param_col.map(String.init) ?? "",
                "\(weight.coords)", "\(weight.param_shape)",
                "\(weight.param_numel)", "\(weight.value)",
            ]
        }
        return csvText(header: header, rows: rows)
    }
}
