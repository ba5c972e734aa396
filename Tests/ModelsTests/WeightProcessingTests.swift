import Kernels
import Models
import Tensors
import TestSupport
import Testing

/// Weight processing against TransformerLens' and against what it must leave unchanged.
@Suite struct WeightProcessingTests {
    @Test func allStepsGiveTransformerLensWeights() throws {
        let (ours, theirs) = (
            try TinyModel.raw().processed(by: .all).weights, try TinyModel.processed().weights
        )
        let names = ["embed.W_E", "pos_embed.W_pos", "unembed.W_U", "unembed.b_U"]
        let inBlocks = ["mlp.W_in", "mlp.b_in", "mlp.W_out", "mlp.b_out", "attn.b_O", "attn.b_V"]
        for name in names + (0..<2).flatMap({ l in inBlocks.map { "blocks.\(l).\($0)" } }) {
            expectClose(
                try #require(ours.tiny(name)), try #require(theirs.tiny(name)), atol: 1e-6, name)
        }
        for layer in 0..<2 {
            let (ours, theirs) = (ours.blocks[layer].attn, theirs.blocks[layer].attn)
            for head in 0..<4 {
                // The factors' signs are LAPACK's choice; their products and lengths are not.
                for (product, what) in [(Self.queryKey, "QK"), (Self.outputValue, "OV")] {
                    expectClose(
                        product(ours, head), product(theirs, head), atol: 2e-6,
                        "\(what) \(layer).\(head)")
                }
                let lengths = (ours.columnLengths(head), theirs.columnLengths(head))
                expectClose(lengths.0, lengths.1, rtol: 1e-5, atol: 0, "S \(layer).\(head)")
            }
        }
    }

    /// [W_Q; b_Q] [W_K; b_K]ᵀ, [d_model + 1, d_model + 1].
    private static func queryKey(_ attn: AttentionWeights, _ head: Int) -> Tensor {
        let (q, k) = (attn.withBias(0, head), attn.withBias(1, head))
        var product = Tensor([q.shape[0], k.shape[0]])
        multiply(q.rows, k.rows, into: product.mutableRows, transposing: .right)
        return product
    }

    /// W_V W_O, [d_model, d_model].
    private static func outputValue(_ attn: AttentionWeights, _ head: Int) -> Tensor {
        let v = attn.W_V(dHead: 8)[at: head]
        var product = Tensor([v.shape[0], attn.W_O.shape[1]])
        multiply(
            v.rows, attn.W_O.rows[head * 8..<(head + 1) * 8, 0..<attn.W_O.shape[1]],
            into: product.mutableRows)
        return product
    }

    /// Each step alone, and TransformerLens' four: every tensor that it changes, and no other.
    @Test(arguments: WeightProcessing.steps.dropLast().map(\.step) + [.transformerLens])
    func stepsAloneGiveTransformerLensWeights(_ steps: WeightProcessing) throws {
        let golden = try GoldenTensors("circuits/golden.safetensors")
        let prefix = (steps == .transformerLens ? "default" : steps.description) + ".w."
        let (raw, ours) = (
            try TinyModel.raw().weights, try TinyModel.raw().processed(by: steps).weights
        )
        let rawFile = try GoldenTensors("transformer-lens/tiny_raw.safetensors").file
        for name in rawFile.names where !name.contains("ln") {
            let isChanged = golden.file.contains(prefix + name)
            let expected = isChanged ? try golden(prefix + name) : try #require(raw.tiny(name))
            expectClose(try #require(ours.tiny(name)), expected, atol: isChanged ? 1e-6 : 0, name)
        }
        expectClose(
            try #require(try TinyModel.raw().processed(by: steps).run([TinyModel.clean]).logits),
            try golden(prefix.replacing(".w.", with: ".logits")), rtol: 1e-5, atol: 2e-5)
    }

    static let sets: [WeightProcessing] =
        WeightProcessing.steps.map(\.step) + [.transformerLens, .all]

    @Test(arguments: sets, TestModel.allCases)
    func predictionsStayTheSame(_ steps: WeightProcessing, _ test: TestModel) throws {
        let model = try test.load()
        let processed = try model.processed(by: steps)
        #expect(processed.processing == steps)
        let prompts = [test.prompts.clean, test.prompts.corrupted]
        let (before, after) = (try model.run(prompts), try processed.run(prompts))
        expectClose(
            try #require(after.logProbabilities), try #require(before.logProbabilities), atol: 5e-5)
        // Only centring the unembedding may move the logits themselves.
        if !steps.contains(.centerUnembed) {
            expectClose(try #require(after.logits), try #require(before.logits), atol: 5e-5)
        }
    }

    @Test func processingTwiceIsProcessingOnce() throws {
        let once = try TinyModel.raw().processed(by: .transformerLens)
        let twice = try once.processed(by: .transformerLens)
        expectClose(twice.weights.W_U_transposed, once.weights.W_U_transposed, atol: 1e-6)
        expectClose(
            twice.weights.blocks[0].attn.W_QKV, once.weights.blocks[0].attn.W_QKV, atol: 1e-6)
    }

    @Test func theModelItselfIsNotTouched() throws {
        let model = try TinyModel.raw()
        let (W_U, W_in) = (model.weights.W_U_transposed.values, model.weights.blocks[1].mlp.W_in)
        _ = try model.processed(by: .all)
        #expect(model.weights.W_U_transposed.values == W_U)
        #expect(model.weights.blocks[1].mlp.W_in.values == W_in.values)
    }

    /// A tied unembedding is folded, the embedding is not.
    @Test func tiedEmbeddingsPart() throws {
        let model = Transformer.small()
        let processed = try model.processed(by: .foldLayerNorm)
        #expect(!processed.config.tiesEmbeddings)
        #expect(processed.weights.W_E.values == model.weights.W_E.values)
        #expect(processed.weights.W_U_transposed.values != model.weights.W_E.values)
    }

    @Test func namesReadBack() {
        for steps in Self.sets + [.none] {
            #expect(WeightProcessing(steps.description) == steps)
        }
        #expect(WeightProcessing("default") == .transformerLens)
        #expect(WeightProcessing("center_unembed,fold_ln") == [.foldLayerNorm, .centerUnembed])
        for name in ["", "fold", "fold_ln,", "raw", "ALL"] {
            #expect(WeightProcessing(name) == nil, "\(name)")
        }
    }

    @Test func weightsThatAreNotFiniteAreRefused() throws {
        var weights = Transformer.small().weights
        weights.blocks[1].attn.W_QKV[0, 0] = .nan
        let model = Transformer(config: Transformer.small().config, weights: weights)
        #expect(throws: LinearAlgebraError.notFinite) {
            try model.processed(by: .refactorFactoredAttention)
        }
    }
}

extension AttentionWeights {
    /// A head's matrix and, as its last row, its bias, of queries (0), keys (1) or values (2).
    fileprivate func withBias(_ third: Int, _ head: Int) -> Tensor {
        let columns = (third * 4 + head) * 8..<(third * 4 + head + 1) * 8
        let rows = [W_QKV, b_QKV.reshaped([1, b_QKV.count])]
        return .concatenating(rows.map { $0.selecting(Array(columns), axis: 1) }, axis: 0)
    }

    /// The lengths of the columns of W_Q, W_K and W_V with biases: powers of singular values.
    fileprivate func columnLengths(_ head: Int) -> Tensor {
        let lengths = (0..<3).flatMap { third in
            let matrix = withBias(third, head)
            return (0..<8).map { column in
                (0..<matrix.shape[0]).map { Double(matrix[$0, column]) }
                    .reduce(0.0) { $0 + $1 * $1 }.squareRoot()
            }
        }
        return Tensor([24], lengths.map(Float.init))
    }
}
