import Kernels
public import Models
import Tensors

/// The residual stream of a run, taken apart. All need a run with ``Caching/all``.
extension Run {
    /// The stream before each layer up to one, and the stream that enters that one.
    ///
    /// Labels `0_pre`, `0_mid`, …; `final_post` at the end of the last layer.
    ///
    /// - Parameters:
    ///   - layer: The last layer whose input is a part; `nil` for the end of the model.
    ///   - includingMid: Whether the stream between attention and MLP is a part as well.
    /// - Throws: ``NotCached``.
    public func accumulatedResidual(
        to layer: Int? = nil, includingMid: Bool = false
    ) throws -> ResidualStack {
        if includingMid {
            try model.config.requirePlainStream(for: "readings of the stream within a block")
        }
        let end = layer ?? model.config.nLayers
        var parts: [(String, Tensor)] = []
        for l in 0..<end {
            parts.append(("\(l)_pre", try cached(.residPre, l)))
            if includingMid { parts.append(("\(l)_mid", try cached(.residMid, l))) }
        }
        if let layer {
            parts.append(("\(layer)_pre", try cached(.residPre, layer)))
        } else {
            let last =
                model.config.normPlace == .post ? HookKind.normalizedResidPost : .residPost
            parts.append(("final_post", try cached(last, end - 1)))
        }
        return ResidualStack(parts, layer: layer)
    }

    /// What embeddings, attention and MLPs added to the stream that enters a layer; they sum to it.
    ///
    /// Labels `embed`, `pos_embed`, `0_attn_out`, `0_mlp_out`, ….
    ///
    /// - Parameter layer: The layer; `nil` for the end of the model.
    /// - Throws: ``NotCached``.
    public func decomposedResidual(at layer: Int? = nil) throws -> ResidualStack {
        try requireSum()
        var parts = [
            ("embed", try cached(HookPoint(.embed))),
            ("pos_embed", try cached(HookPoint(.posEmbed))),
        ]
        for l in 0..<(layer ?? model.config.nLayers) {
            parts.append(("\(l)_attn_out", try cached(.attnOut, l)))
            parts.append(("\(l)_mlp_out", try cached(.mlpOut, l)))
        }
        return ResidualStack(parts, layer: layer)
    }

    /// What each head wrote before a layer, z W_O without b_O.
    ///
    /// Labels `L0H0`, …, and `remainder`.
    ///
    /// - Parameters:
    ///   - layer: The layer, not 0 without the remainder; `nil` for the end of the model.
    ///   - includingRemainder: Whether all else in the stream is a part, so that they sum to it.
    /// - Throws: ``NotCached``.
    public func headResults(
        before layer: Int? = nil, includingRemainder: Bool = false
    ) throws -> ResidualStack {
        try requireSum()
        let heads = try headParts(layer)
        guard includingRemainder else { return ResidualStack(heads, layer: layer) }
        let end = layer ?? model.config.nLayers
        var rest = end == 0 ? try cached(.residPre, 0) : try cached(.residPost, end - 1)
        for head in heads { subtract(head.value, from: &rest) }
        return ResidualStack(heads + [("remainder", rest)], layer: layer)
    }

    /// What each neuron wrote before a layer, its activation times its row of W_out.
    ///
    /// Labels `L0N0`, …. [part, batch, pos, d_model] is large: choose neurons, or take
    /// ``attribution(to:by:at:)``, which never makes it.
    ///
    /// - Parameters:
    ///   - layer: The layer, not 0; `nil` for the end of the model.
    ///   - neurons: Which of each layer; `nil` for all.
    /// - Throws: ``NotCached``.
    public func neuronResults(
        before layer: Int? = nil, neurons: Range<Int>? = nil
    ) throws -> ResidualStack {
        try requireSum()
        return ResidualStack(
            try neuronParts(layer, neurons ?? 0..<model.config.dMLP), layer: layer)
    }

    private func requireSum() throws(RunError) {
        try model.config.requirePlainStream(for: "decompositions of the residual stream")
    }

    /// Heads, MLPs or their neurons, embeddings and biases; they sum to the stream that enters a
    /// layer.
    ///
    /// - Parameters:
    ///   - layer: The layer; `nil` for the end of the model.
    ///   - expandingNeurons: Whether each neuron is a part, or each MLP.
    /// - Throws: ``NotCached``.
    public func fullDecomposition(
        at layer: Int? = nil, expandingNeurons: Bool = false
    ) throws -> ResidualStack {
        try requireSum()
        let end = layer ?? model.config.nLayers
        var parts = try headParts(layer)
        if expandingNeurons {
            parts += try neuronParts(layer, 0..<model.config.dMLP)
        } else {
            for l in 0..<end { parts.append(("\(l)_mlp_out", try cached(.mlpOut, l))) }
        }
        let embed = try cached(HookPoint(.embed))
        parts.append(("embed", embed))
        parts.append(("pos_embed", try cached(HookPoint(.posEmbed))))
        var bias = Tensor(embed.shape)
        for l in 0..<end {
            add(model.weights.blocks[l].attn.b_O.rows, to: bias.mutableRows)
            if expandingNeurons {
                add(model.weights.blocks[l].mlp.b_out.rows, to: bias.mutableRows)
            }
        }
        return ResidualStack(parts + [("bias", bias)], layer: layer)
    }

    private func headParts(_ layer: Int?) throws -> [(label: String, value: Tensor)] {
        let (heads, width, d) = (model.config.nHeads, model.config.dHead, model.config.dModel)
        return try (0..<(layer ?? model.config.nLayers)).flatMap { l in
            let z = try cached(.z, l)
            let rows = z.rows(of: heads * width)
            return (0..<heads).map { head in
                var result = Tensor(uninitialized: [z.shape[0], z.shape[1], d])
                multiply(
                    rows[0..<rows.count, head * width..<(head + 1) * width],
                    model.weights.blocks[l].attn.outputMatrix(head: head, dHead: width),
                    into: result.mutableRows)
                return (ComponentName.head(layer: l, head: head).description, result)
            }
        }
    }

    private func neuronParts(
        _ layer: Int?, _ neurons: Range<Int>
    ) throws -> [(label: String, value: Tensor)] {
        try (0..<(layer ?? model.config.nLayers)).flatMap { l in
            let (post, W_out) = (try cached(.mlpPost, l), model.weights.blocks[l].mlp.W_out)
            let rows = post.rows
            return neurons.map { neuron in
                var result = Tensor(
                    uninitialized: [post.shape[0], post.shape[1], model.config.dModel])
                multiply(
                    rows[0..<rows.count, neuron..<neuron + 1],
                    W_out.rows[neuron..<neuron + 1, 0..<model.config.dModel],
                    into: result.mutableRows)
                return (ComponentName.neuron(layer: l, neuron: neuron).description, result)
            }
        }
    }
}

/// Subtracts `x` from `y`.
private func subtract(_ x: Tensor, from y: inout Tensor) {
    let (x, rows) = (x.rows, y.mutableRows)
    for row in 0..<rows.count {
        let (x, y) = (x[row], rows[row])
        for i in 0..<y.count { y[i] -= x[i] }
    }
}
