import Interventions
import Kernels
import Models
import Tensors

/// Runs in parts, with cached keys and values, and in a batch, against whole runs alone.
extension Audit {
    var runningSteps: [AuditStep] {
        var steps = [AuditStep(.running, "stopping before a layer and going on = one run", inParts)]
        // Encoders see what comes later, padding included.
        if model.config.attention == .causal {
            steps.append(AuditStep(.running, "a batch of two lengths = each alone", inBatch))
            // A context of one position leaves no second step, which would read the cache.
            if model.config.nCtx > 1 {
                steps.append(AuditStep(.running, "cached keys and values = none", withCache))
            }
        }
        return steps
    }

    private func inParts() throws -> Discrepancy {
        var found = Discrepancy()
        guard let tokens = clean.tokens, let whole = clean.logits else { return found }
        for layer in spread(4, of: model.config.nLayers + 1) {
            let start = try operations.run(model, .tokens(tokens), .none, layer)
            let end = try operations.run(
                model, .residual(start.residual, layer: layer), .none, nil)
            guard let logits = end.logits else { continue }
            found.compare(logits.rows, whole.rows, within: { tolerances.clean[$0] }) {
                "layer \(layer), pos \($0)"
            }
        }
        return found
    }

    /// The logits of each step of generation against a run on the finished text.
    private func withCache() throws -> Discrepancy {
        var found = Discrepancy()
        guard let ids = clean.tokens?.ids[0] else { return found }
        let prompt = Array(ids.prefix(max(1, ids.count / 2)))
        var steps: [Tensor] = []
        var hooks = Hooks()
        hooks.add(at: HookPoint(.unembedOut)) { logits, _ in steps.append(logits) }
        let generated = try operations.generate(model, prompt, 5, hooks)
        // The last token was chosen, and not run.
        let text = prompt + generated.dropLast()
        let whole = try model.run([text], caching: .all)
        guard let logits = whole.logits?.rows else { return found }
        let tolerances = Tolerance.logits(of: whole)
        for (index, step) in steps.enumerated() {
            let pos = prompt.count - 1 + index
            guard pos < text.count else { break }
            let expected = logits[pos..<pos + 1, 0..<logits.columns]
            found.compare(step.rows, expected, within: { _ in tolerances[pos] }) { _ in
                "pos \(pos)"
            }
        }
        return found
    }

    private func inBatch() throws -> Discrepancy {
        var found = Discrepancy()
        guard
            let (long, other) = clean.tokens.flatMap({ clean in
                base.tokens.map { (clean.ids[0], $0.ids[0]) }
            })
        else { return found }
        let short = Array(other.prefix((other.count + 1) / 2))
        let batch = TokenBatch([short, long])
        guard let logits = try operations.run(model, .tokens(batch), .none, nil).logits
        else { return found }
        // The short one's positions are those of the corrupted run, which sees no more there.
        let sequences = [
            (base, tolerances.base, short.count), (clean, tolerances.clean, long.count),
        ]
        for (index, (run, tolerances, count)) in sequences.enumerated() {
            guard let alone = run.logits?.rows else { continue }
            found.compare(
                logits[at: index][at: 0..<count].rows, alone[0..<count, 0..<alone.columns],
                within: { tolerances[$0] }
            ) { "sequence \(index), pos \($0)" }
        }
        return found
    }
}
