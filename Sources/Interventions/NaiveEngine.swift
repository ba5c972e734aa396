package import Models

/// Runs every branch as one full forward pass: plain, slow, and right.
package enum NaiveEngine {
    /// The metric of each branch.
    package static func measure(
        _ metric: Metric, of branches: [Branch], departingFrom base: Run,
        progress: (Int, Int) -> Void
    ) throws -> [Double] {
        guard let tokens = base.tokens else { throw InterventionError.baseWithoutTokens }
        progress(0, branches.count)
        return try branches.enumerated().map { index, branch in
            var hooks = Hooks()
            for intervention in branch.interventions { try intervention.install(in: &hooks) }
            let run = try base.model.run(.tokens(tokens), hooks: hooks)
            let value = try metric.value(of: run)
            progress(index + 1, branches.count)
            return value
        }
    }
}
