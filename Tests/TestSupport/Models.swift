public import Models
import Tensors

/// The models that structural tests run on.
public enum TestModel: String, CaseIterable, Sendable {
    case tiny, organism

    /// The kinds of hook point that they have.
    public static let hookKinds = TransformerConfig(
        nLayers: 1, dModel: 1, nHeads: 1, dVocab: 1, nCtx: 1
    ).hookKinds

    /// The model.
    public func load() throws -> Transformer {
        switch self {
        case .tiny: try TinyModel.raw()
        case .organism: try Transformer.embedded()
        }
    }

    /// Two prompts of one length that differ at position 2 only.
    public var prompts: (clean: [Int], corrupted: [Int]) {
        switch self {
        case .tiny: (TinyModel.clean, TinyModel.corrupted)
        case .organism: ([1323, 262, 999, 263, 809, 283], [1323, 262, 569, 263, 809, 283])
        }
    }
}

extension Transformer {
    /// A randomly initialised GPT-2 small enough for any test, with weights large enough to matter.
    public static func small(
        tied: Bool = true, nLayers: Int = 2, seed: UInt64 = 1
    ) -> Transformer {
        var config = TransformerConfig(
            nLayers: nLayers, dModel: 12, nHeads: 3, dMLP: 20, dVocab: 31, nCtx: 16)
        config.tiesEmbeddings = tied
        config.endOfText = 30
        config.initializerRange = 0.3
        return Transformer(randomly: config, seed: seed)
    }
}
