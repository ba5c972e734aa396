import Tokenization

extension Transformer {
    /// The positions of the tokens that stand for words to predict.
    ///
    /// - Parameter tokens: Of one sequence.
    /// - Throws: ``RunError/noMaskToken(model:)`` where the tokenizer has no such token.
    public func maskPositions(in tokens: some Sequence<Int>) throws(RunError) -> [Int] {
        guard let mask = tokenizer?.mask else { throw .noMaskToken(model: name) }
        return tokens.enumerated().filter { $0.element == mask }.map(\.offset)
    }

    /// The position of the one mask.
    ///
    /// - Throws: ``RunError/maskCount(_:)`` where there is none or there are several.
    public func maskPosition(in tokens: some Sequence<Int>) throws(RunError) -> Int {
        let positions = try maskPositions(in: tokens)
        guard positions.count == 1 else { throw .maskCount(positions.count) }
        return positions[0]
    }
}

extension TransformerConfig {
    /// What can be done to the weights without a change of the predictions.
    ///
    /// A post-norm model's norms write into the stream, so they cannot go into what reads it.
    public var exactProcessing: WeightProcessing {
        normPlace == .pre
            ? .all : [.centerUnembed, .foldValueBiases, .refactorFactoredAttention]
    }

    /// Refuses models whose logits are not one norm away from a sum over their parts.
    ///
    /// - Parameter what: What needs such a sum, in the plural.
    public func requirePlainStream(for what: String) throws(RunError) {
        guard normPlace == .pre, !isMasked else { throw .noPlainStream(what, family) }
    }
}
