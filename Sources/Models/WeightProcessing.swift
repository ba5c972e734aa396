/// Rewritings of the weights that leave what the model predicts as it is, by TransformerLens'
/// names.
///
/// They make weights readable: a layer norm's gain and shift go into what reads it, directions that
/// nothing reads are removed, and the matrices of a head come in the basis of their singular
/// vectors. Probabilities stay the same to rounding; logits shift by a constant per position when
/// the unembedding is centred. The steps happen in the order of this list, whatever the order they
/// are named in.
public struct WeightProcessing: OptionSet, Hashable, Sendable {
    /// One bit for each step.
    public let rawValue: Int

    /// Steps by their bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// `fold_ln`: gains and shifts of norms go into the matrices that read them, whose columns are
    /// then centred.
    public static let foldLayerNorm = WeightProcessing(rawValue: 1)
    /// `center_writing_weights`: what writes to the residual stream writes vectors of mean zero.
    public static let centerWritingWeights = WeightProcessing(rawValue: 2)
    /// `center_unembed`: the logits of a position have mean zero.
    public static let centerUnembed = WeightProcessing(rawValue: 4)
    /// `fold_value_biases`: b_V goes into b_O, as attention patterns sum to one.
    public static let foldValueBiases = WeightProcessing(rawValue: 8)
    /// `refactor_factored_attn_matrices`: W_Q W_Kᵀ and W_V W_O in the bases of their singular
    /// vectors.
    public static let refactorFactoredAttention = WeightProcessing(rawValue: 16)

    /// The weights as loaded.
    public static let none: WeightProcessing = []
    /// What TransformerLens does unless told otherwise.
    public static let transformerLens: WeightProcessing = [
        .foldLayerNorm, .centerWritingWeights, .centerUnembed, .foldValueBiases,
    ]
    /// All steps.
    public static let all = transformerLens.union(.refactorFactoredAttention)

    /// The steps and their names, in order.
    public static let steps: [(name: String, step: WeightProcessing)] = [
        ("fold_ln", .foldLayerNorm), ("center_writing_weights", .centerWritingWeights),
        ("center_unembed", .centerUnembed), ("fold_value_biases", .foldValueBiases),
        ("refactor_factored_attn_matrices", .refactorFactoredAttention),
    ]
}

extension WeightProcessing: CustomStringConvertible {
    /// The names of the steps with commas between them; `none` without any.
    public var description: String {
        let names = Self.steps.filter { contains($0.step) }.map(\.name)
        return names.isEmpty ? "none" : names.joined(separator: ",")
    }

    /// Reads `none`, `default` for TransformerLens' own, `all`, or names with commas between them;
    /// `nil` for anything else.
    public init?(_ text: String) {
        let sets: [String: WeightProcessing] = [
            "none": .none, "default": .transformerLens, "all": .all,
        ]
        if let set = sets[text] {
            self = set
            return
        }
        self = []
        for name in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let step = Self.steps.first(where: { $0.name == name })?.step else { return nil }
            insert(step)
        }
    }
}
