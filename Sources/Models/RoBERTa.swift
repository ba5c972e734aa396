import Kernels
import Tensors

/// RoBERTa: Liu et al. 2019, https://arxiv.org/abs/1907.11692: BERT with one token type, positions
/// that begin behind that of padding, and another name for the head.
extension ModelFamily {
    static let roBERTa = ModelFamily(
        name: .roberta,
        readConfig: { blob in try ConfigFile.read(BERTConfig.self, from: blob) },
        writeConfig: { config in try BERTConfig(config).json() },
        parameters: { config in EncoderNames.roBERTa.parameters(config) },
        prefix: "roberta.", unembedding: "lm_head.decoder.weight",
        spellings: { name in EncoderNames.roBERTa.spellings(of: name) },
        isIgnored: { name in
            name.hasSuffix("embeddings.position_ids") || name.hasSuffix("embeddings.token_type_ids")
                || name.contains("pooler.dense.")
        })
}

extension EncoderNames {
    fileprivate static let roBERTa = {
        var names = EncoderNames.bert(
            head: ("lm_head.dense", "lm_head.layer_norm"), bias: "lm_head.bias",
            unembedding: "lm_head.decoder")
        names.hasPositionsLast = true
        return names
    }()
}

extension TransformerConfig {
    /// A size of RoBERTa.
    static func roBERTa(
        nLayers: Int = 12, dModel: Int = 768, nHeads: Int = 12
    ) -> TransformerConfig {
        var config = TransformerConfig(
            nLayers: nLayers, dModel: dModel, nHeads: nHeads, dVocab: 50265, nCtx: 512,
            layerNormEps: 1e-5, activation: .gelu)
        config.becomeEncoder(.roberta, head: .gelu)
        config.nTokenTypes = 1
        (config.padding, config.positionOffset) = (1, 2)
        return config
    }
}
