public import Models
public import Results
public import Tensors

/// What a head's attention is compared with: TransformerLens' `detect_head`.
public enum AttentionTarget: String, CaseIterable, Sendable {
    /// The position before.
    case previousToken = "previous_token"
    /// Earlier positions with the same token.
    case duplicateToken = "duplicate_token"
    /// The positions after earlier ones with the same token; after the one just before, it is the
    /// query's own.
    case induction

    /// Where attention would go, [query_pos, key_pos], ones and zeros, none above the diagonal.
    public func pattern(for tokens: [Int]) -> Tensor {
        let n = tokens.count
        var pattern = Tensor([n, n])
        let rows = pattern.mutableRows
        for query in 0..<n {
            for key in 0...query {
                let isHit =
                    switch self {
                    case .previousToken: key == query - 1
                    case .duplicateToken: key < query && tokens[key] == tokens[query]
                    case .induction: key > 0 && tokens[key - 1] == tokens[query]
                    }
                if isHit { rows[query][key] = 1 }
            }
        }
        return pattern
    }
}

/// How well attention agrees with a target.
public enum AttentionMeasure: String, CaseIterable, Sendable {
    /// The share of attention that goes where the target is: Σ A P / Σ A.
    case mul
    /// 1 − mean |A − P| per query, rounded to three decimals.
    case abs
}

extension Run {
    /// The attention of a layer's heads in the first sequence, [head, query_pos, key_pos].
    ///
    /// - Throws: ``NotCached``; the run needs ``HookKind/pattern`` of the layer.
    public func patterns(layer: Int) throws -> LabelledArray {
        let pattern = try cached(.pattern, layer)[at: 0]
        let ids = tokens.map { Array($0.ids[0].prefix(pattern.shape[1])) }
        func axis(_ name: String, _ column: String, _ count: Int) -> Axis {
            Axis(
                name, count: count,
                companion: ids.map { Axis.Companion(column, $0.map(model.string)) })
        }
        return LabelledArray(
            "attention", quantity: Quantity("attention"),
            axes: [
                Axis("head", count: pattern.shape[0]),
                axis("query_pos", "query_token", pattern.shape[1]),
                axis("key_pos", "key_token", pattern.shape[2]),
            ], values: pattern)
    }

    /// How much each head's attention in the first sequence goes where a target says, [layer,
    /// head].
    ///
    /// - Parameters:
    ///   - target: The target.
    ///   - measure: How agreement is measured.
    ///   - excludingFirst: Whether attention to the first position, where many heads rest, is left
    ///     out.
    ///   - excludingCurrent: Whether attention to the query's own position is left out.
    /// - Throws: ``NotCached``; the run needs ``HookKind/pattern`` of every layer.
    public func headScores(
        for target: AttentionTarget, by measure: AttentionMeasure = .mul,
        excludingFirst: Bool = false, excludingCurrent: Bool = false
    ) throws -> LabelledArray {
        let config = model.config
        let ids = tokens.map { Array($0.ids[0].prefix($0.lengths[0])) } ?? []
        let wanted = target.pattern(for: ids)
        var scores = Tensor([config.nLayers, config.nHeads])
        for layer in 0..<config.nLayers {
            let patterns = try cached(.pattern, layer)[at: 0]
            for head in 0..<config.nHeads {
                scores[layer, head] = Float(
                    agreement(
                        patterns[at: head].rows, wanted.rows, measure,
                        excluding: { query, key in
                            (excludingFirst && key == 0) || (excludingCurrent && key == query)
                        }))
            }
        }
        return LabelledArray(
            target.rawValue,
            quantity: Quantity(
                measure == .mul ? "share of attention on the target" : "agreement with the target"),
            axes: [Axis("layer", count: config.nLayers), Axis("head", count: config.nHeads)],
            values: scores)
    }

    private func agreement(
        _ attention: Rows, _ target: Rows, _ measure: AttentionMeasure,
        excluding: (Int, Int) -> Bool
    ) -> Double {
        var (total, hits, misses) = (0.0, 0.0, 0.0)
        for query in 0..<target.count {
            let (attention, target) = (attention[query], target[query])
            for key in 0..<target.count {
                if excluding(query, key) { continue }
                let weight = Double(attention[key])
                total += weight
                hits += weight * Double(target[key])
                misses += Swift.abs(weight - Double(target[key]))
            }
        }
        switch measure {
        case .mul: return total > 0 ? hits / total : 0
        case .abs:
            let mean = misses / Double(max(target.count, 1))
            return 1 - (1000 * mean).rounded() / 1000
        }
    }
}
