import Differentiation
public import Tensors
public import Tokenization

/// A transformer whose every intermediate value has a name and can be read or changed.
///
/// ```swift
/// let model = try Transformer.load("gpt2")
/// let run = try model.run("The woman was working because", caching: .all)
/// let z = run.cache[.z, 9]        // [batch, pos, head, d_head]
/// ```
public struct Transformer: Sendable {
    /// Dimensions and kinds.
    public let config: TransformerConfig
    /// The weights.
    public internal(set) var weights: Weights
    /// What was done to the weights since they were loaded.
    public let processing: WeightProcessing
    /// The tokenizer that came with the weights, if any.
    public let tokenizer: Tokenizer?
    /// The name the user gave, for messages and provenance.
    public let name: String
    /// The files the weights came from, if any; their hash identifies the checkpoint.
    public let source: (any ModelFiles)?

    /// Puts a transformer together.
    public init(
        config: TransformerConfig, weights: Weights, processing: WeightProcessing = .none,
        tokenizer: Tokenizer? = nil, name: String = "model", source: (any ModelFiles)? = nil
    ) {
        self.config = config
        self.weights = weights
        self.processing = processing
        self.tokenizer = tokenizer
        self.name = name
        self.source = source
    }
}

/// Where a run begins.
public enum RunInput: Sendable {
    /// Token ids.
    case tokens(TokenBatch)
    /// resid_pre of a layer, [batch, pos, d_model].
    case residual(Tensor, layer: Int)
}

/// At which positions a run computes logits.
public enum LogitPositions: Sendable {
    /// Everywhere.
    case all
    /// At the last position of each sequence, [batch, 1, d_vocab]. The points after the blocks have
    /// this one position, whichever positions are cached.
    case last
    /// Nowhere.
    case none
}

/// What a run leaves.
public struct Run: Sendable {
    /// The model that ran.
    public let model: Transformer
    /// The tokens; `nil` for a run that began with a residual stream.
    public let tokens: TokenBatch?
    /// The residual stream where the run stopped, [batch, pos, d_model]: resid_post of the last
    /// layer computed; in post-norm models its `hook_normalized_resid_post`.
    public let residual: Tensor
    /// Logits, [batch, pos, d_vocab]; `nil` if none were asked for or the run stopped before.
    public let logits: Tensor?
    /// The activations that were asked for.
    public let cache: ActivationCache

    /// The run with some of its activations only, without its residual stream and logits.
    package func keeping(_ points: [HookPoint]) -> Run {
        Run(
            model: model, tokens: tokens, residual: Tensor([0, 0, model.config.dModel]),
            logits: nil, cache: cache.keeping(points))
    }
}

extension Transformer {
    /// Runs the model.
    ///
    /// - Parameters:
    ///   - input: Tokens, or the residual stream that enters a layer.
    ///   - hooks: What to observe or change on the way.
    ///   - caching: Which activations to keep.
    ///   - stop: The layer before which to stop, with no logits; `nil` to go to the end.
    ///   - logits: Where to compute logits.
    /// - Throws: ``RunError`` for tokens, layers, positions or hook points the model does not have.
    public func run(
        _ input: RunInput, hooks: Hooks = Hooks(), caching: Caching = .none,
        stoppingAt stop: Int? = nil, logits: LogitPositions = .all
    ) throws -> Run {
        try validate(input, hooks: hooks, caching: caching, stop: stop)
        let pass = HookedPass(hooks: hooks, caching: caching)
        if case .tokens(let tokens) = input, hooks.isEmpty { pass.cache.tokens = tokens }
        return run(input, pass, stop: stop, logits: logits)
    }

    /// Runs the model on token ids; one sequence or several.
    public func run(
        _ sequences: [[Int]], hooks: Hooks = Hooks(), caching: Caching = .none,
        logits: LogitPositions = .all
    ) throws -> Run {
        try run(.tokens(TokenBatch(sequences)), hooks: hooks, caching: caching, logits: logits)
    }

    /// Runs the model on a text.
    ///
    /// - Parameter prependBOS: As in ``tokens(_:prependBOS:)``.
    public func run(
        _ text: String, prependBOS: Bool = true, hooks: Hooks = Hooks(), caching: Caching = .none,
        logits: LogitPositions = .all
    ) throws -> Run {
        try run(
            [tokens(text, prependBOS: prependBOS)], hooks: hooks, caching: caching, logits: logits)
    }

    /// The token ids of a text.
    ///
    /// - Parameter prependBOS: Whether the beginning-of-text token comes first, if there is one, as
    ///   TransformerLens does; for a masked-language model, whether the text stands between its
    ///   special tokens, `[CLS]` and `[SEP]` or their like.
    /// - Throws: ``RunError/noTokenizer(model:)``.
    public func tokens(_ text: String, prependBOS: Bool = true) throws -> [Int] {
        guard let tokenizer else { throw RunError.noTokenizer(model: name) }
        if config.isMasked {
            return prependBOS ? tokenizer.encodeWithSpecialTokens(text) : tokenizer.encode(text)
        }
        let start = prependBOS ? tokenizer.beginningOfText.map { [$0] } ?? [] : []
        return start + tokenizer.encode(text)
    }

    /// A token as text; its id where there is no tokenizer.
    public func string(of token: Int) -> String {
        tokenizer.map { $0.string(of: token) } ?? String(token)
    }

    /// A token as tables show it: without the space that most begin with, and with `#` before one
    /// that begins with none.
    public func shortString(of token: Int) -> String {
        guard tokenizer != nil else { return String(token) }
        let string = string(of: token)
        // Pieces within a word show their own `##`.
        if tokenizer?.joinsWordsWithSpaces == true { return string }
        if string == " " { return "␣" }
        return string.hasPrefix(" ") ? String(string.dropFirst()) : "#" + string
    }

    /// The walk itself, on an input known to be valid.
    func run(_ input: RunInput, _ pass: HookedPass, stop: Int?, logits: LogitPositions) -> Run {
        let (tokens, first, layout): (TokenBatch?, Int, RowLayout)
        var resid: Traced
        switch input {
        case .tokens(let batch):
            layout = RowLayout(batch, from: pass.past?.length ?? 0)
            (tokens, first, resid) = (batch, 0, embed(batch, layout, pass))
        case .residual(let residual, let layer):
            layout = RowLayout(count: residual.shape[0], length: residual.shape[1])
            (tokens, first) = (nil, layer)
            resid = Traced(residual.reshaped([layout.rowCount, config.dModel]), on: pass.tape)
        }
        for layer in first..<(stop ?? config.nLayers) { resid = block(layer, resid, layout, pass) }
        var output: Traced?
        if stop == nil, logits != .none {
            output = self.logits(of: resid, layout, tokens, at: logits, pass)
        }
        let shape = [layout.items.count, layout.rowCount / layout.items.count, config.dModel]
        return Run(
            model: self, tokens: tokens, residual: resid.value.reshaped(shape),
            logits: output?.value,
            cache: pass.cache)
    }

    /// The logits of tokens, [batch, pos, d_vocab], on the pass's tape.
    func logits(
        of tokens: TokenBatch, at positions: LogitPositions, _ pass: some Pass
    ) -> Traced {
        let (resid, layout) = stream(of: tokens, pass)
        return logits(of: resid, layout, tokens, at: positions, pass)
    }

    /// The logits of some rows of a batch, [row, d_vocab], on the pass's tape.
    ///
    /// In the last block only these rows and those between them go through queries and MLP, unless
    /// someone listens there.
    ///
    /// - Parameter rows: Among all positions of the sequences one behind the other, padding
    ///   included.
    func logits(of tokens: TokenBatch, atRows rows: [Int], _ pass: some Pass) -> Traced {
        let last = config.nLayers - 1
        var (resid, layout) = stream(of: tokens, through: last, pass)
        var chosen = rows
        if HookKind.allCases.contains(where: { $0.isInBlock && pass.listens(to: $0, last) }) {
            resid = block(last, resid, layout, pass)
        } else {
            let readers = layout.rows { item in
                let positions = rows.lazy.filter(item.rows.contains).map {
                    $0 - item.rows.lowerBound
                }
                return (positions.min() ?? 0)..<(positions.max() ?? 0) + 1
            }
            resid = addAttention(last, resid, layout, readers: readers, pass)
            layout = readers.layout
            resid = endBlock(last, addMLP(last, resid, layout, pass), layout, pass)
            let places = Dictionary(
                uniqueKeysWithValues: readers.rows.enumerated().map { ($1, $0) })
            chosen = rows.compactMap { places[$0] }
        }
        var read = RowLayout()
        for row in rows {
            let (sequence, position) = row.quotientAndRemainder(dividingBy: tokens.length)
            read.append(positions: position..<position + 1, of: sequence)
        }
        return unembed(readout(resid.selecting(chosen), read, pass), read, pass)
    }

    /// The stream that enters a layer, [row, d_model]; behind the last block unless one is named.
    private func stream(
        of tokens: TokenBatch, through end: Int? = nil, _ pass: some Pass
    ) -> (resid: Traced, layout: RowLayout) {
        let layout = RowLayout(tokens, from: pass.past?.length ?? 0)
        var resid = embed(tokens, layout, pass)
        for layer in 0..<(end ?? config.nLayers) { resid = block(layer, resid, layout, pass) }
        return (resid, layout)
    }

    /// The stream that enters block 0, [row, d_model].
    private func embed(_ tokens: TokenBatch, _ layout: RowLayout, _ pass: some Pass) -> Traced {
        embed(Array(tokens.ids.joined()), types: Array(tokens.types.joined()), layout, pass)
    }

    /// The logits, [batch, pos, d_vocab].
    private func logits(
        of resid: Traced, _ layout: RowLayout, _ tokens: TokenBatch?, at positions: LogitPositions,
        _ pass: some Pass
    ) -> Traced {
        var (resid, layout) = (resid, layout)
        switch positions {
        case .none: preconditionFailure("no logits asked for")
        case .all: break
        case .last:
            let last = layout.rows { item in
                let length = tokens?.lengths[item.sequence] ?? item.rows.count
                return item.start + length - 1..<item.start + length
            }
            (resid, layout) = (resid.selecting(last.rows), last.layout)
        }
        let logits = unembed(readout(resid, layout, pass), layout, pass)
        let batch = layout.items.count
        return logits.reshaped([batch, layout.rowCount / batch, config.dVocab])
    }

    /// Checks that the model has what a run asks for.
    func validate(
        _ input: RunInput, hooks: Hooks, caching: Caching, stop: Int?
    ) throws {
        let length: Int
        var first = 0
        switch input {
        case .tokens(let batch):
            try validate(batch)
            length = batch.length
        case .residual(let residual, let layer):
            precondition(
                residual.rank == 3 && residual.shape[2] == config.dModel && residual.count > 0,
                "a residual stream is [batch, pos, d_model], not \(residual.shape)")
            (first, length) = (layer, residual.shape[1])
            guard length <= config.nCtx else {
                throw RunError.tooLong(length: length, nCtx: config.nCtx)
            }
        }
        guard (0...config.nLayers).contains(first) else {
            throw RunError.noSuchLayer(first, nLayers: config.nLayers)
        }
        if let stop, !(first...config.nLayers).contains(stop) {
            throw RunError.noSuchLayer(stop, nLayers: config.nLayers)
        }
        for point in hooks.required.union(caching.required) where !config.has(point) {
            throw RunError.noSuchPoint(point.description, nLayers: config.nLayers)
        }
        for position in caching.positions ?? [] where !(-length..<length).contains(position) {
            throw RunError.noSuchPosition(position, length: length)
        }
    }

    /// Checks that the model can run on tokens.
    func validate(_ batch: TokenBatch) throws(RunError) {
        guard !batch.lengths.isEmpty, batch.lengths.allSatisfy({ $0 > 0 }) else {
            throw .emptyPrompt
        }
        guard batch.length <= config.nCtx else {
            throw .tooLong(length: batch.length, nCtx: config.nCtx)
        }
        for id in batch.ids.joined() where !(0..<config.dVocab).contains(id) {
            throw .unknownToken(id: id, dVocab: config.dVocab)
        }
        // A model without token types reads none, so 0 is always right.
        for type in batch.types.joined() where !(0..<max(config.nTokenTypes, 1)).contains(type) {
            throw .unknownTokenType(type, nTokenTypes: config.nTokenTypes)
        }
    }
}
