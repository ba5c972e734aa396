public import Models
public import Results

extension Metric {
    /// Measures the metric in every branch, by the ``Engine``.
    ///
    /// - Parameters:
    ///   - branches: The edits of each run.
    ///   - base: The run they depart from.
    ///   - options: How the work is cut.
    ///   - store: Where values are kept as they come; what it knows is not measured again.
    ///   - progress: Called from any thread with how many branches are done, of how many.
    public func measure(
        _ branches: [Branch], departingFrom base: Run, options: Engine.Options = Engine.Options(),
        store: SweepStore? = nil, progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) throws -> [Double] {
        precondition(
            store.map { $0.branchCount == branches.count } ?? true,
            "a store of \(store?.branchCount ?? 0) branches for \(branches.count)")
        return try Engine(branches, departingFrom: base, metric: self, options: options).measure(
            knowing: try store?.known ?? [:],
            keeping: { values, branches in try store?.append(values, of: branches) },
            progress: progress)
    }

    /// Measures the raw metric in every branch and sequence, by the ``Engine``: [branch][sequence].
    ///
    /// - Parameter common: Edits that each branch has before its own. If all put values in, and let
    ///   no position look at later ones, they are made once for all branches together.
    public func measureEach(
        _ branches: [Branch], sharing common: [Intervention] = [], departingFrom base: Run,
        options: Engine.Options = Engine.Options()
    ) throws -> [[Double]] {
        try Engine(
            branches, sharing: common, departingFrom: base, metric: self, options: options
        ).measureEach()
    }

    /// The floating-point operations that the branches need at least; see ``Engine``.
    ///
    /// - Parameter common: Edits that each branch has before its own; their run is not counted.
    public func neededOperations(
        _ branches: [Branch], sharing common: [Intervention] = [], departingFrom base: Run
    ) throws -> Double {
        try Engine(
            branches, sharing: common, departingFrom: base, metric: self, options: .init()
        ).neededOperations
    }

    /// Measures the metric in every branch, by one full forward pass each: plain, slow, and right.
    ///
    /// It is what the engine is tested against.
    public func measureNaively(_ branches: [Branch], departingFrom base: Run) throws -> [Double] {
        guard let tokens = base.tokens else { throw InterventionError.baseWithoutTokens }
        return try branches.map { branch in
            var hooks = Hooks()
            for intervention in branch.interventions { try intervention.install(in: &hooks) }
            return try value(of: base.model.run(.tokens(tokens), hooks: hooks))
        }
    }
}
