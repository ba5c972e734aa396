// Mediation: how much of a change of the input reaches an answer through each neuron and each
// attention head, and how much past it (Vig et al. 2020, https://arxiv.org/abs/2004.12265). Prompts
// and data sets, effects, the choice of few parts that carry most, and reports. All runs are the
// engine's: an experiment is a list of branches. Start at NeuronExperiment.swift and
// HeadExperiment.swift.

import Tensors

/// A word that is put into templates, with how strongly it is gendered.
///
/// The scores lie in [−1, 1]; negative means female.
public struct Profession: Sendable, Hashable {
    /// The word; in files from outside `_` may stand between words.
    public let name: String
    /// By definition, as *actress* is.
    public let definitional: Double
    /// By stereotype.
    public let stereotypical: Double

    /// Describes a word.
    public init(_ name: String, definitional: Double, stereotypical: Double) {
        (self.name, self.definitional, self.stereotypical) = (name, definitional, stereotypical)
    }

    /// Both together: what "bias" means in correlations.
    public var total: Double { definitional + stereotypical }

    /// The words as they stand in a text.
    public var text: String { String(name.map { $0 == "_" ? " " : $0 }) }

    /// Whether the word is kept where words that are gendered by definition are left out:
    /// |definitional| < 0.75.
    public var isNotDefinitional: Bool { definitional.magnitude < 0.75 }
}

extension Profession: Decodable {
    /// Reads a triple `[name, definitional, stereotypical]`.
    public init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        name = try list.decode(String.self)
        definitional = try list.decode(Double.self)
        stereotypical = try list.decode(Double.self)
        for (what, score) in [("definitional", definitional), ("stereotypical", stereotypical)]
        where !(-1...1).contains(score) {
            throw DecodingError.dataCorruptedError(
                in: list, debugDescription: "the \(what) score \(score) is not between -1 and 1")
        }
        guard list.isAtEnd else {
            throw DecodingError.dataCorruptedError(
                in: list, debugDescription: "should be a word and two scores")
        }
        guard name.contains(where: { !$0.isWhitespace }) else {
            throw DecodingError.dataCorruptedError(in: list, debugDescription: "a word is empty")
        }
    }
}
