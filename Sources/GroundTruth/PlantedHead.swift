internal import Glibc
import Models

extension PlantedModel {
    /// Head 2 of block 1 copies the token at position 2 to the last position, where the embeddings
    /// of these two positions make it look; everything else is random.
    ///
    /// The score is 3 at position 2 and 0 at the other five. With the token's feature 1 when clean,
    /// −0.5 when corrupted, and u = 1.5 of the difference of the answers' directions:
    ///
    /// ```
    /// weight = e³ / (e³ + 5),   effect = weight · (1 − (−0.5)) · 1.25 · u
    /// ```
    /// The pattern is the same for both prompts; setting its one weight to zero takes away what the
    /// corrupted token brought.
    public static var plantedHead: PlantedModel {
        let (source, last, answer, wrong) = (2, 5, 11, 14)
        let (token, direction, here, there, noise) = (0, 1, 2, 3, 4..<15)
        let place = HeadPlace(1, 2)
        let (clean, corrupted, copied, u) = (1.0, -0.5, 1.25, 1.5)

        var space = FeatureSpace(
            TransformerConfig(nLayers: 3, dModel: 32, nHeads: 4, dMLP: 48, dVocab: 20, nCtx: 8))
        space.addDistractors(writing: noise, around: [place], [], answer: answer, wrong: wrong)
        space.embed(token: 3, token, clean)
        space.embed(token: 4, token, corrupted)
        space.embed(position: last, here, 1)
        space.embed(position: source, there, 1)
        space.read(.query, place, 0, here, 3)
        space.read(.key, place, 0, there, 1)
        space.read(.value, place, 1, token, 1)
        space.write(place, 1, direction, copied)
        space.unembed(token: answer, direction, u / 2)
        space.unembed(token: wrong, direction, -u / 2)

        let weight = exp(3.0) / (exp(3.0) + 5)
        let effect = weight * (clean - corrupted) * copied * u
        return PlantedModel(
            name: "planted-head",
            summary: "one head copies the token at position 2 to the last position",
            model: space.model(named: "planted-head"), clean: [7, 1, 3, 2, 5, 9],
            corrupted: [7, 1, 4, 2, 5, 9], answer: answer, wrong: wrong,
            sweeps: [
                .heads([place: effect]),
                .residual([(0, source, effect), (1, source, effect), (2, last, effect)]),
                .patternZeroed(
                    place, dest: last, src: source, -weight * corrupted * copied * u),
                .neurons([:]),
            ],
            edges: [
                CircuitEdge("hook_embed", place.node),
                CircuitEdge("hook_pos_embed", place.node, carriesChange: false),
                CircuitEdge(place.node, "blocks.2.hook_resid_post"),
            ])
    }
}
