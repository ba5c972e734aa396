internal import Glibc
import Models

extension PlantedModel {
    /// A previous-token head, 0.1, and an induction head, 1.2, that completes `A B … A` with `B`;
    /// the MLPs are zero, the other heads random.
    ///
    /// Elhage et al. 2021, https://transformer-circuits.pub/2021/framework, section "Two-layer
    /// attention-only transformers". Head 0.1 scores 24 at the previous position, so that anything
    /// else it sees weighs less than 1e-9; position 0 sees only itself. Head 1.2 scores 4 where the
    /// previous token is the present one, at one of six positions when clean and nowhere when
    /// corrupted, and writes 2 times the token there; the wrong answer is at one of the others:
    ///
    /// ```
    /// effect = 2 (e⁴ − 1) / (e⁴ + 5) − 2 (1/6 − 1/6)
    /// ```
    public static var induction: PlantedModel {
        let count = 10
        let (token, previous, output, position) = (0, count, 2 * count, 3 * count)
        let (earlier, later) = (HeadPlace(0, 1), HeadPlace(1, 2))
        let (answer, wrong) = (2, 3)

        var space = FeatureSpace(
            TransformerConfig(
                nLayers: 2, dModel: 128, nHeads: 4, dMLP: 4, dVocab: count, nCtx: count))
        space.addDistractors(
            writing: 4 * count..<space.featureCount, around: [earlier, later], nil,
            answer: answer, wrong: wrong)
        for index in 0..<count {
            space.embed(token: index, token + index, 1)
            space.embed(position: index, position + index, 1)
            space.unembed(token: index, output + index, 1)
            // A position asks for the one before it.
            if index > 0 { space.read(.query, earlier, index - 1, position + index, 24) }
            space.read(.key, earlier, index, position + index, 1)
            space.read(.value, earlier, index, token + index, 1)
            space.write(earlier, index, previous + index, 1)
            // A token asks for positions that come after the same token.
            space.read(.query, later, index, token + index, 4)
            space.read(.key, later, index, previous + index, 1)
            space.read(.value, later, index, token + index, 1)
            space.write(later, index, output + index, 2)
        }

        let effect = 2 * (exp(4.0) - 1) / (exp(4.0) + 5)
        return PlantedModel(
            name: "induction",
            summary: "a previous-token head and an induction head complete A B … A with B",
            model: space.model(named: "induction"), clean: [0, 1, 2, 3, 4, 1],
            corrupted: [0, 5, 2, 3, 4, 1], answer: answer, wrong: wrong,
            sweeps: [
                .heads([earlier: effect, later: effect]),
                .residual([(0, 1, effect), (1, 2, effect)]),
                .patterns(later, effect),
            ],
            edges: [
                CircuitEdge("hook_embed", earlier.node),
                CircuitEdge("hook_pos_embed", earlier.node, carriesChange: false),
                CircuitEdge("hook_embed", later.node, carriesChange: false),
                CircuitEdge(earlier.node, later.node),
                CircuitEdge(later.node, "blocks.1.hook_resid_post"),
            ])
    }
}
