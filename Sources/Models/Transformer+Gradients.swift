import Differentiation
import Kernels
import Tensors

extension Transformer {
    /// The gradient of a number with respect to weights and activations.
    ///
    /// ```swift
    /// let gradients = try model.gradients(of: .loss, on: batch, withRespectTo: .parameters)
    /// let dW = gradients.parameters[\.blocks[3].mlp.W_in]
    /// ```
    /// Hooks act as in a run. The gradient at a hook point is that of the value which the hooks
    /// leave. Through a hook it goes back as its pullback says. A hook without one is judged by
    /// what it did: elements that have the same bits afterwards let the gradient through, those
    /// that differ count as constants. So hooks that observe, and those that put given numbers in
    /// the place of some or all elements, have exact gradients; one that computes new values from
    /// old ones needs a pullback.
    ///
    /// Where the norm before attention is read once for queries, keys and values, so is its
    /// gradient; TransformerLens keeps one of three there.
    ///
    /// - Parameters:
    ///   - objective: The number.
    ///   - tokens: What the model reads.
    ///   - targets: With respect to what.
    ///   - hooks: What to observe or change on the way.
    ///   - caching: Which activations to keep as well.
    /// - Throws: ``RunError`` as a run does; ``GradientError`` for a batch without loss, and for a
    ///   value or gradient that is not finite.
    public func gradients(
        of objective: Objective, on tokens: TokenBatch, withRespectTo targets: GradientTargets,
        hooks: Hooks = Hooks(), caching: Caching = .none
    ) throws -> Gradients {
        try validate(.tokens(tokens), hooks: hooks, caching: targets.activations, stop: nil)
        try validate(.tokens(tokens), hooks: hooks, caching: caching, stop: nil)
        let entries = weights.entries.filter { targets.includes($0.name) }
        if case .loss = objective.kind, hooks.isEmpty, caching.isNone, targets.activations.isNone,
            let chunks = gradientChunks(of: tokens)
        {
            let (value, gradients) = try lossGradients(of: tokens, in: chunks, entries)
            return Gradients(
                value: value, parameters: gradients, activations: ActivationCache(),
                cache: ActivationCache())
        }
        let tape = Tape()
        for entry in entries { tape.watch(weights[keyPath: entry.path]) }
        let pass = HookedPass(
            hooks: hooks, caching: caching, tape: tape, gradients: targets.activations)
        if hooks.isEmpty { pass.cache.tokens = tokens }
        let value = try walkBack(from: objective, tokens, tape, pass)
        for point in pass.gradientCache.points {
            guard let gradient = pass.gradientCache[point], allFinite(gradient.rows) else {
                throw GradientError.gradientNotFinite(of: point.description)
            }
        }
        return Gradients(
            value: value,
            parameters: try parameterGradients(entries) { tape.takeGradient(of: $0) },
            activations: pass.gradientCache, cache: pass.cache)
    }

    /// Runs forward and back; returns the objective.
    private func walkBack(
        from objective: Objective, _ tokens: TokenBatch, _ tape: Tape, _ pass: HookedPass
    ) throws -> Double {
        switch objective.kind {
        case .loss:
            let count = tokens.nextTokenCount
            guard count > 0 else { throw GradientError.noNextToken }
            return try walkBackFromLoss(of: tokens, weight: 1 / Double(count), tape, pass)
        case .function(let function, let positions):
            let logits = logits(of: tokens, at: positions, pass)
            let (value, gradient) = try function(logits.value)
            guard value.isFinite else { throw GradientError.objectiveNotFinite("\(value)") }
            tape.backward(from: logits, cotangent: gradient)
            return value
        }
    }

    /// Runs forward and back from `−weight · Σ log p` of the next tokens, which it returns.
    func walkBackFromLoss(
        of tokens: TokenBatch, weight: Double, _ tape: Tape, _ pass: HookedPass
    ) throws -> Double {
        let (value, loss) = logits(of: tokens, at: .all, pass)
            .crossEntropy(tokens.nextTokens, weight: weight)
        guard value.isFinite else { throw GradientError.objectiveNotFinite("\(value)") }
        tape.backward(from: loss, cotangent: Tensor([1], repeating: 1))
        return value
    }

    /// The gradients of weights, each memory's shared by all of its names.
    ///
    /// - Parameter take: The gradient of a weight; called once for each memory.
    func parameterGradients(
        _ entries: [WeightEntry], _ take: (Tensor) -> Tensor
    ) throws -> ParameterGradients {
        var known: [UnsafePointer<Float>: Tensor] = [:]
        return ParameterGradients(
            try entries.map { entry in
                let weight = weights[keyPath: entry.path]
                if let shared = known[weight.rows.base] { return (entry, shared) }
                let gradient = take(weight)
                known[weight.rows.base] = gradient
                guard allFinite(gradient.rows) else {
                    throw GradientError.gradientNotFinite(of: entry.name)
                }
                return (entry, gradient)
            })
    }
}

extension TokenBatch {
    /// The token after each, sequence by sequence; `nil` at the last and where either is padding.
    fileprivate var nextTokens: [Int?] {
        zip(ids, lengths).flatMap { ids, length in
            ids.indices.map { $0 + 1 < length ? ids[$0 + 1] : nil }
        }
    }

    /// How many tokens follow another.
    var nextTokenCount: Int { lengths.reduce(0) { $0 + max($1 - 1, 0) } }
}
