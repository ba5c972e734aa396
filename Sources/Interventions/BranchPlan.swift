import Models
import Tensors

/// A place in the order of the forward pass, in quarters of a block.
///
/// 4l is resid_pre of block l, 4l + 1 its attention, 4l + 2 resid_mid, 4l + 3 its MLP, and 4(l + 1)
/// is resid_post with what makes of it the next block's resid_pre: nothing, or LN2 in post-norm
/// models. 0 holds the embeddings too; the last number is what reads the stream at the end.
struct Stage: Comparable, Hashable, Sendable {
    let index: Int

    /// Whether it is a residual stream, not what is computed from one.
    var isResidual: Bool { index.isMultiple(of: 2) }

    /// Whether it is a block's input, which its attention reads.
    var isResidPre: Bool { index.isMultiple(of: 4) }

    /// The input of the block behind this stage.
    var nextResidPre: Stage { Stage(index: (index / 4 + 1) * 4) }

    static func < (a: Stage, b: Stage) -> Bool { a.index < b.index }

    /// The stage at which the value of a hook point is computed.
    init(_ point: HookPoint, in config: TransformerConfig) {
        let block = 4 * (point.layer ?? 0)
        let isPost = config.normPlace == .post
        index =
            switch point.kind {
            case .embed, .posEmbed, .tokenTypeEmbed, .embedScale, .embedNormalized, .fullEmbed: 0
            case .residPre: block
            case .attnIn, .qInput, .kInput, .vInput, .q, .k, .v, .attnScores, .pattern, .z, .result,
                .attnOut:
                block + 1
            case .ln1Scale, .ln1Normalized: isPost ? block + 3 : block + 1
            case .residMid: block + 2
            case .mlpIn, .mlpPre, .mlpPost, .mlpOut: block + 3
            case .ln2Scale, .ln2Normalized: isPost ? block + 4 : block + 3
            case .residPost, .normalizedResidPost: block + 4
            case .lnFinalScale, .lnFinalNormalized, .mlmScale, .mlmNormalized, .unembedIn,
                .unembedOut:
                4 * config.nLayers + 1
            }
    }

    init(index: Int) { self.index = index }
}

/// What one branch needs: where it joins the others, from which position on, and what is edited
/// later.
struct BranchPlan: Sendable {
    /// The branch's place in the list.
    let branch: Int
    /// The residual stream that is the first thing this branch has of its own.
    let joins: Stage
    /// Edits whose effect is put into that residual stream directly: those of the sublayer before,
    /// then those of the stream itself.
    let injected: [PlannedEdit]
    /// Edits applied on the way.
    let later: [PlannedEdit]
    /// For each sequence the positions that are computed, from the first that can differ from the
    /// base run to the one the metric reads; `nil` if nothing the metric reads can differ.
    let positions: [Range<Int>?]
    /// The first of these: those that differ where the branch joins. The next attention carries the
    /// difference to the others, which until then are the base run's.
    let changed: [Range<Int>?]
    /// Whether the rows of a sequence before these are the first sequence's.
    let forks: [Bool]

    /// Plans a branch.
    ///
    /// - Parameters:
    ///   - interventions: The branch's own edits, behind those that the base run has.
    ///   - base: The base run, with ``BaseRun/points(for:in:)`` cached.
    init(_ branch: Int, _ interventions: [Intervention], _ base: BaseRun) throws {
        self.branch = branch
        let config = base.model.config
        let own = try interventions.map {
            try PlannedEdit($0, in: base.model, tokens: base.tokens)
        }
        // What is computed again is edited again.
        let edits = base.edits + own
        let first = own.map(\.stage).min() ?? Stage(index: 0)
        let firstKinds = Set(edits.filter { $0.stage == first }.map(\.site.point.kind))
        // Within the first sublayer the effect of edits on its output can often be computed alone.
        // Edits of scores and patterns assume unedited inputs, so several kinds take the general
        // way.
        let isDirect =
            first.isResidual
            || (firstKinds.count == 1 && firstKinds.allSatisfy(Injection.isPossible))
        joins = first.isResidual ? first : Stage(index: first.index + (isDirect ? 1 : -1))
        let joins = self.joins
        let again = min(first, joins)
        injected = edits.filter { again <= $0.stage && $0.stage <= joins }
        later = edits.filter { $0.stage > joins }
        let isLast = joins.index + 2 >= 4 * config.nLayers
        let rows = (0..<base.tokens.count).map {
            sequence -> (all: Range<Int>, early: Range<Int>)? in
            let starts = base.firstDifferences(of: own, sequence)
            guard let all = base.positions(from: starts, changedBy: own, sequence)
            else { return nil }
            guard config.attention == .causal, config.normPlace != .post,
                !joins.isResidPre || isLast
            else { return (all, all) }
            // An edit that leaves the base run's numbers as they are changes no position.
            let effective = zip(own, starts).filter { edit, start in
                start != nil && (isLast || edit.stage <= joins.nextResidPre)
            }
            let ends = effective.map { $0.0.endOfChanges(through: all.upperBound) }
            guard let end = ends.max(), end > all.lowerBound else { return (all, all) }
            let early = (all.lowerBound..<end).clamped(to: all)
            // Behind the last attention only what is read counts.
            let read = base.reads(of: sequence, from: all.lowerBound)
            return isLast && !early.overlaps(read) ? nil : (all, early)
        }
        let all = rows.map { $0?.all }
        let forks = all.indices.map { base.fork(of: $0, with: all, in: edits) }
        func behindForks(_ ranges: [Range<Int>?]) -> [Range<Int>?] {
            zip(ranges, forks).map { range, fork in
                range.map { max($0.lowerBound, fork ?? 0)..<max($0.upperBound, fork ?? 0) }
            }
        }
        (positions, changed) = (behindForks(all), behindForks(rows.map { $0?.early }))
        self.forks = forks.map { $0 != nil }
    }

    /// How many rows the branch adds.
    var rowCount: Int { positions.reduce(0) { $0 + ($1?.count ?? 0) } }
}
