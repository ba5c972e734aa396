/// What a model says: probabilities of the classes' words, and how good a language model it is.
public struct DecoderScores: Sendable, Hashable, Codable {
    /// The mean probability of each class's words (inner) in the texts of each class (outer).
    ///
    /// Of the pronouns' feature these are the paper's probabilities of *he* and *she*.
    public var probabilities: [String: [String: Double]]
    /// How good a language model it is, as ``LanguageModelTexts`` measure it.
    public var lms: Double
    /// Balance of the two groups of a probe: the classes' words over all texts, or the names of
    /// women and men where the probe has texts for them.
    public var bias: BiasScores

    /// Puts scores together.
    public init(
        probabilities: [String: [String: Double]], lms: Double, bias: BiasScores
    ) {
        (self.probabilities, self.lms, self.bias) = (probabilities, lms, bias)
    }

    /// P(C) in the texts of the other class.
    func strengthening(_ name: String, _ pair: ClassPair) -> Double {
        probabilities[name == pair.positive ? pair.negative : pair.positive]?[name] ?? .nan
    }

    /// 1 − P(C) in its own texts.
    func weakening(_ name: String) -> Double { 1 - (probabilities[name]?[name] ?? .nan) }
}
