import Kernels
import Models
import Tensors

/// Attention heads of one sequence, computed again with edits of queries, keys, values, scores or
/// patterns, everything else as in the base run.
struct HeadRecomputation {
    let base: BaseRun
    let sequence: Int
    /// The positions whose z is computed.
    let positions: Range<Int>
    /// How many positions are looked at.
    let keyCount: Int

    /// z with the edits minus the base run's, [positions, head · d_head]; zero in untouched heads.
    func difference(_ edits: [PlannedEdit]) -> Tensor {
        let config = base.model.config
        guard let layer = edits[0].site.point.layer else { preconditionFailure("no layer") }
        var z = base.value(HookPoint(.z, layer: layer)).part(sequence, positions)
        let old = z
        let length = 0..<keyCount
        var (q, k, v) = (
            base.value(HookPoint(.q, layer: layer)).part(sequence, positions),
            base.value(HookPoint(.k, layer: layer)).part(sequence, length),
            base.value(HookPoint(.v, layer: layer)).part(sequence, length)
        )
        for edit in edits {
            switch edit.site.point.kind {
            case .q: apply(edit, to: &q, at: positions)
            case .k: apply(edit, to: &k, at: length)
            case .v: apply(edit, to: &v, at: length)
            default: break
            }
        }
        for head in touchedHeads(edits) {
            let columns = head * config.dHead..<(head + 1) * config.dHead
            let attention = AttentionHead(
                q: q.rows[0..<q.shape[0], columns], k: k.rows[0..<k.shape[0], columns],
                v: v.rows[0..<v.shape[0], columns],
                z: z.mutableRows[0..<positions.count, columns], past: nil,
                visible: config.visibility(
                    from: positions.lowerBound, tokens: base.tokens.lengths[sequence]),
                scale: 1 / config.attentionScale(layer: layer))
            compute(attention, head, edits)
        }
        return z.minus(old)
    }

    private func compute(
        _ attention: AttentionHead, _ head: Int, _ edits: [PlannedEdit]
    ) {
        var pattern = Tensor(uninitialized: [positions.count, attention.keyCount])
        attention.scores(into: pattern.mutableRows)
        func editPattern(_ edit: PlannedEdit) {
            edit.apply(
                toPattern: pattern.mutableRows, start: positions.lowerBound, sequence: sequence,
                head: head)
        }
        for edit in edits where edit.site.point.kind == .attnScores {
            editPattern(edit)
        }
        softmax(pattern.mutableRows)
        for edit in edits where edit.site.point.kind == .pattern {
            editPattern(edit)
        }
        attention.mix(pattern.rows)
    }

    private func touchedHeads(_ edits: [PlannedEdit]) -> [Int] {
        let heads = edits.map(\.site.head)
        return heads.contains(nil)
            ? Array(0..<base.model.config.nHeads) : Set(heads.compactMap { $0 }).sorted()
    }

    private func apply(_ edit: PlannedEdit, to value: inout Tensor, at positions: Range<Int>) {
        edit.apply(
            to: value.mutableRows, start: positions.lowerBound, sequence: sequence,
            shape: [base.model.config.nHeads, base.model.config.dHead])
    }
}

extension Tensor {
    /// Some positions of one sequence of [batch, pos, …], as rows, copied.
    fileprivate func part(_ sequence: Int, _ positions: Range<Int>) -> Tensor {
        let width = shape.dropFirst(2).reduce(1, *)
        return self[at: sequence][at: positions].reshaped([positions.count, width])
    }
}
