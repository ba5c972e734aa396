import Differentiation
import Kernels
import Models
import Tensors

/// A metric that is read off the residual stream, with no more logits than it needs.
struct PreparedMetric: Sendable {
    /// The metric of the base run.
    let base: [MetricReader.Values]
    private let reader: MetricReader
    private let model: Transformer
    private let tokens: TokenBatch?
    private let direction: (vector: Tensor, bias: Double)?

    init(_ metric: Metric, base run: Run) throws {
        model = run.model
        tokens = run.tokens
        reader = try MetricReader(metric, model: run.model)
        direction = reader.direction(in: run.model)
        base = try reader.values(of: run)
    }

    /// The floating-point operations that a row of the residual stream takes at the end.
    var operationsPerRow: Double {
        2 * Double(model.config.dModel) * (direction == nil ? Double(model.config.dVocab) : 1)
    }

    /// The metric's value on its scale, from its raw value.
    func scaled(_ raw: Double) -> Double { reader.metric.scaled(raw) }

    /// The metric of each item, before it is normalised; of a position before its rows it is read
    /// off its trunk's.
    ///
    /// - Parameters:
    ///   - resid: The residual stream at the end, [row, d_model].
    ///   - layout: The rows that the metric may read.
    func values(of resid: Traced, _ layout: RowLayout, _ pass: BranchPass) -> [Double] {
        let x = model.readout(resid, layout, pass)
        let row = value(ofRows: x, layout, pass)
        return layout.items.map { item in
            let base = base[item.sequence]
            let values = zip(base.positions, base.values).map { pos, value in
                // Elsewhere nothing differs from the base run.
                layout.row(at: pos, of: item).map { row($0, item.sequence, pos) } ?? value
            }
            return MetricReader.Values(positions: base.positions, values: values).mean
        }
    }

    /// The metric of a row, by its place, sequence and position.
    private func value(
        ofRows x: Traced, _ layout: RowLayout, _ pass: BranchPass
    ) -> (Int, _ sequence: Int, _ pos: Int) -> Double {
        let isEdited = pass.listens(to: .unembedOut, nil)
        if let direction, !isEdited {
            let vector = direction.vector.rows[0]
            return { row, _, _ in
                reader.value(
                    ofDifference: Double(dot(x.value.rows[row], vector)) + direction.bias)
            }
        }
        if reader.metric.kind.needsTokensOnly, !isEdited {
            let needed = { reader.needed(tokens, sequence: $0, pos: $1) }
            var asked = [[Int]](repeating: [], count: layout.rowCount)
            for item in layout.items {
                for pos in base[item.sequence].positions {
                    guard let row = layout.row(at: pos, of: item) else { continue }
                    asked[row] += needed(item.sequence, pos)
                }
            }
            let found = TokenLogits.scan(x.value.rows, for: asked, in: model)
            return { row, sequence, pos in
                reader.value(of: found[row], needed(sequence, pos))
            }
        }
        let logits = model.unembed(x, layout, pass).value
        return { row, sequence, pos in
            reader.value(of: logits.rows[row], tokens, sequence: sequence, pos: pos)
        }
    }
}
