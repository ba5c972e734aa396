import Models
import Tensors
import TestSupport
import Testing

/// The loss of given tokens at given positions.
@Suite struct TargetObjectiveTests {
    private let sequences = [[3, 8, 1, 20, 5], [7, 2, 9]]

    /// With the next tokens as targets it is the next-token loss, in causal models too.
    @Test func nextTokensAsTargetsAreTheLoss() throws {
        let (model, batch) = (Transformer.small(), TokenBatch(sequences))
        let labels = sequences.map { $0.dropFirst().map { Optional($0) } }
        let ours = try model.gradients(
            of: .targets(labels), on: batch, withRespectTo: .parameters)
        let loss = try model.gradients(of: .loss, on: batch, withRespectTo: .parameters)
        #expect(abs(ours.value - loss.value) < 1e-6)
        for entry in loss.parameters.entries {
            expectClose(
                try #require(ours.parameters[entry.path]),
                try #require(loss.parameters[entry.path]), rtol: 1e-5, atol: 1e-7, entry.name)
        }
    }

    /// Weights of the same direction: the slope along the gradient is its square.
    @Test(arguments: ["bert", "roberta-untied"]) func slopeAlongTheGradient(_ name: String) throws {
        let model = try Transformer.load(Repository.golden("encoder/\(name)"))
        let batch = TokenBatch(sequences)
        let objective = Objective.targets([(position: 2, token: 11), (position: 0, token: 4)])
        let gradients = try model.gradients(
            of: objective, on: batch, withRespectTo: .parameters)
        let tensors = model.checkpointTensors
        let slopes = try tensors.map { try #require($0.gradient(in: gradients.parameters)) }
        let square = slopes.joinedValues.reduce(0) { $0 + Double($1) * Double($1) }
        func loss(_ step: Float) throws -> Double {
            var moved = model
            for (tensor, slope) in zip(tensors, slopes) {
                let value = tensor.value(in: model)
                tensor.set(
                    Tensor(
                        value.shape, zip(value.values, slope.values).map { $0 + step * $1 }),
                    in: &moved)
            }
            return try moved.value(of: objective, on: batch)
        }
        let step: Float = 1e-3
        let slope = (try loss(step) - loss(-step)) / (2 * Double(step))
        #expect(abs(slope - square) < 2e-3 * square, "\(slope) ≠ \(square)")
    }

    /// Cut into chunks or not, and with one sequence's targets in the mean with all others'.
    @Test func chunksDoNotMatter() throws {
        let model = try Transformer.load(Repository.golden("encoder/bert"))
        var generator = SeededGenerator(seed: 1, stream: "tokens")
        let many = (0..<200).map { index in
            (0..<(3 + index % 9)).map { _ in Int.random(in: 0..<37, using: &generator) }
        }
        // The first sequences have none.
        let labels = many.enumerated().map { index, tokens in
            tokens.indices.map { index > 70 && $0 % 3 == index % 3 ? tokens[$0] : nil }
        }
        let batch = TokenBatch(many)
        let cut = try model.gradients(of: .targets(labels), on: batch, withRespectTo: .parameters)
        // Whoever listens gets one piece.
        let whole = try model.gradients(
            of: .targets(labels), on: batch,
            withRespectTo: .parameters.and(activations: .only(.embed)))
        #expect(abs(cut.value - whole.value) < 1e-5)
        for entry in cut.parameters.entries {
            expectClose(
                try #require(cut.parameters[entry.path]),
                try #require(whole.parameters[entry.path]), rtol: 1e-3, atol: 1e-5, entry.name)
        }
    }

    /// Behind the blocks there is a position for each label.
    @Test func hooksSeeOnePositionForEachLabel() throws {
        let model = try Transformer.load(Repository.golden("encoder/bert"))
        let gradients = try model.gradients(
            of: .targets([[nil, 5], [nil, 4, 1]]), on: TokenBatch(sequences),
            withRespectTo: .activations(.only(.unembedIn, .mlmScale, .residPre)))
        #expect(gradients.activations[HookPoint(.unembedIn)]?.shape == [3, 1, 12])
        #expect(gradients.activations[HookPoint(.mlmScale)]?.shape == [3, 1, 1])
        #expect(gradients.activations[.residPre, 0]?.shape == [2, 5, 12])
    }

    @Test(
        arguments: [
            ([[1]], "1 of 2 sequences"), ([[], []], "there are none"),
            ([[1], [nil, nil, nil, 3]], "position 3, but 3 tokens"),
            ([[99], []], "99 at position 0 of sequence 0 is no token"),
        ] as [([[Int?]], String)])
    func targetsThatDoNotFit(_ labels: [[Int?]], _ message: String) throws {
        let error = #expect(throws: GradientError.self) {
            try Transformer.small().gradients(
                of: .targets(labels), on: TokenBatch(sequences), withRespectTo: .parameters)
        }
        #expect(error?.description.contains(message) == true)
    }
}

extension [Tensor] {
    /// All numbers, one tensor after the other.
    fileprivate var joinedValues: [Float] { flatMap(\.values) }
}
