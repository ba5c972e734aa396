import Kernels
import Models

extension PlantedModel {
    /// The share of the token x among those so far, compiled by hand as Tracr compiles
    /// `frac_prevs(tokens == "x")`.
    ///
    /// Lindner et al. 2023, https://arxiv.org/abs/2301.05062, section 3: each variable of the
    /// program has directions of its own. Neuron 0.5 computes `is_x` from the token, head 1.3
    /// averages it evenly over what it sees, and the logit of x is that average; token 1's is 0, so
    /// that the metric is the fraction itself. Unlike Tracr's, the other heads and neurons are
    /// random instead of zero, so that there is something to tell the circuit from.
    ///
    /// The clean prompt has three x among six tokens, the corrupted one lacks two of them:
    ///
    /// ```
    /// effect = 3/6 − 1/6, and 1/6 for each of the two positions
    /// ```
    public static var fractionSoFar: PlantedModel {
        let (x, other, count) = (0, 1, 8)
        let (isX, fraction, noise) = (count, count + 1, count + 2..<15)
        let (neuron, head) = (NeuronPlace(0, 5), HeadPlace(1, 3))

        var config = TransformerConfig(
            nLayers: 2, dModel: 32, nHeads: 4, dMLP: 32, dVocab: count, nCtx: 10)
        config.activation = .relu
        var space = FeatureSpace(config)
        space.addDistractors(writing: noise, around: [head], [neuron], answer: x, wrong: other)
        for token in 0..<count { space.embed(token: token, token, 1) }
        space.neuron(neuron, reads: [.init(x, 1)], bias: 0, writes: [.init(isX, 1)])
        // Without queries and keys all scores are 0 and the pattern is even.
        space.read(.value, head, 0, isX, 1)
        space.write(head, 0, fraction, 1)
        space.unembed(token: x, fraction, 1)

        let one = 1.0 / 6
        let changed = [3, 4]
        return PlantedModel(
            name: "fraction-so-far",
            summary: "a neuron marks x, and a head averages the marks over the tokens so far",
            model: space.model(named: "fraction-so-far"), clean: [1, x, 2, x, x, 3],
            corrupted: [1, x, 2, 4, 1, 3], answer: x, wrong: other,
            sweeps: [
                .neurons([neuron: 2 * one]), .heads([head: 2 * one]),
                .residual([0, 1].flatMap { layer in changed.map { (layer, $0, one) } }),
                .patternZeroed(head, dest: 5, src: 1, -one),
            ],
            edges: [
                CircuitEdge("hook_embed", "blocks.0.hook_mlp_out"),
                CircuitEdge("blocks.0.hook_mlp_out", head.node),
                CircuitEdge(head.node, "blocks.1.hook_resid_post"),
            ])
    }
}
