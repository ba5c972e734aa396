import Models
import Tensors

/// An intervention with its operand at hand, applied to rows of some positions of one sequence.
struct PlannedEdit: Sendable {
    let site: Site
    private let edit: Edit
    private let operand: Tensor?
    /// The length of the sequences, for positions counted from the end.
    private let length: Int

    /// - Throws: ``InterventionError`` for a patch whose value was not kept, or has the wrong
    ///   shape.
    init(_ intervention: Intervention, in model: Transformer, tokens: TokenBatch) throws {
        (site, edit, length) = (intervention.site, intervention.edit, tokens.length)
        operand = try edit.operand(at: site.point)
        if let operand {
            try PlannedEdit.requireShape(operand, site.point, model, tokens)
        }
    }

    /// Edits the rows of consecutive positions.
    ///
    /// - Parameters:
    ///   - rows: [pos, features].
    ///   - start: The position of the first row.
    ///   - sequence: The sequence they belong to.
    ///   - shape: The features' axes: [head, d_head], [d_mlp], …
    func apply(to rows: MutableRows, start: Int, sequence: Int, shape: [Int]) {
        let width = operand.map { $0.shape.dropFirst(2).reduce(1, *) } ?? rows.columns
        let values = operand.map { $0.rows(of: width) }
        // A norm's value has a head axis while other branches have split the heads' inputs; an edit
        // that knows nothing of it holds for every head.
        let columns = site.columns(in: width == rows.columns ? shape : [width])
        for row in 0..<rows.count where contains(pos: start + row) {
            let new = values.map { values in
                UnsafeBufferPointer(rebasing: values[index([sequence, start + row])][columns])
            }
            for copy in stride(from: 0, to: rows.columns, by: width) {
                let target = rows[row][columns.lowerBound + copy..<columns.upperBound + copy]
                edit.apply(to: UnsafeMutableBufferPointer(rebasing: target), operand: new)
            }
        }
    }

    /// Edits one head's attention scores or pattern.
    ///
    /// - Parameters:
    ///   - pattern: [query_pos, key_pos].
    ///   - start: The position of the first query.
    ///   - sequence: The sequence.
    ///   - head: The head.
    func apply(toPattern pattern: MutableRows, start: Int, sequence: Int, head: Int) {
        let keys = site.source.map { $0..<$0 + 1 } ?? 0..<pattern.columns
        guard site.head ?? head == head, keys.upperBound <= pattern.columns else { return }
        for query in 0..<pattern.count where contains(pos: start + query) {
            let new = operand.map { operand in
                let row = operand.rows[index([sequence, head, start + query])]
                return UnsafeBufferPointer(rebasing: row[keys])
            }
            edit.apply(
                to: UnsafeMutableBufferPointer(rebasing: pattern[query][keys]), operand: new)
        }
    }

    private func contains(pos: Int) -> Bool {
        site.positions.map { $0.contains(pos) || $0.contains(pos - length) } ?? true
    }

    /// The operand's row at some leading coordinates; an axis of 1 holds for all.
    private func index(_ coordinates: [Int]) -> Int {
        guard let shape = operand?.shape else { return 0 }
        return zip(coordinates, shape).reduce(0) { index, axis in
            index * axis.1 + (axis.1 == 1 ? 0 : axis.0)
        }
    }

    private static func requireShape(
        _ operand: Tensor, _ point: HookPoint, _ model: Transformer, _ tokens: TokenBatch
    ) throws(InterventionError) {
        let expected = point.kind.axes.map { axis in
            switch axis {
            case .batch: tokens.count
            case .pos, .queryPos, .keyPos: tokens.length
            default: model.length(of: axis)
            }
        }
        // Norms of split inputs have a head axis; it is left to the edit.
        guard operand.rank == expected.count else { return }
        for (axis, (own, other)) in zip(expected, operand.shape).enumerated()
        where own != other && !(other == 1 && axis < 3) {
            throw .wrongShape(
                point: point.description, shape: operand.shape, expected: expected)
        }
    }
}
