import Models
import Tensors

/// Builds a transformer feature by feature, in a residual stream in which layer norms do nothing.
///
/// Feature f lives in coordinates 2f and 2f + 1 as (+a, −a), so that every residual vector has mean
/// 0. The last two coordinates hold ±c with a large c that every token brings along and nothing
/// else reads or writes:
///
/// ```
/// scale = sqrt(2 (c² + Σ a²) / d_model + eps) = s (1 + δ),   s = sqrt(2 c² / d_model + eps)
/// δ ≤ Σ a² / (2 c²) < 2e-7   for Σ a² < 100, c = 16384
/// ```
/// Whatever reads the stream reads s (x[2f] − x[2f + 1]) / 2, hence a (1 − δ). To within rounding
/// the model is a transformer without norms, so that effects have a closed form, while the forward
/// pass is the ordinary one. All numbers here are in units of a.
struct FeatureSpace {
    /// Which third of a head's input.
    enum Reader { case query, key, value }

    /// A number of a feature, for lists of reads and writes.
    struct Entry {
        let feature: Int
        let value: Double

        init(_ feature: Int, _ value: Double) { (self.feature, self.value) = (feature, value) }
    }

    let config: TransformerConfig
    private var weights: Weights
    private var heads: [HeadMatrices]
    private static let constant: Float = 16384

    /// The matrices of one layer's heads, by head.
    private struct HeadMatrices {
        var W_Q, W_K, W_V, W_O: Tensor

        init(_ config: TransformerConfig) {
            let inward = [config.nHeads, config.dModel, config.dHead]
            (W_Q, W_K, W_V) = (Tensor(inward), Tensor(inward), Tensor(inward))
            W_O = Tensor([config.nHeads, config.dHead, config.dModel])
        }
    }

    /// How many features there are.
    var featureCount: Int { config.dModel / 2 - 1 }

    /// What a normalised feature is multiplied by to be itself again, for a difference of two
    /// coordinates.
    private var gain: Float {
        let c = Self.constant
        return (2 * c * c / Float(config.dModel) + config.layerNormEps).squareRoot() / 2
    }

    /// A model that does nothing.
    init(_ config: TransformerConfig) {
        precondition(config.dModel.isMultiple(of: 2), "features are pairs of coordinates")
        var config = config
        // Norms have no weights of their own.
        config.normalization = .layerNormPre
        config.tiesEmbeddings = false
        self.config = config
        let (d, width) = (config.dModel, config.dMLP)
        weights = Weights(nLayers: config.nLayers)
        weights.W_E = Tensor([config.dVocab, d])
        weights.W_pos = Tensor([config.nCtx, d])
        weights.W_U_transposed = Tensor([config.dVocab, d])
        heads = (0..<config.nLayers).map { _ in HeadMatrices(config) }
        for layer in 0..<config.nLayers {
            weights.blocks[layer].mlp.W_in = Tensor([d, width])
            weights.blocks[layer].mlp.b_in = Tensor([width])
            weights.blocks[layer].mlp.W_out = Tensor([width, d])
            weights.blocks[layer].mlp.b_out = Tensor([d])
        }
        for token in 0..<config.dVocab {
            weights.W_E[token, d - 2] = Self.constant
            weights.W_E[token, d - 1] = -Self.constant
        }
    }

    /// Gives a token's embedding a feature.
    mutating func embed(token: Int, _ feature: Int, _ value: Double) {
        weights.W_E[token, 2 * feature] = Float(value)
        weights.W_E[token, 2 * feature + 1] = -Float(value)
    }

    /// Gives a position's embedding a feature.
    mutating func embed(position: Int, _ feature: Int, _ value: Double) {
        weights.W_pos[position, 2 * feature] = Float(value)
        weights.W_pos[position, 2 * feature + 1] = -Float(value)
    }

    /// Adds a multiple of a feature to a token's logit.
    mutating func unembed(token: Int, _ feature: Int, _ value: Double) {
        weights.W_U_transposed[token, 2 * feature] = Float(value) * gain
        weights.W_U_transposed[token, 2 * feature + 1] = -Float(value) * gain
    }

    /// Lets one dimension of a head read a feature.
    ///
    /// - Parameter value: For queries in units of the score, which the scale of attention does not
    ///   touch.
    mutating func read(
        _ reader: Reader, _ head: HeadPlace, _ dimension: Int, _ feature: Int, _ value: Double
    ) {
        let scale = reader == .query ? config.attentionScale(layer: head.layer) : 1
        let weight = Float(value) * gain * scale
        let matrix: WritableKeyPath<HeadMatrices, Tensor> =
            switch reader {
            case .query: \.W_Q
            case .key: \.W_K
            case .value: \.W_V
            }
        heads[head.layer][keyPath: matrix][head.head, 2 * feature, dimension] = weight
        heads[head.layer][keyPath: matrix][head.head, 2 * feature + 1, dimension] = -weight
    }

    /// Lets one dimension of a head write a feature.
    mutating func write(_ head: HeadPlace, _ dimension: Int, _ feature: Int, _ value: Double) {
        heads[head.layer].W_O[head.head, dimension, 2 * feature] = Float(value)
        heads[head.layer].W_O[head.head, dimension, 2 * feature + 1] = -Float(value)
    }

    /// Makes a neuron: `activation(Σ reads + bias)` times each write.
    mutating func neuron(_ place: NeuronPlace, reads: [Entry], bias: Double, writes: [Entry]) {
        let (layer, neuron) = (place.layer, place.neuron)
        weights.blocks[layer].mlp.b_in[neuron] = Float(bias)
        for entry in reads {
            let weight = Float(entry.value) * gain
            weights.blocks[layer].mlp.W_in[2 * entry.feature, neuron] = weight
            weights.blocks[layer].mlp.W_in[2 * entry.feature + 1, neuron] = -weight
        }
        for entry in writes {
            weights.blocks[layer].mlp.W_out[neuron, 2 * entry.feature] = Float(entry.value)
            weights.blocks[layer].mlp.W_out[neuron, 2 * entry.feature + 1] = -Float(entry.value)
        }
    }

    /// The transformer.
    func model(named name: String) -> Transformer {
        var weights = weights
        let zeros = Tensor([config.nHeads, config.dHead])
        for (layer, head) in heads.enumerated() {
            weights.blocks[layer].attn = AttentionWeights(
                W_Q: head.W_Q, W_K: head.W_K, W_V: head.W_V, W_O: head.W_O, b_Q: zeros, b_K: zeros,
                b_V: zeros, b_O: Tensor([config.dModel]))
        }
        return Transformer(config: config, weights: weights, name: name)
    }
}

/// A head of a layer.
struct HeadPlace: Hashable {
    let layer: Int
    let head: Int

    init(_ layer: Int, _ head: Int) { (self.layer, self.head) = (layer, head) }
}

/// A neuron of a layer's MLP.
struct NeuronPlace: Hashable {
    let layer: Int
    let neuron: Int

    init(_ layer: Int, _ neuron: Int) { (self.layer, self.neuron) = (layer, neuron) }
}
