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
        let predicted = try PredictionTargets(objective, on: tokens, dVocab: config.dVocab)
        if let predicted, hooks.isEmpty, caching.isNone, targets.activations.isNone,
            let chunks = gradientChunks(of: tokens)
        {
            let (value, gradients) = try lossGradients(
                of: tokens, predicting: predicted, in: chunks, entries)
            return Gradients(
                value: value, parameters: gradients, activations: ActivationCache(),
                cache: ActivationCache())
        }
        let tape = Tape()
        for entry in entries { tape.watch(weights[keyPath: entry.path]) }
        let pass = HookedPass(
            hooks: hooks, caching: caching, tape: tape, gradients: targets.activations)
        if hooks.isEmpty { pass.cache.tokens = tokens }
        let result = try evaluate(objective, predicted, on: tokens, pass)
        tape.backward(from: result.output, cotangent: result.cotangent)
        for point in pass.gradientCache.points {
            guard let gradient = pass.gradientCache[point], allFinite(gradient.rows) else {
                throw GradientError.gradientNotFinite(of: point.description)
            }
        }
        return Gradients(
            value: result.value,
            parameters: try parameterGradients(entries) { tape.takeGradient(of: $0) },
            activations: pass.gradientCache, cache: pass.cache)
    }

    /// A number, without gradients: forward alone.
    ///
    /// - Throws: As ``gradients(of:on:withRespectTo:hooks:caching:)``.
    public func value(
        of objective: Objective, on tokens: TokenBatch, hooks: Hooks = Hooks()
    ) throws -> Double {
        try validate(.tokens(tokens), hooks: hooks, caching: .none, stop: nil)
        let predicted = try PredictionTargets(objective, on: tokens, dVocab: config.dVocab)
        return try evaluate(objective, predicted, on: tokens, HookedPass(hooks: hooks)).value
    }

    /// Runs forward: the number, and what to walk back from with which gradient.
    private func evaluate(
        _ objective: Objective, _ targets: PredictionTargets?, on tokens: TokenBatch,
        _ pass: HookedPass
    ) throws -> (value: Double, output: Traced, cotangent: Tensor) {
        if let targets {
            let (value, loss) = try loss(
                of: tokens, predicting: targets, weight: 1 / Double(targets.count), pass)
            return (value, loss, Tensor([1], repeating: 1))
        }
        guard case .function(let function, let positions) = objective.kind else {
            preconditionFailure("an objective without targets is a function")
        }
        let logits = logits(of: tokens, at: positions, pass)
        let (value, gradient) = try function(logits.value)
        guard value.isFinite else { throw GradientError.objectiveNotFinite("\(value)") }
        return (value, logits, gradient)
    }

    /// `−weight · Σ log p` of the targets, as a number and as a value to walk back from.
    func loss(
        of tokens: TokenBatch, predicting targets: PredictionTargets, weight: Double,
        _ pass: HookedPass
    ) throws -> (value: Double, loss: Traced) {
        let all = targets.rows(length: tokens.length)
        var (value, loss): (Double, Traced)
        if targets.isDense {
            (value, loss) = logits(of: tokens, at: .all, pass).crossEntropy(all, weight: weight)
        } else {
            let rows = all.indices.filter { all[$0] != nil }
            (value, loss) = logits(of: tokens, atRows: rows, pass)
                .crossEntropy(rows.map { all[$0] }, weight: weight)
        }
        guard value.isFinite else { throw GradientError.objectiveNotFinite("\(value)") }
        return (value, loss)
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
