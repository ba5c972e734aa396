package import Tensors

/// Keys and values that are known before a pass, so that it need not compute their positions again.
package struct KeyValues: Sendable {
    /// Per layer, [sequence, pos, head, d_head] each.
    private var layers: [(keys: Tensor, values: Tensor)?]

    /// Nothing is known yet.
    package init(nLayers: Int) {
        layers = [(keys: Tensor, values: Tensor)?](repeating: nil, count: nLayers)
    }

    /// How many positions are known.
    package var length: Int { layers[0]?.keys.shape[1] ?? 0 }

    /// Makes a layer's keys and values known, [sequence, pos, head, d_head] each.
    package mutating func set(layer: Int, keys: Tensor, values: Tensor) {
        layers[layer] = (keys, values)
    }

    /// Appends keys and values of further positions, [sequence, pos, head, d_head] each.
    mutating func extend(layer: Int, keys: Tensor, values: Tensor) {
        layers[layer] =
            layers[layer].map { known in
                (
                    .concatenating([known.keys, keys], axis: 1),
                    .concatenating([known.values, values], axis: 1)
                )
            } ?? (keys, values)
    }

    /// A layer's known keys and values of the first `count` positions of a sequence, as rows of all
    /// heads side by side.
    func rows(layer: Int, sequence: Int, count: Int) -> (keys: Rows, values: Rows)? {
        guard count > 0, let known = layers[layer] else { return nil }
        let width = known.keys.shape[2] * known.keys.shape[3]
        let positions = sequence * known.keys.shape[1]..<sequence * known.keys.shape[1] + count
        return (
            known.keys.rows(of: width)[positions, 0..<width],
            known.values.rows(of: width)[positions, 0..<width]
        )
    }
}
