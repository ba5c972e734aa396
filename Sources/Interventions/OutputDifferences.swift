import Kernels
import Models
import Tensors

/// How what each part writes differs between two runs.
struct OutputDifferences: Sendable {
    let graph: ComputationGraph
    private let model: Transformer
    /// [source, batch, pos, d_model].
    private var values: Tensor

    /// Nothing differs yet.
    ///
    /// - Parameter tokens: The runs' shape.
    init(in model: Transformer, _ tokens: TokenBatch) {
        (graph, self.model) = (ComputationGraph(of: model), model)
        values = Tensor([graph.sources.count, tokens.count, tokens.length, model.config.dModel])
    }

    /// What a run writes minus what another does.
    ///
    /// - Throws: ``InterventionError/notCached(_:)`` without embed, z and mlp_out of both.
    init(of run: Run, minus other: Run, _ tokens: TokenBatch) throws {
        self.init(in: run.model, tokens)
        for writer in graph.writers {
            guard let value = run.cache[writer.point], let base = other.cache[writer.point] else {
                throw InterventionError.notCached("\(writer.point)")
            }
            set(writer, to: value.minus(base))
        }
    }

    /// Takes the difference at a hook point, [batch, pos, …].
    mutating func set(_ writer: ComputationGraph.Writer, to difference: Tensor) {
        let config = model.config
        let positions = rowCount
        let out = values.mutableRows(of: config.dModel)
        func rows(_ source: Int) -> MutableRows {
            out[source * positions..<(source + 1) * positions, 0..<config.dModel]
        }
        guard writer.point.kind == .z, let layer = writer.point.layer else {
            return copy(difference.rows, into: rows(writer.row))
        }
        let z = difference.rows(of: config.nHeads * config.dHead)
        for head in 0..<config.nHeads {
            multiply(
                z[0..<positions, head * config.dHead..<(head + 1) * config.dHead],
                model.weights.blocks[layer].attn.outputMatrix(head: head, dHead: config.dHead),
                into: rows(writer.row + head))
        }
    }

    /// The positions of all sequences.
    var rowCount: Int { values.shape[1] * values.shape[2] }

    /// What the first sources write at one position of one sequence, [source, d_model].
    func rows(of count: Int, at row: Int) -> Rows {
        let d = values.shape[3]
        return values.rows(of: rowCount * d)[0..<count, row * d..<(row + 1) * d]
    }

    /// What one source writes, [batch, pos, d_model].
    func value(of source: Int) -> Tensor { values[at: source] }
}
