/// Which keys the queries of a sequence see: the first ones, up to a number that may grow from
/// query to query.
public struct Visibility: Sendable, Hashable {
    /// How many keys the first query sees.
    private let first: Int
    /// How many more each next one sees.
    private let step: Int

    /// All see all.
    public static let all = Visibility(first: .max, step: 0)

    /// All see the first `count` keys; those behind are padding.
    public static func first(_ count: Int) -> Visibility { Visibility(first: count, step: 0) }

    /// A query sees itself and the keys before it.
    ///
    /// - Parameter past: How many keys come before the first query's own.
    public static func causal(past: Int) -> Visibility { Visibility(first: past + 1, step: 1) }

    /// How many of the keys a query sees.
    public func count(of keys: Int, query: Int) -> Int { min(first + step * query, keys) }
}
