import Interventions
import Kernels
import Models
import Tensors

/// Activations as sums of their parts, and logits as sums over components, heads and neurons.
extension Audit {
    /// One step: all of it is read off one run.
    var streamSteps: [AuditStep] {
        typealias Check = (name: String, measure: (Run) throws -> Discrepancy)
        var checks: [Check] = [
            ("resid_post = embed + pos_embed + Σ attn_out + Σ mlp_out", stream),
            ("attn_out = Σ heads + b_O", attention),
            ("mlp_out = Σ neurons + b_out", neurons),
            ("stream = heads + MLPs + embeddings + biases", { try decomposition($0, false) }),
        ]
        let config = model.config
        let floats = config.nLayers * config.dMLP * config.dModel * clean.residual.shape[1]
        // A vector per neuron and position: only where that is little.
        if floats <= 1 << 24 {
            let name = "stream = heads + neurons + embeddings + biases"
            checks.append((name, { try decomposition($0, true) }))
        }
        for unit in LogitAttribution.Unit.allCases {
            let name = "logit difference = Σ \(unit.rawValue)s + the rest"
            checks.append((name, { try attribution($0, unit) }))
        }
        checks.append(("attention patterns sum to 1", patterns))
        let names = checks.map(\.name)
        return [
            AuditStep(.residualStream, names) { [checks] in
                guard let tokens = clean.tokens else { return [] }
                let run = try operations.run(model, .tokens(tokens), .all, nil)
                return try checks.map { try $0.measure(run) }
            }
        ]
    }

    /// The stream behind every layer against what was added to it.
    private func stream(_ run: Run) throws -> Discrepancy {
        var found = Discrepancy()
        for layer in 0..<model.config.nLayers {
            let parts =
                layer + 1 < model.config.nLayers
                ? try run.decomposedResidual(at: layer + 1) : try run.decomposedResidual()
            found.compare(try run.cached(.residPost, layer), with: parts, at: "layer \(layer)")
        }
        return found
    }

    private func attention(_ run: Run) throws -> Discrepancy {
        var found = Discrepancy()
        let (heads, all) = (model.config.nHeads, try run.headResults())
        for layer in 0..<model.config.nLayers {
            let parts = (0..<heads).map { all.values[at: layer * heads + $0] }
            found.compare(
                try run.cached(.attnOut, layer), with: parts,
                bias: model.weights.blocks[layer].attn.b_O, at: "layer \(layer)")
        }
        return found
    }

    /// Blocks of neurons stand for neurons: each would be a [pos, d_model] of its own.
    private func neurons(_ run: Run) throws -> Discrepancy {
        var found = Discrepancy()
        let (size, all) = (61, model.config.dMLP)
        for layer in 0..<model.config.nLayers {
            let (post, mlp) = (
                try run.cached(.mlpPost, layer).rows, model.weights.blocks[layer].mlp
            )
            let expected = try run.cached(.mlpOut, layer)
            let parts = stride(from: 0, to: all, by: size).map { start in
                let block = start..<min(start + size, all)
                var part = Tensor(uninitialized: expected.shape)
                multiply(
                    post[0..<post.count, block], mlp.W_out.rows[block, 0..<expected.rows.columns],
                    into: part.mutableRows)
                return part
            }
            found.compare(expected, with: parts, bias: mlp.b_out, at: "layer \(layer)")
        }
        return found
    }

    private func decomposition(_ run: Run, _ expandingNeurons: Bool) throws -> Discrepancy {
        var found = Discrepancy()
        let parts = try run.fullDecomposition(expandingNeurons: expandingNeurons)
        found.compare(
            try run.cached(.residPost, model.config.nLayers - 1), with: parts, at: "the end")
        return found
    }

    private func attribution(_ run: Run, _ unit: LogitAttribution.Unit) throws -> Discrepancy {
        var found = Discrepancy()
        let direction = try LogitDirection(model, right: answers.right, wrong: answers.wrong)
        for (pos, tolerance) in tolerances.clean.enumerated() {
            let parts = try run.attribution(to: direction, by: unit, at: [pos])
            found.add(parts.deviation, within: tolerance, at: "pos \(pos)")
        }
        return found
    }

    private func patterns(_ run: Run) throws -> Discrepancy {
        var found = Discrepancy()
        for layer in 0..<model.config.nLayers {
            let rows = try run.cached(.pattern, layer).rows
            for row in 0..<rows.count {
                let sum = rows[row].reduce(0.0) { $0 + Double($1) }
                let (head, pos) = row.quotientAndRemainder(dividingBy: rows.columns)
                found.add(
                    abs(sum - 1), within: Tolerance.elements(1), at: "L\(layer)H\(head), pos \(pos)"
                )
            }
        }
        return found
    }
}

extension Discrepancy {
    /// Compares a vector of the stream at each position with the sum of its parts.
    ///
    /// - Parameters:
    ///   - bias: Added at every position.
    ///   - place: Where the vectors are, without the position.
    fileprivate mutating func compare(
        _ whole: Tensor, with parts: [Tensor], bias: Tensor? = nil, at place: String
    ) {
        var sum = Tensor(whole.shape)
        for part in parts { Kernels.add(part.rows, to: sum.mutableRows) }
        if let bias { Kernels.add(bias.rows, to: sum.mutableRows) }
        // Parts that cancel round by their own size, not by that of what is left.
        let sizes = largest(parts.map(\.rows) + [whole.rows])
        compare(
            whole.rows, sum.rows, within: { Tolerance.elements(sizes[$0]) },
            at: { "\(place), pos \($0)" })
    }

    fileprivate mutating func compare(_ whole: Tensor, with parts: ResidualStack, at place: String)
    {
        compare(whole, with: parts.labels.indices.map { parts.values[at: $0] }, at: place)
    }
}
