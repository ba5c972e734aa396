import Differentiation
import Kernels
import Models
import Tensors

/// The effect of edits on the residual stream behind the sublayer they are in, computed alone.
///
/// A changed head or neuron changes the output by one small product, so the rest of the sublayer
/// need not be computed again: with Δ for the difference from the base run,
///
/// ```
/// z:         Δattn_out = Δz W_O
/// result:    Δattn_out = Σ_h Δresult_h
/// mlp post:  Δmlp_out = Δpost W_out;  mlp pre: the same with Δpost = act(pre′) − act(pre)
/// ```
///
/// Of edited queries, keys, values, scores and patterns Δz is computed again for the heads
/// concerned; attn_out, mlp_out and the residual stream are taken as they are. Embeddings are
/// summed again, and in post-norm models Δmlp_out is added before LN2, which is applied again.
struct Injection {
    let base: BaseRun
    let sequence: Int
    /// The positions whose residual stream is computed.
    let positions: Range<Int>
    /// How many positions attention may look at.
    let keyCount: Int

    /// Whether edits of a kind can be put behind their sublayer.
    static func isPossible(_ kind: HookKind) -> Bool { !inputs(of: kind).isEmpty }

    /// Whether the effect of edits of a kind is added to the stream; others change it directly.
    private static func isInSublayer(_ kind: HookKind) -> Bool {
        switch kind {
        case .z, .result, .attnOut, .mlpPost, .mlpOut, .mlpPre, .q, .k, .v, .attnScores, .pattern:
            true
        default: false
        }
    }

    /// The base run's activations that the effect of an edit follows from.
    static func inputs(of kind: HookKind) -> [HookKind] {
        switch kind {
        case .z, .result, .attnOut, .mlpPost, .mlpOut, .residPre, .residMid, .residPost,
            .normalizedResidPost, .embed, .posEmbed, .tokenTypeEmbed, .fullEmbed:
            [kind]
        case .mlpPre: [.mlpPre, .mlpPost]
        case .q, .k, .v: [.q, .k, .v, .z]
        case .attnScores, .pattern: [kind, .q, .k, .v, .z]
        default: []
        }
    }

    /// The residual stream with the edits' effect, [positions, d_model].
    ///
    /// - Parameters:
    ///   - edits: Edits of the sublayer before, all of one kind, and of the stream itself.
    ///   - stage: The residual stream that they enter.
    func residual(after edits: [PlannedEdit], at stage: Stage) -> Tensor {
        let model = base.model
        let (layer, half) = stage.index.quotientAndRemainder(dividingBy: 4)
        let pass = BranchPass(base, edits)
        pass.append(edits, sequence: sequence)
        var layout = RowLayout()
        layout.append(
            positions: positions, of: sequence, keyCount: keyCount,
            tokenCount: base.tokens.lengths[sequence])
        var resid: Traced
        if stage.index == 0 {
            resid = model.embed(
                Array(base.tokens.ids[sequence][positions]),
                types: Array(base.tokens.types[sequence][positions]), layout, pass)
        } else {
            var sum = part(of: base.residual(stage))
            let inner = edits.filter { Injection.isInSublayer($0.site.point.kind) }
            if let point = inner.first?.site.point, let layer = point.layer {
                addEffect(of: inner, point.kind, layer, to: &sum)
            }
            resid = Traced(sum)
            if half == 0 { resid = model.endBlock(layer - 1, resid, layout, pass) }
        }
        if half == 2 {
            pass.visit(.residMid, layer, &resid, layout)
        } else if layer < model.config.nLayers {
            pass.visit(.residPre, layer, &resid, layout)
        }
        return resid.value
    }

    private func addEffect(
        of edits: [PlannedEdit], _ kind: HookKind, _ layer: Int, to residual: inout Tensor
    ) {
        let block = base.model.weights.blocks[layer]
        let target = residual.mutableRows
        switch kind {
        case .attnOut, .mlpOut: add(difference(edits).rows, to: target)
        case .result:
            let (difference, width) = (difference(edits), base.model.config.dModel)
            for head in 0..<base.model.config.nHeads {
                let columns = head * width..<(head + 1) * width
                add(difference.rows[0..<positions.count, columns], to: target)
            }
        case .z: addProduct(difference(edits), edits, block.attn.W_O, to: target)
        case .mlpPost: addProduct(difference(edits), edits, block.mlp.W_out, to: target)
        case .mlpPre: addProduct(neuronDifference(edits), edits, block.mlp.W_out, to: target)
        default:
            let heads = HeadRecomputation(
                base: base, sequence: sequence, positions: positions, keyCount: keyCount)
            addProduct(heads.difference(edits), edits, block.attn.W_O, to: target)
        }
    }

    /// The edited value minus the base run's, [positions, features].
    private func difference(_ edits: [PlannedEdit]) -> Tensor {
        let (old, edited) = editedValue(edits)
        return edited.minus(old)
    }

    /// Of edits before the activation function: the difference behind it.
    private func neuronDifference(_ edits: [PlannedEdit]) -> Tensor {
        var edited = editedValue(edits).edited
        base.model.config.activation.apply(to: edited.mutableRows)
        return edited.minus(part(of: base.rows(.mlpPost, edits[0].site.point.layer)))
    }

    private func editedValue(_ edits: [PlannedEdit]) -> (old: Tensor, edited: Tensor) {
        let point = edits[0].site.point
        let old = part(of: base.rows(point.kind, point.layer))
        var edited = old
        let shape = point.kind.axes.dropFirst(2).map { base.model.length(of: $0) }
        for edit in edits { apply(edit, to: &edited, shape: shape) }
        return (old, edited)
    }

    /// Adds `difference · W` to the residual stream; only the features that edits name can differ.
    private func addProduct(
        _ difference: Tensor, _ edits: [PlannedEdit], _ weight: Tensor, to target: MutableRows
    ) {
        let config = base.model.config
        let isAttention = weight.shape[0] == config.nHeads * config.dHead
        let shape = isAttention ? [config.nHeads, config.dHead] : [config.dMLP]
        // A set, since several edits may name the same features.
        for columns in Set(edits.map { $0.site.columns(in: shape) }).withoutContained {
            multiply(
                difference.rows[0..<positions.count, columns],
                weight.rows[columns, 0..<config.dModel], into: target, accumulating: true)
        }
    }

    private func apply(_ edit: PlannedEdit, to value: inout Tensor, shape: [Int]) {
        edit.apply(
            to: value.mutableRows, start: positions.lowerBound, sequence: sequence, shape: shape)
    }

    /// This sequence's positions of a base activation, copied.
    private func part(of rows: Rows) -> Tensor {
        var part = Tensor(uninitialized: [positions.count, rows.columns])
        let chosen = base.rows(at: positions, of: sequence)
        copy(rows[chosen, 0..<rows.columns], into: part.mutableRows)
        return part
    }
}

extension Tensor {
    /// The element-wise difference of two tensors of one shape.
    func minus(_ other: Tensor) -> Tensor {
        precondition(shape == other.shape, "\(shape) minus \(other.shape)")
        var result = self
        let (rows, others) = (result.mutableRows, other.rows)
        for row in 0..<rows.count {
            let (x, y) = (rows[row], others[row])
            for i in 0..<x.count { x[i] -= y[i] }
        }
        return result
    }
}

extension Set<Range<Int>> {
    /// The ranges that lie in no other; they must not overlap otherwise.
    var withoutContained: [Range<Int>] {
        let whole = self.max { $0.count < $1.count }
        if let whole, allSatisfy({ whole.contains($0) }) { return [whole] }
        return sorted { $0.lowerBound < $1.lowerBound }
    }
}

extension Range<Int> {
    fileprivate func contains(_ other: Range<Int>) -> Bool {
        lowerBound <= other.lowerBound && other.upperBound <= upperBound
    }
}
