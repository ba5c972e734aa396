import Kernels
public import Models
public import Results
public import Tensors

/// The direction of the residual stream that raises a logit, or one logit above another.
///
/// With the final norm's scale as the run has it, a logit is linear in the stream:
/// `logit = x · vector / scale + constant`.
public struct LogitDirection: Sendable {
    /// W_U[:, right] − W_U[:, wrong], through the final norm's gain and centring, [d_model].
    public let vector: Tensor
    /// What the norm's shift and b_U add.
    public let constant: Double
    /// The token.
    public let right: Int
    /// The token it is compared with; `nil` for none.
    public let wrong: Int?

    /// The direction of a token's logit, or of its difference from another's.
    ///
    /// - Throws: ``RunError/unknownToken(id:dVocab:)``.
    public init(_ model: Transformer, right: Int, wrong: Int? = nil) throws {
        try model.config.requirePlainStream(for: "attributions of logits")
        let dVocab = model.config.dVocab
        for id in [right, wrong ?? right] where !(0..<dVocab).contains(id) {
            throw RunError.unknownToken(id: id, dVocab: dVocab)
        }
        (self.right, self.wrong) = (right, wrong)
        let W_U = model.weights.W_U_transposed.rows
        var vector = Tensor([1, model.config.dModel], Array(W_U[right]))
        let row = vector.mutableRows
        if let wrong {
            for i in 0..<row.columns { row[0][i] -= W_U[wrong][i] }
        }
        let biases = model.weights.b_U?.rows[0]
        var constant = Double(biases?[right] ?? 0) - Double(wrong.flatMap { biases?[$0] } ?? 0)
        if model.config.normalization == .layerNorm {
            let norm = model.weights.lnFinal
            constant += zip(row[0], norm.b.rows[0]).reduce(0) { $0 + Double($1.0 * $1.1) }
            scaleAndShift(row, gain: norm.w.rows, shift: nil)
        }
        // Centring the stream and centring the direction are the same.
        centre(row.reading, into: row)
        self.vector = vector.reshaped([model.config.dModel])
        self.constant = constant
    }
}

/// What a logit, or a difference of logits, is the sum of.
///
/// `total = Σ contributions + rest + constant` at each position.
public struct LogitAttribution: Sendable {
    /// What one contribution belongs to.
    public enum Unit: String, CaseIterable, Sendable {
        /// Embeddings, and each layer's attention and MLP: [component, pos].
        case component
        /// Each attention head: [layer, head, pos].
        case head
        /// Each MLP neuron: [layer, neuron, pos].
        case neuron
    }

    /// The contributions of each unit, positions last.
    public let contributions: LabelledArray
    /// What the units leave out at each position, such as the MLPs beside heads.
    public let rest: [Double]
    /// The same at every position: the final norm's shift and b_U.
    public let constant: Double
    /// The logit, or the difference, as the run has it at each position.
    public let totals: [Double]

    /// By how much the parts' sum misses the run's own logits, at most.
    public var deviation: Double {
        let count = totals.count
        let values = contributions.values.values
        return (0..<count).map { pos in
            let sum = stride(from: pos, to: values.count, by: count)
                .reduce(0.0) { $0 + Double(values[$1]) }
            return abs(sum + rest[pos] + constant - totals[pos])
        }.max() ?? 0
    }
}

extension Run {
    /// Takes a logit of the run's first sequence apart: direct logit attribution.
    ///
    /// Exact for weights of any processing. TransformerLens' `logit_attrs`; nostalgebraist 2020,
    /// Elhage et al. 2021.
    ///
    /// - Parameters:
    ///   - direction: The logit.
    ///   - unit: What gets a share.
    ///   - positions: Where, from 0; `nil` for the last.
    /// - Throws: ``NotCached``; the run needs ``Caching/all`` and logits at all positions.
    public func attribution(
        to direction: LogitDirection, by unit: LogitAttribution.Unit, at positions: [Int]? = nil
    ) throws -> LogitAttribution {
        let length = tokens?.lengths.first ?? residual.shape[1]
        let positions = positions ?? [length - 1]
        for position in positions where !(0..<length).contains(position) {
            throw RunError.noSuchPosition(position, length: length)
        }
        guard let logits, logits.shape[1] >= length else {
            throw NotCached(point: HookPoint(.unembedOut))
        }
        let reader = try DirectionReader(self, direction, positions)
        let (values, axes, rest) = try reader.contributions(by: unit)
        let labels = positions.map(String.init)
        let ids = tokens.map { tokens in positions.map { tokens.ids[0][$0] } }
        let token = ids.map { Axis.Companion("token", $0.map(model.string)) }
        let name = direction.wrong == nil ? "logit" : "logit difference"
        let totals = positions.map { position in
            let row = logits.rows[position]
            return Double(row[direction.right]) - Double(direction.wrong.map { row[$0] } ?? 0)
        }
        return LogitAttribution(
            contributions: LabelledArray(
                "attribute", quantity: Quantity("contribution to the \(name)"),
                axes: axes + [Axis("pos", labels: labels, companion: token)],
                values: values.reshaped(axes.map(\.count) + [positions.count])),
            rest: rest, constant: direction.constant, totals: totals)
    }
}

/// Reads parts of a run's stream along one direction, at some positions of the first sequence.
private struct DirectionReader {
    let run: Run
    let direction: LogitDirection
    let positions: [Int]
    /// 1 / scale of the final norm, by position.
    let factors: [Float]

    init(_ run: Run, _ direction: LogitDirection, _ positions: [Int]) throws {
        (self.run, self.direction, self.positions) = (run, direction, positions)
        let scale = try run.cached(HookPoint(.lnFinalScale))
        factors = positions.map { 1 / scale.rows[$0][0] }
    }

    /// The contributions, [unit …, pos], and the rest by position.
    func contributions(
        by unit: LogitAttribution.Unit
    ) throws -> (values: Tensor, axes: [Axis], rest: [Double]) {
        let config = run.model.config
        let layers = 0..<config.nLayers
        let embeddings = [
            try along(run.cached(HookPoint(.embed))), try along(run.cached(HookPoint(.posEmbed))),
        ]
        switch unit {
        case .component:
            var parts = embeddings
            for l in layers { parts += [try along(.attnOut, l), try along(.mlpOut, l)] }
            let labels = layers.flatMap { ["\($0)_attn_out", "\($0)_mlp_out"] }
            return (
                stacked(parts), [Axis("component", labels: ["embed", "pos_embed"] + labels)],
                [Double](repeating: 0, count: positions.count)
            )
        case .head:
            let parts = try layers.map { l in
                try byColumn(
                    run.cached(.z, l), run.model.weights.blocks[l].attn.W_O, group: config.dHead)
            }
            let biases = layers.map { constant(run.model.weights.blocks[$0].attn.b_O) }
            let others = try embeddings + layers.map { try along(.mlpOut, $0) } + biases
            let axes = [Axis("layer", count: layers.count), Axis("head", count: config.nHeads)]
            return (stacked(parts.flatMap { $0 }), axes, summed(others))
        case .neuron:
            let parts = try layers.map { l in
                try byColumn(
                    run.cached(.mlpPost, l), run.model.weights.blocks[l].mlp.W_out, group: 1)
            }
            let biases = layers.map { constant(run.model.weights.blocks[$0].mlp.b_out) }
            let others = try embeddings + layers.map { try along(.attnOut, $0) } + biases
            let axes = [Axis("layer", count: layers.count), Axis("neuron", count: config.dMLP)]
            return (stacked(parts.flatMap { $0 }), axes, summed(others))
        }
    }

    /// A vector of the stream along the direction, by position.
    private func along(_ kind: HookKind, _ layer: Int) throws -> [Float] {
        try along(run.cached(kind, layer))
    }

    private func along(_ value: Tensor) -> [Float] {
        zip(positions, factors).map { dot(value.rows[$0], direction.vector.rows[0]) * $1 }
    }

    /// The same vector at every position.
    private func constant(_ bias: Tensor) -> [Float] {
        factors.map { dot(bias.rows[0], direction.vector.rows[0]) * $0 }
    }

    /// What groups of columns of `x` write through their rows of `W`, each by position.
    ///
    /// The rows of `W` are read along the direction first, so no vector of the stream is made.
    private func byColumn(_ x: Tensor, _ W: Tensor, group: Int) throws -> [[Float]] {
        let columns = W.shape[0]
        var reading = Tensor(uninitialized: [columns, 1])
        multiply(W.rows, direction.vector.rows, into: reading.mutableRows, transposing: .right)
        let (weights, rows) = (reading.rows(of: columns)[0], x.rows(of: columns))
        return (0..<columns / group).map { index in
            let part = index * group..<(index + 1) * group
            return zip(positions, factors).map { position, factor in
                let x = rows[position]
                return part.reduce(Float(0)) { $0 + x[$1] * weights[$1] } * factor
            }
        }
    }

    private func stacked(_ parts: [[Float]]) -> Tensor {
        Tensor([parts.count, positions.count], Array(parts.joined()))
    }

    private func summed(_ parts: [[Float]]) -> [Double] {
        positions.indices.map { pos in parts.reduce(0.0) { $0 + Double($1[pos]) } }
    }

    private func dot(
        _ x: UnsafeBufferPointer<Float>, _ y: UnsafeBufferPointer<Float>
    ) -> Float {
        Float(zip(x, y).reduce(0.0) { $0 + Double($1.0) * Double($1.1) })
    }
}
