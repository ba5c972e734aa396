private import RealModule
public import Tensors

/// Attention of one head over one sequence: its queries, and its keys and values in two
/// parts.
///
/// Vaswani et al. 2017, eq. 1, https://arxiv.org/abs/1706.03762. Keys and values of early positions
/// may be known from another run, shared by many sequences; they are read where they lie.
public struct AttentionHead: Sendable {
    /// Queries, [query_pos, d_head].
    public let q: Rows
    private let k: Rows
    private let v: Rows
    private let z: MutableRows
    private let past: (keys: Rows, values: Rows)?
    private let visible: Visibility
    private let scale: Float

    /// Keys of all positions.
    public var keyCount: Int { k.count + (past?.keys.count ?? 0) }

    /// Refers to the parts of a head.
    ///
    /// - Parameters:
    ///   - q: Queries, [query_pos, d_head].
    ///   - k: Keys after the past ones, [key_pos, d_head].
    ///   - v: Values, as `k`.
    ///   - z: Receives the mixed values, [query_pos, d_head].
    ///   - past: Keys and values of the positions before, [past, d_head] each.
    ///   - visible: Which keys each query sees.
    ///   - scale: Multiplies the scores.
    public init(
        q: Rows, k: Rows, v: Rows, z: MutableRows, past: (keys: Rows, values: Rows)?,
        visible: Visibility, scale: Float
    ) {
        (self.q, self.k, self.v, self.z) = (q, k, v, z)
        (self.past, self.visible, self.scale) = (past, visible, scale)
    }

    /// Computes z without keeping the pattern.
    public func attend() {
        guard !isBrief else { return attendBriefly() }
        var scratch = Tensor(uninitialized: [q.count, keyCount])
        let pattern = scratch.mutableRows
        products(into: pattern)
        softmax(pattern, seeing: visible)
        mix(pattern.reading)
    }

    /// Computes the scores, with −∞ where a query must not look, [query_pos, key_pos].
    public func scores(into scores: MutableRows) {
        products(into: scores)
        mask(scores, seeing: visible)
    }

    /// Mixes the values by a pattern, [query_pos, key_pos], into z.
    public func mix(_ pattern: Rows) {
        let before = past?.values.count ?? 0
        let all = 0..<pattern.count
        if isBrief {
            for query in all { mix(pattern[query], into: z[query]) }
            return
        }
        if let past { multiply(pattern[all, 0..<before], past.values, into: z) }
        multiply(pattern[all, before..<keyCount], v, into: z, accumulating: before > 0)
    }

    private func products(into scores: MutableRows) {
        let before = past?.keys.count ?? 0
        let all = 0..<scores.count
        if isBrief {
            for query in all { products(q[query], into: scores[query]) }
            return
        }
        if let past {
            multiply(
                q, past.keys, into: scores[all, 0..<before], transposing: .right, scale: scale)
        }
        multiply(q, k, into: scores[all, before..<keyCount], transposing: .right, scale: scale)
    }

    /// Whether a call of BLAS would take longer than the work.
    private var isBrief: Bool { q.count * keyCount <= 256 }

    /// The same query by query, and only over what it sees.
    private func attendBriefly() {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: keyCount) { scratch in
            for query in 0..<q.count {
                let seen = 0..<visible.count(of: keyCount, query: query)
                let weights = UnsafeMutableBufferPointer(rebasing: scratch[seen])
                products(q[query], into: weights)
                softmax(weights)
                mix(UnsafeBufferPointer(weights), into: z[query])
            }
        }
    }

    /// The scores of the first keys.
    private func products(
        _ q: UnsafeBufferPointer<Float>, into scores: UnsafeMutableBufferPointer<Float>
    ) {
        let before = min(past?.keys.count ?? 0, scores.count)
        if let past {
            for key in 0..<before { scores[key] = scale * dot(q, past.keys[key]) }
        }
        for key in before..<scores.count { scores[key] = scale * dot(q, k[key - before]) }
    }

    /// The values of the first keys mixed by weights.
    private func mix(
        _ weights: UnsafeBufferPointer<Float>, into z: UnsafeMutableBufferPointer<Float>
    ) {
        z.update(repeating: 0)
        let before = min(past?.values.count ?? 0, weights.count)
        if let past {
            for key in 0..<before { add(past.values[key], times: weights[key], to: z) }
        }
        for key in before..<weights.count { add(v[key - before], times: weights[key], to: z) }
    }
}

@inline(__always) private func add(
    _ x: UnsafeBufferPointer<Float>, times factor: Float, to y: UnsafeMutableBufferPointer<Float>
) {
    for i in 0..<y.count { y[i] = Relaxed.multiplyAdd(factor, x[i], y[i]) }
}

/// The inner product of two rows of one length.
public func dot(
    _ x: UnsafeBufferPointer<Float>, _ y: UnsafeBufferPointer<Float>
) -> Float {
    var sum: Float = 0
    for i in 0..<x.count { sum = Relaxed.multiplyAdd(x[i], y[i], sum) }
    return sum
}
