/// Token ids of one or more sequences, [batch, pos].
///
/// Shorter sequences are padded on the right. In a causal model a position sees only what stands
/// before it, and in a bidirectional one none sees padding, so it changes nothing at the positions
/// that count.
public struct TokenBatch: Sendable, Hashable {
    /// The ids, padded to one length.
    public let ids: [[Int]]
    /// The length of each sequence without padding.
    public let lengths: [Int]
    /// The kind of segment that each token belongs to, as `token_type_ids`; 0 for padding.
    public let types: [[Int]]

    /// The number of sequences.
    public var count: Int { ids.count }

    /// The padded length.
    public var length: Int { ids.first?.count ?? 0 }

    /// Creates a batch.
    ///
    /// - Parameters:
    ///   - sequences: One or more sequences.
    ///   - types: The kind of segment of each token, for models that tell them apart; `nil` for 0
    ///     throughout.
    ///   - padding: The id that fills the shorter ones up.
    public init(_ sequences: [[Int]], types: [[Int]]? = nil, padding: Int = 0) {
        precondition(
            types.map { $0.map(\.count) == sequences.map(\.count) } ?? true,
            "a token type for each token")
        let length = sequences.map(\.count).max() ?? 0
        func filled(_ rows: [[Int]], with value: Int) -> [[Int]] {
            rows.map { $0 + [Int](repeating: value, count: length - $0.count) }
        }
        ids = filled(sequences, with: padding)
        self.types = filled(types ?? sequences.map { $0.map { _ in 0 } }, with: 0)
        lengths = sequences.map(\.count)
    }

    /// How many leading tokens, with their kinds of segment, a sequence shares with one of a batch.
    package func sharedPrefix(of sequence: Int, with other: Int, in batch: TokenBatch) -> Int {
        let own = zip(ids[sequence], types[sequence])
        return zip(own, zip(batch.ids[other], batch.types[other])).prefix { $0 == $1 }.count
    }
}

/// Why a model cannot run on an input.
public enum RunError: Error, Hashable, CustomStringConvertible {
    /// A prompt without tokens.
    case emptyPrompt
    /// A prompt longer than the model's context.
    case tooLong(length: Int, nCtx: Int)
    /// A kind of segment that the model does not tell apart.
    case unknownTokenType(Int, nTokenTypes: Int)
    /// An id that is not in the vocabulary.
    case unknownToken(id: Int, dVocab: Int)
    /// A hook point the model does not have.
    case noSuchPoint(String, nLayers: Int)
    /// A layer the model does not have.
    case noSuchLayer(Int, nLayers: Int)
    /// A position outside the sequence.
    case noSuchPosition(Int, length: Int)
    /// A text for a model that came without a tokenizer.
    case noTokenizer(model: String)
    /// A model without a token that stands for a word to predict, where one is needed.
    case noMaskToken(model: String)
    /// A prompt with no mask, or with several.
    case maskCount(Int)
    /// A bidirectional model where the next token is asked for.
    case notCausal(model: String)
    /// An analysis that needs logits to be a sum over parts of the stream.
    case noPlainStream(String, FamilyName)
    /// A rewriting of the weights that would change what this family predicts.
    case inexactProcessing(WeightProcessing, FamilyName)

    /// A sentence that says what to do next.
    public var description: String {
        switch self {
        case .emptyPrompt: "the prompt has no tokens; give at least one"
        case .tooLong(let length, let nCtx):
            "the prompt has \(length) tokens, but the model's context is \(nCtx); shorten it"
        case .unknownToken(let id, let dVocab):
            "there is no token \(id); the vocabulary's ids are 0 to \(dVocab - 1)"
        case .unknownTokenType(let type, let count):
            "there is no token type \(type); the model tells \(count) apart, from 0 on"
        case .noSuchPoint(let name, let nLayers):
            "the model has no hook point \(name); names are like resid_pre, attn.hook_z or "
                + "blocks.0.mlp.hook_post, with layers 0 to \(nLayers - 1)"
        case .noSuchLayer(let layer, let nLayers):
            "the model has no layer \(layer); its layers are 0 to \(nLayers - 1)"
        case .noSuchPosition(let position, let length):
            "there is no position \(position) among \(length); positions are 0 to \(length - 1), "
                + "or -\(length) to -1 from the end"
        case .noMaskToken(let model):
            "\(model) has no token such as [MASK], so it is not known where it predicts; say which "
                + "position is read (--position)"
        case .maskCount(let count):
            "the prompt has \(count == 0 ? "no mask" : "\(count) masks"); put one [MASK] (<mask> "
                + "for RoBERTa) where a word is to be predicted, or say which position is read "
                + "(--position)"
        case .notCausal(let model):
            "\(model) reads texts in both directions and predicts masked words, not the next one; "
                + "use `probe prompt` with a [MASK], or a causal model"
        case .noPlainStream(let what, let family):
            "\(what) need logits that are a sum over parts of the residual stream, but "
                + "\(family.rawValue) normalises the stream after every sublayer and has a "
                + "nonlinear head; measure its parts by patching or ablation instead"
        case .inexactProcessing(let steps, let family):
            "\(steps) would change what \(family.rawValue) predicts, as its norms write into the "
                + "residual stream; leave it out of --process"
        case .noTokenizer(let model):
            "\(model) has no tokenizer files, so it cannot read text; give token ids instead "
                + "(--ids, --answer-ids; --clean-ids, --corrupted-ids, --answer-id, --wrong-id)"
        }
    }
}
