import Kernels
import Tensors

/// How the next token is chosen.
public struct Sampling: Sendable, Hashable {
    /// Divides the logits; 0 always takes the most likely token.
    public var temperature: Float
    /// Chooses among this many most likely tokens only.
    public var topK: Int?
    /// Chooses among the fewest most likely tokens whose probabilities reach this sum.
    public var topP: Float?
    /// Starts the random choices.
    public var seed: UInt64

    /// Sampling with a temperature, restricted to the likely tokens; plain sampling by default.
    public init(temperature: Float = 1, topK: Int? = nil, topP: Float? = nil, seed: UInt64 = 0) {
        precondition(temperature >= 0 && topK ?? 1 > 0, "temperature ≥ 0 and top-k > 0")
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.seed = seed
    }

    /// Always the most likely token.
    public static let greedy = Sampling(temperature: 0)
}

extension Transformer {
    /// Continues a prompt, token by token.
    ///
    /// Keys and values are kept, so that a step computes one position. Stops at `count` tokens, at
    /// the end-of-text token or at the end of the context.
    ///
    /// - Parameters:
    ///   - prompt: Token ids.
    ///   - count: The most tokens to add.
    ///   - sampling: How each is chosen.
    ///   - stop: The token that ends the text; not part of the result.
    ///   - hooks: What to observe or change at each step; the first step sees the whole prompt,
    ///     later steps one position each.
    ///   - each: Called with each new token.
    /// - Returns: The new tokens.
    public func generate(
        from prompt: [Int], count: Int, sampling: Sampling = Sampling(),
        stoppingAt stop: Int? = nil,
        hooks: Hooks = Hooks(), each: (Int) -> Void = { _ in }
    ) throws -> [Int] {
        guard config.attention == .causal else { throw RunError.notCausal(model: name) }
        let start = RunInput.tokens(TokenBatch([prompt]))
        try validate(start, hooks: hooks, caching: .none, stop: nil)
        var generator = SeededGenerator(seed: sampling.seed, stream: "generate")
        var known = KeyValues(nLayers: config.nLayers)
        var (input, generated) = (prompt, [Int]())
        while generated.count < count, prompt.count + generated.count < config.nCtx {
            let pass = HookedPass(hooks: hooks, past: known)
            let run = run(.tokens(TokenBatch([input])), pass, stop: nil, logits: .last)
            known = pass.known ?? known
            guard let logits = run.logits else { break }
            let next = sampling.choose(from: logits.values, &generator)
            if next == stop { break }
            generated.append(next)
            each(next)
            input = [next]
        }
        return generated
    }
}

extension Sampling {
    /// Chooses a token by its logits.
    func choose(from logits: [Float], _ generator: inout SeededGenerator) -> Int {
        if temperature == 0 {
            return logits.indices.max { (logits[$0], $1) < (logits[$1], $0) } ?? 0
        }
        var order = Array(logits.indices)
        if topK != nil || topP != nil {
            order.sort { (logits[$0], $1) > (logits[$1], $0) }
        }
        if let topK { order = Array(order.prefix(topK)) }
        // Less the largest first: a tiny temperature must not make several of them infinite.
        let largest = logits.max() ?? 0
        var probabilities = Tensor(
            [1, order.count], order.map { (logits[$0] - largest) / temperature })
        softmax(probabilities.mutableRows)
        var weights = probabilities.values
        if let topP {
            var sum: Float = 0
            // A token stays if those before it do not reach the sum yet, so the first always stays.
            let kept = weights.prefix { weight in
                defer { sum += weight }
                return sum < topP
            }
            weights = Array(kept.isEmpty ? weights.prefix(1) : kept)
        }
        var rest = Float(generator.uniform()) * weights.reduce(0, +)
        for (index, weight) in weights.enumerated() {
            rest -= weight
            if rest < 0 { return order[index] }
        }
        return order[weights.count - 1]
    }
}
