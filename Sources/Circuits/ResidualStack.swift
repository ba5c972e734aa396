internal import Kernels
public import Models
public import Tensors

/// Parts of the residual stream one above the other, each with a name.
///
/// TransformerLens' `ActivationCache` methods under their labels: what the stream was before each
/// layer, or what each component, head or neuron added to it.
public struct ResidualStack: Sendable {
    /// A name per part, such as `3_attn_out`, `L3H7` or `final_post`.
    public let labels: [String]
    /// [part, batch, pos, d_model].
    public let values: Tensor
    /// The layer whose input the parts belong to; `nil` for the end of the last layer.
    public let layer: Int?

    init(_ parts: [(label: String, value: Tensor)], layer: Int?) {
        precondition(!parts.isEmpty, "a stack of nothing")
        labels = parts.map(\.label)
        values = .concatenating(parts.map { $0.value.reshaped([1] + $0.value.shape) }, axis: 0)
        self.layer = layer
    }

    private init(labels: [String], values: Tensor, layer: Int?) {
        (self.labels, self.values, self.layer) = (labels, values, layer)
    }

    /// The sum of the parts, [batch, pos, d_model].
    public var sum: Tensor {
        var sum = Tensor(Array(values.shape.dropFirst()))
        for part in labels.indices { add(values[at: part].rows, to: sum.mutableRows) }
        return sum
    }

    /// Each part as the norm that reads the stream passes it on: centred, divided by the run's own
    /// scale there and multiplied by the norm's gain, if it has one.
    ///
    /// The parts of a whole then sum to what is read, less the norm's shift. TransformerLens'
    /// `apply_ln_to_stack`.
    ///
    /// - Parameters:
    ///   - run: The run that the parts come from, with ``HookKind/lnFinalScale`` or
    ///     ``HookKind/ln1Scale`` of ``layer`` in its cache.
    ///   - recomputing: Whether each part is divided by a scale of its own instead, as the logit
    ///     lens does.
    /// - Throws: ``NotCached``.
    public func normalized(in run: Run, recomputing: Bool = false) throws -> ResidualStack {
        var result = values
        let rows = result.mutableRows
        centre(rows.reading, into: rows)
        if recomputing {
            var scale = Tensor([rows.count, 1])
            rootMeanSquare(
                rows.reading, eps: run.model.config.layerNormEps, into: scale.mutableRows)
            divide(rows, by: scale.rows)
        } else {
            let point = layer.map { HookPoint(.ln1Scale, layer: $0) } ?? HookPoint(.lnFinalScale)
            let scale = try run.cached(point)
            precondition(scale.count * labels.count == rows.count, "scales of other positions")
            for part in labels.indices {
                let range = part * scale.count..<(part + 1) * scale.count
                divide(rows[range, 0..<rows.columns], by: scale.rows)
            }
        }
        if run.model.config.normalization == .layerNorm {
            let weights = run.model.weights
            let norm = layer.map { weights.blocks[$0].ln1 } ?? weights.lnFinal
            scaleAndShift(rows, gain: norm.w.rows, shift: nil)
        }
        return ResidualStack(labels: labels, values: result, layer: layer)
    }
}

/// An activation that a run did not keep.
public struct NotCached: Error, Hashable, CustomStringConvertible {
    let point: HookPoint

    /// A sentence that says what to do next.
    public var description: String {
        "the run did not keep \(point); run the model with `caching: .all`"
    }
}

/// Logits that are not finite, of which nothing can be read.
public struct NotFinite: Error, Hashable, CustomStringConvertible {
    private let place: String

    /// Says where the logits are, such as `position 3`.
    public init(place: String) { self.place = place }

    /// A sentence for the user.
    public var description: String {
        "the logits of \(place) are not finite; the weights are damaged, `probe audit` shows where"
    }
}

extension Run {
    /// An activation that must be there.
    func cached(_ point: HookPoint) throws(NotCached) -> Tensor {
        guard let value = cache[point] else { throw NotCached(point: point) }
        return value
    }

    /// An activation of a block that must be there.
    func cached(_ kind: HookKind, _ layer: Int) throws(NotCached) -> Tensor {
        try cached(HookPoint(kind, layer: layer))
    }
}
