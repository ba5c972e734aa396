internal import Glibc
import Models

extension PlantedModel {
    /// One neuron of block 1 detects the last token and writes the answer's direction; the rest of
    /// the model is random, and adds nothing to the logit difference.
    ///
    /// With the token's feature t = ±1, the neuron's input 1.5 t + 0.25, and u = W_U[answer] −
    /// W_U[wrong] both written by the neuron and read by the metric:
    ///
    /// ```
    /// effect = (gelu(1.75) − gelu(−1.25)) · |u|²
    /// ```
    public static var plantedNeuron: PlantedModel {
        let (length, answer, wrong) = (6, 11, 14)
        let (token, direction, noise) = (0, 1, 2..<15)
        let place = NeuronPlace(1, 17)
        let u = 1.5

        var space = FeatureSpace(
            TransformerConfig(nLayers: 3, dModel: 32, nHeads: 4, dMLP: 48, dVocab: 20, nCtx: 8))
        space.addDistractors(writing: noise, around: [], [place], answer: answer, wrong: wrong)
        space.embed(token: 3, token, 1)
        space.embed(token: 4, token, -1)
        space.neuron(
            place, reads: [.init(token, 1.5)], bias: 0.25, writes: [.init(direction, u)])
        space.unembed(token: answer, direction, u / 2)
        space.unembed(token: wrong, direction, -u / 2)

        let effect = (gelu(1.75) - gelu(-1.25)) * u * u
        let last = length - 1
        return PlantedModel(
            name: "planted-neuron",
            summary: "one neuron detects the last token and writes the answer's direction",
            model: space.model(named: "planted-neuron"), clean: [7, 1, 9, 2, 5, 3],
            corrupted: [7, 1, 9, 2, 5, 4], answer: answer, wrong: wrong,
            sweeps: [
                .neurons([place: effect]),
                .residual((0..<3).map { ($0, last, effect) }),
                .heads([:]),
            ],
            edges: [
                CircuitEdge("hook_embed", "blocks.1.hook_mlp_out"),
                CircuitEdge("blocks.1.hook_mlp_out", "blocks.2.hook_resid_post"),
            ])
    }
}

/// The activation of GPT-2 in double precision: Hendrycks and Gimpel 2016, section 2.
private func gelu(_ x: Double) -> Double {
    0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
}
