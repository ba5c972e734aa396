import GroundTruth
import Interventions
import Models
import Tensors
import TestSupport
import Testing

/// The self-test fails where it should: on models whose circuit is not what the truth says.
@Suite struct BrokenModelTests {
    /// A factor on the planted head's output: gone, reversed, slightly weaker.
    @Test(arguments: [0, -1, 0.999] as [Float]) func aBrokenHeadIsNoticed(_ factor: Float) throws {
        let scores = try PlantedModel.plantedHead.breaking { weights, config in
            for row in 2 * config.dHead..<3 * config.dHead {
                for column in 0..<config.dModel {
                    weights.blocks[1].attn.W_O[row, column] *= factor
                }
            }
        }.scores()
        let heads = try #require(scores.first { $0.sweep == "z" })
        #expect(!heads.passes && heads.deviation > 1e-4)
        // Without an effect the head is one among others; with another effect it is still found.
        #expect(factor == 0 ? heads.areaUnderCurve ?? 1 < 1 : heads.areaUnderCurve == 1)
        #expect(scores.first { $0.sweep == "mlp_post" }?.passes == true)
    }

    @Test func anAbsentNeuronIsNoticed() throws {
        let scores = try PlantedModel.plantedNeuron.breaking { weights, config in
            for column in 0..<config.dModel { weights.blocks[1].mlp.W_out[17, column] = 0 }
        }.scores()
        let neurons = try #require(scores.first { $0.sweep == "mlp_post" })
        #expect(!neurons.passes && neurons.areaUnderCurve ?? 1 < 1)
    }

    /// Another neuron that writes the answer's direction is found out by its deviation and, as it
    /// is stronger than the planted one, by the ranking.
    @Test func aSecondNeuronIsNoticed() throws {
        let scores = try PlantedModel.plantedNeuron.breaking { weights, config in
            for column in 0..<config.dModel {
                weights.blocks[2].mlp.W_in[column, 3] = 2 * weights.blocks[1].mlp.W_in[column, 17]
                weights.blocks[2].mlp.W_out[3, column] = 2 * weights.blocks[1].mlp.W_out[17, column]
            }
        }.scores()
        let neurons = try #require(scores.first { $0.sweep == "mlp_post" })
        #expect(!neurons.passes && neurons.areaUnderCurve ?? 1 < 1 && neurons.deviation > 1e-4)
    }

    @Test func aHeadThatLooksElsewhereIsNoticed() throws {
        let scores = try PlantedModel.induction.breaking { weights, config in
            // Without what the previous-token head writes there is nothing to match.
            for row in config.dHead..<2 * config.dHead {
                for column in 0..<config.dModel { weights.blocks[0].attn.W_O[row, column] = 0 }
            }
        }.scores()
        #expect(scores.allSatisfy { !$0.passes })
    }

    @Test func numbersThatAreNoneAreNoticed() throws {
        let scores = try PlantedModel.fractionSoFar.breaking { weights, _ in
            weights.blocks[1].attn.W_O[24, 0] = .nan
        }.scores()
        #expect(scores.contains { !$0.passes && $0.areaUnderCurve == 0 && $0.deviation.isNaN })
    }
}

extension PlantedModel {
    /// The same truth about a model with other weights.
    fileprivate func breaking(
        _ change: (inout Weights, TransformerConfig) -> Void
    ) -> PlantedModel {
        var (broken, weights) = (self, model.weights)
        change(&weights, model.config)
        broken.model = Transformer(config: model.config, weights: weights, name: "broken")
        return broken
    }
}
