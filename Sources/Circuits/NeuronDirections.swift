import Kernels
public import Models
public import Results
public import Tensors

extension Transformer {
    /// The directions of the residual stream that a neuron reads and writes, [d_model] each.
    ///
    /// The gain of the norm that it reads through is part of the first.
    public func neuronDirections(
        layer: Int, neuron: Int
    ) -> (input: Tensor, output: Tensor) {
        let (block, d) = (weights.blocks[layer], config.dModel)
        let column = block.mlp.W_in.rows[0..<d, neuron..<neuron + 1]
        let gain = config.normalization == .layerNorm ? block.ln2.w.values : nil
        let input = (0..<d).map { column[$0][0] * (gain?[$0] ?? 1) }
        return (Tensor([d], input), block.mlp.W_out[at: neuron])
    }

    /// The tokens at both ends of what neurons read and write, [neuron, rank, end].
    ///
    /// The ends are `input +`, `input −`, `output +` and `output −`; a neuron's signs are its own.
    /// A value is the dot product with the token's direction, whose word is the text.
    ///
    /// - Parameters:
    ///   - neurons: Layers and neurons.
    ///   - count: How many tokens at each end.
    ///   - basis: What gives the tokens their directions.
    /// - Throws: ``LinearAlgebraError`` for weights that are not finite.
    public func neuronTokens(
        _ neurons: [(layer: Int, neuron: Int)], count: Int,
        basis: VocabularyReader.Basis = .unembed
    ) throws -> LabelledArray {
        try config.requirePlainStream(for: "directions of neurons in tokens")
        let directions = neurons.map { neuronDirections(layer: $0.layer, neuron: $0.neuron) }
        let vectors = directions.flatMap { [$0.input, $0.output] }
            .map { $0.reshaped([1, config.dModel]) }
        let found = try VocabularyReader(self, basis: basis)
            .extremes(of: .concatenating(vectors, axis: 0), count: count)
        var (values, ids): ([Float], [Int]) = ([], [])
        for neuron in neurons.indices {
            let ends = found[2 * neuron...2 * neuron + 1].flatMap { [$0.largest, $0.smallest] }
            for rank in 0..<count {
                for end in ends {
                    values.append(end[rank].value)
                    ids.append(end[rank].index)
                }
            }
        }
        let names = neurons.map {
            ComponentName.neuron(layer: $0.layer, neuron: $0.neuron).description
        }
        var table = LabelledArray(
            "svd-neuron", quantity: Quantity("projection on \(basis.matrix)"),
            axes: [
                Axis("neuron", labels: names), Axis("rank", count: count),
                Axis("end", labels: ["input +", "input −", "output +", "output −"]),
            ], values: Tensor([neurons.count, count, 4], values))
        table.texts = LabelledArray.Texts("token", ids.map(shortString), ids: ids)
        return table
    }
}
