import Kernels
import Models
import Tensors
import TestSupport
import Testing

/// Identities that hold for every model without reference values.
@Suite struct RunIdentityTests {
    /// Float32 sums of numbers up to the largest: 1e-5 of it, as the values' scale differs by
    /// model.
    private func expectSame(_ actual: Tensor, _ expected: Tensor, _ what: String) {
        let scale = expected.values.reduce(1) { $1.isFinite ? max($0, abs($1)) : $0 }
        expectClose(actual, expected, atol: 1e-5 * scale, what)
    }

    @Test(arguments: TestModel.allCases) func theResidualStreamIsASum(_ which: TestModel) throws {
        let model = try which.load()
        let cache = try model.run([which.prompts.clean], caching: .all).cache
        var sum = try #require(cache[HookPoint(.embed)])
        add(try #require(cache[HookPoint(.posEmbed)]).rows, to: sum.mutableRows)
        for layer in 0..<model.config.nLayers {
            expectSame(try #require(cache[.residPre, layer]), sum, "resid_pre \(layer)")
            add(try #require(cache[.attnOut, layer]).rows, to: sum.mutableRows)
            expectSame(try #require(cache[.residMid, layer]), sum, "resid_mid \(layer)")
            add(try #require(cache[.mlpOut, layer]).rows, to: sum.mutableRows)
            expectSame(try #require(cache[.residPost, layer]), sum, "resid_post \(layer)")
        }
    }

    @Test(arguments: TestModel.allCases) func attentionIsASumOverHeads(_ which: TestModel) throws {
        let model = try which.load()
        let cache = try model.run(
            [which.prompts.clean], caching: .only(.attnOut, .result, .z)
        ).cache
        for layer in 0..<model.config.nLayers {
            let result = try #require(cache[.result, layer])
            var sum = Tensor([1, 6, model.config.dModel])
            add(model.weights.blocks[layer].attn.b_O.rows, to: sum.mutableRows)
            for head in 0..<model.config.nHeads {
                add(result.selecting([head], axis: 2).rows, to: sum.mutableRows)
            }
            expectSame(try #require(cache[.attnOut, layer]), sum, "attn_out \(layer)")
        }
    }

    @Test(arguments: TestModel.allCases) func mlpOutIsASumOverNeurons(_ which: TestModel) throws {
        let model = try which.load()
        let cache = try model.run([which.prompts.clean], caching: .only(.mlpPost, .mlpOut)).cache
        for layer in 0..<model.config.nLayers {
            let post = try #require(cache[.mlpPost, layer]).values
            let mlp = model.weights.blocks[layer].mlp
            let (d, neurons) = (model.config.dModel, model.config.dMLP)
            let (w, b) = (mlp.W_out.values, mlp.b_out.values)
            let sum = Tensor(computing: [1, 6, d]) { i in
                (0..<neurons).reduce(Double(b[i[2]])) {
                    $0 + Double(post[i[1] * neurons + $1]) * Double(w[$1 * d + i[2]])
                }
            }
            expectSame(try #require(cache[.mlpOut, layer]), sum, "mlp_out \(layer)")
        }
    }

    @Test(arguments: TestModel.allCases) func patternsAreCausalAndSumToOne(_ which: TestModel)
        throws
    {
        let model = try which.load()
        let cache = try model.run(
            [which.prompts.clean], caching: .only(.pattern, .attnScores)
        ).cache
        for layer in 0..<model.config.nLayers {
            let pattern = try #require(cache[.pattern, layer])
            let scores = try #require(cache[.attnScores, layer])
            for head in 0..<model.config.nHeads {
                for query in 0..<6 {
                    let row = pattern[at: 0][at: head][at: query].values
                    #expect(abs(row.reduce(0, +) - 1) < 1e-5)
                    #expect(
                        row.allSatisfy { $0 >= 0 } && row[(query + 1)...].allSatisfy { $0 == 0 })
                    let hidden = scores[at: 0][at: head][at: query].values[(query + 1)...]
                    #expect(hidden.allSatisfy { $0 == -.infinity })
                }
            }
        }
    }

    /// A row in which nothing may be seen gives zeros, not NaN.
    @Test func rowsWithNothingToSeeAreZero() throws {
        let model = try TinyModel.raw()
        var hooks = Hooks()
        hooks.add(at: HookPoint(.attnScores, layer: 0)) { scores, _ in
            for key in 0..<6 { scores[0, 1, 3, key] = -.infinity }
        }
        let run = try model.run([TinyModel.clean], hooks: hooks, caching: .only(.pattern, .z))
        let pattern = try #require(run.cache[.pattern, 0])
        #expect(pattern[at: 0][at: 1][at: 3].values == [Float](repeating: 0, count: 6))
        #expect(try #require(run.cache[.z, 0])[at: 0][at: 3][at: 1].values.allSatisfy { $0 == 0 })
        #expect(try #require(run.logits).values.allSatisfy { $0.isFinite })
    }

    @Test(arguments: TestModel.allCases) func normalizedRowsHaveMeanZeroAndVarianceOne(
        _ which: TestModel
    ) throws {
        let model = try which.load()
        let cache = try model.run([which.prompts.clean], caching: .all).cache
        let norms: [(HookKind, HookKind)] = [
            (.ln1Normalized, .ln1Scale), (.ln2Normalized, .ln2Scale),
            (.lnFinalNormalized, .lnFinalScale),
        ]
        for point in cache.points {
            guard let norm = norms.first(where: { $0.0 == point.kind }) else { continue }
            let rows = try #require(cache[point]).rows
            let scales = try #require(cache[HookPoint(norm.1, layer: point.layer)]).values
            for row in 0..<rows.count {
                let d = Double(rows.columns)
                let mean = rows[row].reduce(0) { $0 + Double($1) } / d
                let square = rows[row].reduce(0) { $0 + Double($1) * Double($1) } / d
                // scale² = variance + eps, so the quotient's variance is just below 1.
                let scale = Double(scales[row])
                let variance = 1 - Double(model.config.layerNormEps) / (scale * scale)
                #expect(abs(mean) < 1e-5 && abs(square - variance) < 1e-4, "\(point)")
            }
        }
    }

    @Test(arguments: TestModel.allCases) func stoppingAndStartingAgainIsOneRun(_ which: TestModel)
        throws
    {
        let model = try which.load()
        let tokens = RunInput.tokens(TokenBatch([which.prompts.clean, which.prompts.corrupted]))
        let whole = try model.run(tokens, caching: .only(.residPre))
        for layer in 0...model.config.nLayers {
            let start = try model.run(tokens, stoppingAt: layer)
            #expect(start.logits == nil || layer == model.config.nLayers)
            if let residPre = whole.cache[.residPre, layer], layer < model.config.nLayers {
                #expect(start.residual.values == residPre.values)
            }
            let end = try model.run(.residual(start.residual, layer: layer))
            expectSame(try #require(end.logits), try #require(whole.logits), "from layer \(layer)")
        }
        let middle = try model.run(.residual(whole.residual, layer: 1), stoppingAt: 1)
        #expect(middle.residual.values == whole.residual.values && middle.tokens == nil)
    }

    /// Padding changes nothing at the positions that count.
    @Test(arguments: TestModel.allCases) func aBatchEqualsItsSequencesAlone(_ which: TestModel)
        throws
    {
        let model = try which.load()
        let (a, b) = which.prompts
        let sequences = [a, Array(b.prefix(3)), [a[2]], Array(b.suffix(5))]
        let batch = try model.run(sequences)
        let last = try model.run(sequences, logits: .last)
        let losses = try #require(batch.lossPerToken)
        for (index, sequence) in sequences.enumerated() {
            let single = try model.run([sequence])
            let logits = try #require(single.logits)[at: 0]
            let ours = try #require(batch.logits)[at: index][at: 0..<sequence.count]
            expectSame(ours, logits, "sequence \(index)")
            expectSame(
                try #require(last.logits)[at: index][at: 0], logits[at: sequence.count - 1],
                "last of sequence \(index)")
            let expected = try #require(single.lossPerToken).values
            let loss = losses[at: index].values
            expectSame(
                Tensor([expected.count], Array(loss.prefix(expected.count))),
                Tensor([expected.count], expected), "loss")
            #expect(loss.dropFirst(expected.count).allSatisfy { $0.isNaN })
        }
    }

    /// Logits do not depend on what comes later.
    @Test(arguments: TestModel.allCases) func laterTokensDoNotMatter(_ which: TestModel) throws {
        let model = try which.load()
        let clean = try #require(try model.run([which.prompts.clean]).logits)
        let corrupted = try #require(try model.run([which.prompts.corrupted]).logits)
        #expect(clean[at: 0][at: 0..<2].values == corrupted[at: 0][at: 0..<2].values)
        #expect(clean[at: 0][at: 2].values != corrupted[at: 0][at: 2].values)
    }
}
