import Kernels
import Models
import Results
import Tensors

/// Factored matrices of a few heads against their products multiplied out.
extension Audit {
    var factoredSteps: [AuditStep] {
        var steps = [
            AuditStep(
                .factoredMatrices,
                [
                    "U S Vᵀ = A B", "norm", "eigenvalues sum to the trace of A B",
                    "squared eigenvalues sum to the trace of A B A B",
                ], products)
        ]
        if model.config.nLayers > 1 {
            steps.append(
                AuditStep(.factoredMatrices, "composition scores = those of A B", composition))
        }
        return steps
    }

    /// W_V W_O and W_Q W_Kᵀ of a few heads.
    private var matrices: [(matrix: FactoredMatrix, name: String)] {
        spread(4, of: model.config.nLayers * model.config.nHeads).flatMap { index in
            let (layer, head) = index.quotientAndRemainder(dividingBy: model.config.nHeads)
            return [
                (model.OV(layer: layer, head: head), "L\(layer)H\(head) OV"),
                (model.QK(layer: layer, head: head), "L\(layer)H\(head) QK"),
            ]
        }
    }

    private func products() throws -> [Discrepancy] {
        var (svd, norm, sum, squares) = (
            Discrepancy(), Discrepancy(), Discrepancy(), Discrepancy()
        )
        for (matrix, name) in matrices {
            let dense = matrix.AB
            let size = dense.frobeniusNorm
            svd.compare(whole: try operations.singularValues(matrix).product, dense, at: name)
            norm.add(
                abs(try operations.norm(matrix) - size), within: Tolerance.elements(size), at: name)
            // By Schur, the eigenvalues' squares sum to no more than the norm's square.
            let eigenvalues = try operations.eigenvalues(matrix)
            let total = eigenvalues.reduce((0.0, 0.0)) { ($0.0 + $1.real, $0.1 + $1.imaginary) }
            sum.add(
                max(abs(total.0 - dense.trace), abs(total.1)), within: Tolerance.elements(size),
                at: name)
            let square = eigenvalues.reduce(0.0) {
                $0 + $1.real * $1.real - $1.imaginary * $1.imaginary
            }
            squares.add(
                abs(square - dense.traceOfSquare), within: Tolerance.elements(size * size), at: name
            )
        }
        return [svd, norm, sum, squares]
    }

    /// Scores of a few pairs of heads, all three modes.
    private func composition() throws -> Discrepancy {
        var found = Discrepancy()
        let chosen = spread(3, of: model.config.nLayers)
        // A model of the chosen layers alone: all its scores cost little.
        let part = model.taking(layers: chosen)
        let heads = model.config.nHeads
        for mode in Composition.allCases {
            let scores = try operations.compositionScores(part, mode).values
            for reader in 1..<chosen.count {
                let (head, other) = (reader % heads, heads - 1)
                let (left, right) = part.factors(mode, from: (0, head), to: (reader, other))
                let scale = left.frobeniusNorm * right.frobeniusNorm
                let expected = scale == 0 ? 0 : left.times(right).frobeniusNorm / scale
                // No score is above 1.
                found.add(
                    abs(Double(scores[0, head, reader, other]) - expected),
                    within: Tolerance.elements(1),
                    at: "\(mode.rawValue), L\(chosen[0])H\(head) to L\(chosen[reader])H\(other)")
            }
        }
        return found
    }
}

extension SingularValues {
    /// U S Vᵀ.
    fileprivate var product: Tensor {
        var scaled = right
        let factors = Tensor([1, values.count], values.map { Float($0) })
        scaleRows(scaled.mutableRows, by: factors.rows)
        var product = Tensor(uninitialized: [left.shape[1], right.shape[1]])
        multiply(left.rows, scaled.rows, into: product.mutableRows, transposing: .left)
        return product
    }
}

extension Tensor {
    /// Σ x_ii.
    fileprivate var trace: Double {
        let rows = rows
        return (0..<rows.count).reduce(0.0) { $0 + Double(rows[$1][$1]) }
    }

    /// Σ x_ij x_ji.
    fileprivate var traceOfSquare: Double {
        let (rows, columns) = (rows, transposed.rows)
        return (0..<rows.count).reduce(0.0) { sum, row in
            zip(rows[row], columns[row]).reduce(sum) { $0 + Double($1.0) * Double($1.1) }
        }
    }
}

extension Transformer {
    /// The model with some of its layers only.
    fileprivate func taking(layers: [Int]) -> Transformer {
        var (config, weights) = (config, weights)
        config.nLayers = layers.count
        weights.blocks = layers.map { self.weights.blocks[$0] }
        return Transformer(config: config, weights: weights, name: name)
    }

    /// What a head writes and what a later one reads, both multiplied out.
    fileprivate func factors(
        _ mode: Composition, from writer: (layer: Int, head: Int),
        to reader: (layer: Int, head: Int)
    ) -> (left: Tensor, right: Tensor) {
        let left = OV(layer: writer.layer, head: writer.head).AB
        let QK = QK(layer: reader.layer, head: reader.head).AB
        switch mode {
        case .query: return (left, QK)
        case .key: return (left, QK.transposed)
        case .value: return (left, OV(layer: reader.layer, head: reader.head).AB)
        }
    }
}
