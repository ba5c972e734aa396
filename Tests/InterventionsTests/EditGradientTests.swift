import Interventions
import Models
import Tensors
import TestSupport
import Testing

/// Gradients through edits, against central differences of whole runs.
@Suite struct EditGradientTests {
    private let model = Transformer.small()
    private let tokens = [3, 8, 1, 20, 5]

    /// A direction in which resid_pre of layer 0 moves.
    private let direction = Tensor.random([1, 5, 12], stream: "direction")

    private static let points = [
        HookPoint(.residPre, layer: 1), HookPoint(.z, layer: 0), HookPoint(.mlpPost, layer: 0),
        HookPoint(.pattern, layer: 1), HookPoint(.q, layer: 1), HookPoint(.ln2Scale, layer: 0),
    ]

    private func edits(at point: HookPoint) throws -> [(name: String, edit: Edit)] {
        let other = try model.run([[4, 9, 1, 20, 7]], caching: .all).cache
        let value = try #require(other[point])
        return [
            ("patch", .patch(from: other)), ("replace", .replace(value)), ("add", .add(value)),
            ("scale", .scale(-0.5)), ("zero", .zero),
            ("constant function", .function { $0.update(repeating: 0.25) }),
        ]
    }

    private func hooks(_ site: Site, _ edit: Edit) throws -> Hooks {
        var hooks = Hooks()
        try Intervention(site, edit).install(in: &hooks)
        return hooks
    }

    /// The loss with the residual stream at the start moved along the direction.
    private func loss(_ step: Float, _ hooks: Hooks) throws -> Double {
        var hooks = hooks
        let direction = direction
        hooks.add(at: HookPoint(.residPre, layer: 0)) { value, _ in
            value = Tensor(
                value.shape, zip(value.values, direction.values).map { $0 + step * $1 })
        }
        return try #require(try model.run([tokens], hooks: hooks).loss)
    }

    @Test(arguments: points) func theSlopeAgreesWithDifferences(_ point: HookPoint) throws {
        // Nothing is divided by a scale of zero.
        let edits = try edits(at: point).filter { $0.name != "zero" || point.kind != .ln2Scale }
        for (name, edit) in edits {
            for site in [Site(point), Site(point, positions: [2, 4])] {
                let hooks = try hooks(site, edit)
                let start = HookPoint(.residPre, layer: 0)
                let gradients = try model.gradients(
                    of: .loss, on: TokenBatch([tokens]),
                    withRespectTo: .activations(.points([start])), hooks: hooks)
                let gradient = try #require(gradients.activations[start])
                let slope = zip(gradient.values, direction.values).reduce(0.0) {
                    $0 + Double($1.0 * $1.1)
                }
                let step: Float = 2e-3
                let numeric = (try loss(step, hooks) - loss(-step, hooks)) / Double(2 * step)
                // Differences of float32 losses are good for some three digits.
                #expect(
                    abs(slope - numeric) < 2e-3 * max(1, abs(numeric)),
                    "\(name) at \(point): \(slope) ≠ \(numeric)")
            }
        }
    }

    /// What replaces a whole residual stream hides all that came before.
    @Test func nothingFlowsBackThroughAReplacement() throws {
        let point = HookPoint(.residPre, layer: 1)
        let value = Tensor.random([1, 5, 12], stream: "value")
        let hooks = try hooks(Site(point), .replace(value))
        let before = HookPoint(.mlpOut, layer: 0)
        let gradients = try model.gradients(
            of: .loss, on: TokenBatch([tokens]),
            withRespectTo: .parameters.and(activations: .points([point, before])), hooks: hooks)
        #expect(gradients.activations[before]?.values.allSatisfy { $0 == 0 } == true)
        #expect(gradients.activations[point]?.values.contains { $0 != 0 } == true)
        let inside = try #require(gradients.parameters[\.blocks[0].mlp.W_in])
        #expect(inside.values.allSatisfy { $0 == 0 })
        #expect(gradients.parameters["blocks.1.mlp.W_in"]?.values.contains { $0 != 0 } == true)
    }
}
