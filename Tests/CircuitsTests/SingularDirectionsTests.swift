import Circuits
import Models
import Results
import Tensors
import TestSupport
import Testing

/// Singular directions in the vocabulary against `SVDInterpreter`, up to sign.
@Suite struct SingularDirectionsTests {
    private static let golden = "transformer-lens/golden_f32.safetensors"

    /// Compares projections on the vocabulary where the singular value stands apart, and the space
    /// they span where it does not.
    private func check(_ directions: SingularDirections, _ key: String, count: Int) throws {
        let model = try TinyModel.raw().processed(by: .all)
        let vectors = try #require(directions.sides.last).vectors
        let ours = VocabularyReader(model).project(vectors)
        let theirs = try GoldenTensors(Self.golden)(key).transposed
        let groups = directions.groups.filter { $0.upperBound <= count }
        #expect(groups.count >= 2)
        for group in groups {
            for token in stride(from: 0, to: 97, by: 8) {
                // Σ p_i[token] p_i over the group does not depend on signs or on the basis.
                func projector(_ rows: Tensor) -> Tensor {
                    Tensor(computing: [97]) { other in
                        group.reduce(0.0) {
                            $0 + Double(rows[$1, token]) * Double(rows[$1, other[0]])
                        }
                    }
                }
                expectClose(projector(ours), projector(theirs), atol: 2e-4, "\(key) \(group)")
            }
        }
    }

    @Test(arguments: 0..<2, 0..<4) func headsAreTransformerLens(_ layer: Int, _ head: Int) throws {
        let model = try TinyModel.raw().processed(by: .all)
        let directions = try SingularDirections(.OV(layer: layer, head: head), of: model)
        expectClose(
            Tensor([8], directions.values.map { Float($0) }),
            try GoldenTensors(Self.golden)("svd.OVS.\(layer).\(head)"), rtol: 1e-5, atol: 0)
        try check(directions, "svd.OV.\(layer).\(head)", count: 8)
        #expect(abs(directions.shares.reduce(0, +) - 1) < 1e-12)
        #expect(directions.rank == 8)
    }

    @Test(arguments: 0..<2) func neuronsAreTransformerLens(_ layer: Int) throws {
        let model = try TinyModel.raw().processed(by: .all)
        try check(
            SingularDirections(.mlpIn(layer: layer), of: model), "svd.w_in.\(layer)", count: 10)
        try check(
            SingularDirections(.mlpOut(layer: layer), of: model), "svd.w_out.\(layer)", count: 10)
    }

    /// What a head does to its input direction is S times its output direction.
    @Test func sidesBelongTogether() throws {
        let model = try Transformer.embedded(processing: .transformerLens)
        let directions = try SingularDirections(.OV(layer: 9, head: 7), of: model)
        let moved = model.OV(layer: 9, head: 7).applied(to: directions.sides[0].vectors)
        let expected = Tensor(computing: moved.shape) { i in
            directions.values[i[0]] * Double(directions.sides[1].vectors[i[0], i[1]])
        }
        expectClose(moved, expected, atol: 1e-4)
    }

    @Test func equalValuesAreOneGroup() throws {
        var weights = try TinyModel.raw().weights
        // Queries and keys in four directions of two lengths: values 4, 4, 1, 1 and four zeros.
        weights.blocks[0].attn.W_QKV = Tensor([32, 96])
        for i in 0..<4 {
            weights.blocks[0].attn.W_QKV[i, i] = i < 2 ? 2 : 1
            weights.blocks[0].attn.W_QKV[i + 4, 32 + i] = i < 2 ? 2 : 1
        }
        let model = Transformer(config: try TinyModel.raw().config, weights: weights)
        let directions = try SingularDirections(.QK(layer: 0, head: 0), of: model)
        #expect(directions.groups == [0..<2, 2..<4, 4..<8])
        #expect(directions.rank == 4)
        #expect(directions.values[..<4].map { $0.rounded() } == [4, 4, 1, 1])
        #expect(directions.shares[0] > 0.47 && directions.shares[5] < 1e-9)
    }

    @Test(arguments: SingularTokens.Sign.allCases)
    func signsAreCanonical(_ sign: SingularTokens.Sign) throws {
        let model = try TinyModel.raw().processed(by: .all)
        let directions = try SingularDirections(.OV(layer: 1, head: 2), of: model)
        let table = try SingularTokens(
            model, .init(directions: 3, tokens: 5, sign: sign, sides: ["input", "output"])
        ).table("svd-ov", of: [directions], axis: Axis("head", labels: ["L1H2"]))
        let signs = sign == .both ? 2 : 1
        #expect(table.values.shape == [1, 2, signs, 5, 3])
        let rows = VocabularyReader(model).project(directions.sides[1].vectors).rows
        for direction in 0..<3 {
            let row = rows[direction].map { Double($0) }
            let mean = row.reduce(0, +) / 97
            let skew = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) * ($1 - mean) }
            let largest = row.map { $0 - mean }.max { abs($0) < abs($1) } ?? 0
            let isFlipped = sign == .maxabs ? largest < 0 : skew < 0
            let oriented = isFlipped ? row.map { -$0 } : row
            let order = oriented.indices.sorted { oriented[$0] > oriented[$1] }
            for rank in 0..<5 {
                let value = Double(table.values[0, 1, 0, rank, direction])
                #expect(abs(value - oriented[order[rank]]) < 1e-6)
                let place = ((1 * signs) * 5 + rank) * 3 + direction
                #expect(table.texts?.values[place] == String(order[rank]))
                if signs == 2 {
                    let low = Double(table.values[0, 1, 1, rank, direction])
                    #expect(abs(low - oriented[order[96 - rank]]) < 1e-6)
                }
            }
        }
    }

    @Test func namesReadBack() throws {
        let names: [ComponentName] = [
            .layer(0), .layer(11), .head(layer: 9, head: 7), .neuron(layer: 5, neuron: 1777),
        ]
        for name in names { #expect(ComponentName(name.description) == name) }
        for text in ["", "L", "L9H", "9.7", "H7", "L9H7N1", "l9h7", "L09H7", "L-1", "L9X7", "L9H７"]
        {
            #expect(ComponentName(text) == nil, "\(text)")
        }
        let model = try Transformer.embedded()
        #expect(try model.head(named: "L9H7") == (9, 7))
        for name in ["L9H", "9.7", "L12H0", "L0H12", "L5N3", "L99999999999999999999H0"] {
            let error = #expect(throws: ComponentError.self) { try model.head(named: name) }
            #expect(error?.description.contains("L0H0 to L11H11") == true)
        }
        #expect(throws: ComponentError.self) { try model.neuron(named: "L0N384") }
        #expect(throws: ComponentError.self) { try model.layer(named: "L12") }
    }
}
