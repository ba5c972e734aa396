import Kernels
import Models
import Tensors

/// Rewriting the weights, each step alone, TransformerLens' four and all five.
extension Audit {
    /// One step for each rewriting: a single rewritten model is in memory at a time.
    var weightSteps: [AuditStep] {
        let variants =
            WeightProcessing.steps.map { (name: $0.name, steps: $0.step) }
            + [("default", .transformerLens), ("all", .all)]
        return variants.map { name, steps in
            let checks = checks(of: steps)
            return AuditStep(.weights, checks.map { "\($0.name), \(name)" }) {
                let processed = try operations.process(model, steps)
                return try checks.map { try $0.measure(processed) }
            }
        }
    }

    private typealias Check = (name: String, measure: (Transformer) throws -> Discrepancy)

    private func checks(of steps: WeightProcessing) -> [Check] {
        var checks: [Check] = [("log-probabilities stay", logProbabilities)]
        if steps == .refactorFactoredAttention {
            checks.append(("W_V W_O stays", outputValue))
            checks.append(("[W_Q; b_Q] [W_K; b_K]ᵀ stays", queryKey))
        }
        // After it, a singular vector of a value that is only rounding may have any mean.
        if !steps.contains(.refactorFactoredAttention) {
            if steps.contains(.centerWritingWeights) {
                checks.append(("what is written sums to 0", writing))
            }
            if steps.contains(.foldLayerNorm) {
                checks.append(("what is read sums to 0", reading))
            }
        }
        if steps.contains(.foldValueBiases) { checks.append(("b_V is 0", valueBiases)) }
        return checks
    }

    /// log-softmax of both prompts' logits, at all positions.
    private func logProbabilities(_ processed: Transformer) throws -> Discrepancy {
        var found = Discrepancy()
        for (run, tolerances) in [(clean, tolerances.clean), (base, tolerances.base)] {
            guard let tokens = run.tokens, let expected = run.logProbabilities else { continue }
            let after = try processed.run(.tokens(tokens)).logProbabilities
            guard let after else { continue }
            found.compare(after.rows, expected.rows, within: { tolerances[$0] }) { "pos \($0)" }
        }
        return found
    }

    private func outputValue(_ processed: Transformer) -> Discrepancy {
        overHeads { layer, head in
            (
                processed.OV(layer: layer, head: head).AB, model.OV(layer: layer, head: head).AB
            )
        }
    }

    private func queryKey(_ processed: Transformer) -> Discrepancy {
        overHeads { layer, head in
            (processed.queryKeyWithBiases(layer, head), model.queryKeyWithBiases(layer, head))
        }
    }

    /// Compares two products of each head.
    private func overHeads(
        _ products: @Sendable (_ layer: Int, _ head: Int) -> (Tensor, Tensor)
    ) -> Discrepancy {
        let heads = model.config.nHeads
        let parts = parallelMap(model.config.nLayers * heads) { index in
            let (layer, head) = index.quotientAndRemainder(dividingBy: heads)
            let (after, before) = products(layer, head)
            var found = Discrepancy()
            let place = ComponentName.head(layer: layer, head: head).description
            found.compare(whole: after, before, at: place)
            return found
        }
        var found = Discrepancy()
        for part in parts { found.merge(part) }
        return found
    }

    /// Rows of W_E, W_pos, W_O, W_out, and b_O, b_out: each a vector of the stream.
    private func writing(_ processed: Transformer) -> Discrepancy {
        let (after, before) = (processed.weights, model.weights)
        var found = Discrepancy()
        found.addMeans(ofRows: after.W_E, from: before.W_E, "W_E")
        found.addMeans(ofRows: after.W_pos, from: before.W_pos, "W_pos")
        let parts: [(KeyPath<BlockWeights, Tensor>, String)] = [
            (\.attn.W_O, "W_O"), (\.attn.b_O, "b_O"), (\.mlp.W_out, "W_out"),
            (\.mlp.b_out, "b_out"),
        ]
        for layer in after.blocks.indices {
            for (part, name) in parts {
                found.addMeans(
                    ofRows: after.blocks[layer][keyPath: part],
                    from: before.blocks[layer][keyPath: part], "L\(layer) \(name)")
            }
        }
        return found
    }

    /// Columns of W_QKV, W_in and W_U: each a direction that is read from the stream.
    private func reading(_ processed: Transformer) -> Discrepancy {
        let (after, before) = (processed.weights, model.weights)
        let gain = { (norm: NormWeights) in
            model.config.normalization == .layerNorm ? norm.w : nil
        }
        var found = Discrepancy()
        found.addMeans(
            ofRows: after.W_U_transposed, from: before.W_U_transposed, gain: gain(before.lnFinal),
            "W_U column")
        for (layer, block) in after.blocks.enumerated() {
            let raw = before.blocks[layer]
            found.addMeans(
                ofRows: block.attn.W_QKV.transposed, from: raw.attn.W_QKV.transposed,
                gain: gain(raw.ln1), "L\(layer) W_QKV column")
            found.addMeans(
                ofRows: block.mlp.W_in.transposed, from: raw.mlp.W_in.transposed,
                gain: gain(raw.ln2), "L\(layer) W_in column")
        }
        return found
    }

    /// b_V, to the last bit.
    private func valueBiases(_ processed: Transformer) -> Discrepancy {
        var found = Discrepancy()
        for (layer, block) in processed.weights.blocks.enumerated() {
            let biases = block.attn.b_QKV.reshaped([3, block.attn.b_QKV.count / 3])[at: 2]
            found.add(largest([biases.rows])[0], within: 0, at: "layer \(layer)")
        }
        return found
    }
}

extension Transformer {
    /// [W_Q; b_Q] [W_K; b_K]ᵀ of a head, [d_model + 1, d_model + 1].
    fileprivate func queryKeyWithBiases(_ layer: Int, _ head: Int) -> Tensor {
        let (attn, width) = (weights.blocks[layer].attn, config.dHead)
        return attn.matrixWithBias(.query, head: head, dHead: width)
            .times(attn.matrixWithBias(.key, head: head, dHead: width).transposed)
    }
}

extension Discrepancy {
    /// Takes the mean of each row into account, which should be zero.
    ///
    /// The mean and not the sum: it has the size of an element, whatever the width.
    ///
    /// - Parameters:
    ///   - raw: The rows before processing: a mean that was subtracted left rounding of its size.
    ///   - gain: What multiplied their elements.
    fileprivate mutating func addMeans(
        ofRows tensor: Tensor, from raw: Tensor, gain: Tensor? = nil, _ name: String
    ) {
        var raw = raw
        if let gain { scaleAndShift(raw.mutableRows, gain: gain.rows, shift: nil) }
        let rows = tensor.rows
        for (row, size) in largest([rows, raw.rows]).enumerated() {
            let mean = rows[row].reduce(0.0) { $0 + Double($1) } / Double(rows.columns)
            add(abs(mean), within: Tolerance.elements(size), at: "\(name) \(row)")
        }
    }
}
