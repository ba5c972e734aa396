import Models
import Tensors

/// The run that branches depart from, with all they need of it.
struct BaseRun: Sendable {
    let model: Transformer
    let tokens: TokenBatch
    /// Edits that the run has and branches keep.
    let edits: [PlannedEdit]
    /// Keys and values of all positions.
    let past: KeyValues
    private let cache: ActivationCache
    /// The first and the last position that the metric reads in each sequence.
    private let reads: [ClosedRange<Int>]
    /// How many leading tokens each sequence has in common with the first.
    private let sharedPrefixes: [Int]

    /// Takes what is needed from a run, and runs the model again if something is missing.
    ///
    /// - Parameters:
    ///   - edits: What was done to the run, which then has all points that are needed.
    ///   - needed: The ``points(for:in:)``.
    ///   - positions: The positions that the metric reads in each sequence, in order.
    init(
        _ run: Run, tokens: TokenBatch, edits: [PlannedEdit], needing needed: Set<HookPoint>,
        reading positions: [[Int]]
    ) throws {
        (model, self.tokens, self.edits) = (run.model, tokens, edits)
        let isWhole = { (point: HookPoint) in
            let axis = point.kind.axes.firstIndex { $0 == .pos || $0 == .queryPos } ?? 0
            return run.cache[point].map { axis == 0 || $0.shape[axis] == tokens.length } ?? false
        }
        let hasAll = needed.allSatisfy(isWhole)
        precondition(hasAll || edits.isEmpty, "an edited run without all points")
        cache =
            hasAll
            ? run.cache
            : try run.model.run(
                .tokens(tokens), caching: .points(needed), logits: .none
            ).cache
        var past = KeyValues(nLayers: model.config.nLayers)
        for layer in 0..<model.config.nLayers {
            guard let keys = cache[.k, layer], let values = cache[.v, layer] else { continue }
            past.set(layer: layer, keys: keys, values: values)
        }
        self.past = past
        reads = positions.map { ($0.first ?? 0)...($0.last ?? 0) }
        sharedPrefixes = (0..<tokens.count).map {
            tokens.sharedPrefix(of: $0, with: 0, in: tokens)
        }
    }

    /// The rows that the metric may read in a sequence whose rows begin at a position.
    func reads(of sequence: Int, from start: Int) -> Range<Int> {
        max(reads[sequence].lowerBound, start)..<reads[sequence].upperBound + 1
    }

    /// The last position the metric reads in a sequence.
    func lastRead(of sequence: Int) -> Int { reads[sequence].upperBound }

    /// An activation as rows, one per position of each sequence, [batch · pos, features].
    func rows(_ kind: HookKind, _ layer: Int?) -> Rows {
        value(HookPoint(kind, layer: layer)).rows(of: width(kind))
    }

    /// An activation, [batch, pos, …].
    func value(_ point: HookPoint) -> Tensor {
        guard let value = cache[point] else {
            preconditionFailure("\(point) is not in the base run")
        }
        return value
    }

    /// The residual stream at a stage, as rows.
    func residual(_ stage: Stage) -> Rows {
        precondition(stage.isResidual, "stage \(stage.index) is no residual stream")
        let (layer, half) = stage.index.quotientAndRemainder(dividingBy: 4)
        if half == 2 { return rows(.residMid, layer) }
        // In post-norm models the stream before LN2, which is applied again to what is edited.
        return layer == 0 ? rows(.residPre, 0) : rows(.residPost, layer - 1)
    }

    /// The rows of a sequence's positions in an activation's rows.
    func rows(at positions: Range<Int>, of sequence: Int) -> Range<Int> {
        let first = sequence * tokens.length
        return first + positions.lowerBound..<first + positions.upperBound
    }

    /// The length of an activation's row of one position.
    private func width(_ kind: HookKind) -> Int {
        kind.axes.dropFirst(2).reduce(1) { $0 * model.length(of: $1) }
    }

    /// The position up to which a branch's rows of a sequence are also those of the first sequence;
    /// `nil` if none of them are.
    ///
    /// So it is where both have the same tokens and edits, of which nothing that follows is seen.
    ///
    /// - Parameter positions: The positions that the branch computes in each sequence.
    func fork(
        of sequence: Int, with positions: [Range<Int>?], in edits: [PlannedEdit]
    ) -> Int? {
        guard sequence > 0, model.config.attention == .causal, let first = positions[0],
            let own = positions[sequence], own.lowerBound == first.lowerBound
        else { return nil }
        let fork = min(sharedPrefixes[sequence], first.upperBound, own.upperBound - 1)
        // The first sequence's readers have a row wherever this one is read before.
        guard fork > own.lowerBound, reads[0].lowerBound <= reads[sequence].lowerBound,
            fork <= reads[0].upperBound + 1
        else { return nil }
        let areShared = edits.allSatisfy { edit in
            isShared(edit, in: sequence, upTo: fork)
                && ![0, sequence].contains {
                    edit.looksAhead(in: $0, through: reads[$0].upperBound)
                }
        }
        return areShared ? fork : nil
    }

    /// Whether an edit does the same in a sequence as in the first, up to a position.
    private func isShared(_ edit: PlannedEdit, in sequence: Int, upTo fork: Int) -> Bool {
        switch edit.edit {
        case .zero, .scale: true
        case .replace(let value), .add(let value): value.shape[0] == 1
        case .patch(let source):
            source.tokens.map { $0.sharedPrefix(of: sequence, with: 0, in: $0) >= fork } ?? false
        case .function: false
        }
    }

    /// The first position of a sequence at which each edit changes the base run's values;
    /// `nil` for one that changes nothing that the metric can notice.
    func firstDifferences(of edits: [PlannedEdit], _ sequence: Int) -> [Int?] {
        let isCausal = model.config.attention == .causal
        let last = isCausal ? lastRead(of: sequence) : tokens.length - 1
        return edits.map { firstDifference(of: $0, sequence: sequence, through: last) }
    }

    /// The positions of a sequence that a branch computes: from the first that its edits change to
    /// the one the metric reads; `nil` if nothing the metric reads can differ.
    ///
    /// - Parameter starts: The ``firstDifferences(of:_:)`` of the edits.
    func positions(
        from starts: [Int?], changedBy edits: [PlannedEdit], _ sequence: Int
    ) -> Range<Int>? {
        guard let start = starts.lazy.compactMap(\.self).min() else { return nil }
        // Where all attend to all, one change changes every position.
        guard model.config.attention == .causal else { return 0..<tokens.length }
        // Edited scores and patterns may look ahead, so that later keys matter too.
        let read = lastRead(of: sequence)
        let looksAhead = edits.contains { $0.looksAhead(in: sequence, through: read) }
        return start..<(looksAhead ? tokens.length : read + 1)
    }

    /// The first position at which an edit changes the base run's value, up to a position.
    ///
    /// A patch from a run with the same first tokens changes nothing there, unless the base run is
    /// edited.
    private func firstDifference(
        of edit: PlannedEdit, sequence: Int, through last: Int
    ) -> Int? {
        let positions = edit.site.positions ?? Array(0...last)
        let chosen = positions.map { $0 < 0 ? $0 + tokens.length : $0 }
        let candidates = chosen.filter { (0...last).contains($0) }.sorted()
        guard case .patch(let cache) = edit.edit else { return candidates.first }
        let shared = sharedPrefix(with: cache.tokens, sequence: sequence)
        return candidates.first {
            $0 >= shared || !isSame(cache, at: edit.site, sequence, pos: $0)
        }
    }

    /// Whether a source run has the base run's numbers at a site and position; another model's has
    /// not.
    ///
    /// Only the site's own numbers are compared: there may be very many branches.
    private func isSame(
        _ source: ActivationCache, at site: Site, _ sequence: Int, pos: Int
    ) -> Bool {
        guard let new = source[site.point], let old = cache[site.point], new.shape == old.shape
        else { return false }
        let shape = new.shape
        let isPattern = site.point.kind.axes.contains(.queryPos)
        let (rows, columns): ([Int], Range<Int>)
        if isPattern {
            rows = (site.head.map { [$0] } ?? Array(0..<shape[1])).map { head in
                (sequence * shape[1] + head) * shape[2] + pos
            }
            columns = site.source.map { $0..<$0 + 1 } ?? 0..<shape[3]
        } else {
            rows = [sequence * shape[1] + pos]
            columns = site.columns(in: Array(shape.dropFirst(2)))
        }
        let width = isPattern ? shape[3] : shape[2...].reduce(1, *)
        let (x, y) = (new.rows(of: width), old.rows(of: width))
        return rows.allSatisfy { row in columns.allSatisfy { x[row][$0] == y[row][$0] } }
    }

    /// How many leading tokens of a sequence a source run has in common with this one: a causal
    /// model's activations there are the same.
    private func sharedPrefix(with source: TokenBatch?, sequence: Int) -> Int {
        guard let source, source.count == tokens.count, model.config.attention == .causal else {
            return 0
        }
        return tokens.sharedPrefix(of: sequence, with: sequence, in: source)
    }

    /// The bytes that a row of a chunk takes at most, at any moment of its way.
    func bytesPerRow(_ metric: Metric, _ branches: [Branch]) -> Int {
        let config = model.config
        let kinds = Set(branches.lazy.flatMap(\.interventions).map(\.site.point.kind))
        var numbers = 12 * config.dModel + 3 * config.dMLP
        if !kinds.isDisjoint(with: [.attnScores, .pattern]) {
            numbers += config.nHeads * tokens.length
        }
        if kinds.contains(where: { $0.axes.contains(.head) && $0.axes.contains(.dModel) }) {
            numbers += 3 * config.nHeads * config.dModel
        }
        if kinds.contains(.unembedOut) || metric.kind.needsAllLogits {
            numbers += config.dVocab
        } else if metric.kind.needsTokensOnly {
            numbers += min(TokenLogits.pieceSize, config.dVocab)
        }
        return numbers * MemoryLayout<Float>.size
    }

    /// The activations that branches may need of the base run.
    static func points(for branches: [Branch], in model: Transformer) -> Set<HookPoint> {
        var points: Set<HookPoint> = [HookPoint(.residPre, layer: 0)]
        for layer in 0..<model.config.nLayers {
            for kind in [HookKind.residPost, .residMid, .k, .v] {
                points.insert(HookPoint(kind, layer: layer))
            }
        }
        for intervention in branches.lazy.flatMap(\.interventions) {
            let point = intervention.site.point
            for kind in Injection.inputs(of: point.kind) {
                points.insert(HookPoint(kind, layer: kind.isInBlock ? point.layer : nil))
            }
        }
        return points
    }
}

extension Transformer {
    /// The length of an axis that does not depend on the input.
    func length(of axis: ActivationAxis) -> Int {
        switch axis {
        case .head: config.nHeads
        case .dHead: config.dHead
        case .dModel: config.dModel
        case .dMLP: config.dMLP
        case .dVocab: config.dVocab
        case .one: 1
        case .batch, .pos, .queryPos, .keyPos:
            preconditionFailure("the length of \(axis.rawValue) depends on the input")
        }
    }
}
