import Models
import Tensors

/// An intervention with its operand at hand, applied to rows of some positions of one sequence.
struct PlannedEdit: Sendable {
    let site: Site
    /// When it happens.
    let stage: Stage
    let edit: Edit
    private let operand: Tensor?
    /// The length of one position's features, as the edit knows them; `nil` in patterns.
    private let width: Int?
    /// The length of the sequences, for positions counted from the end.
    private let length: Int

    /// - Throws: ``InterventionError`` for a patch whose value was not kept, or has the wrong
    ///   shape.
    init(_ intervention: Intervention, in model: Transformer, tokens: TokenBatch) throws {
        (site, edit, length) = (intervention.site, intervention.edit, tokens.length)
        stage = Stage(site.point, in: model.config)
        operand = try edit.operand(at: site.point)
        let axes = site.point.kind.axes
        width =
            axes.contains(.queryPos)
            ? nil
            : operand?.shape.dropFirst(2).reduce(1, *)
                ?? axes.dropFirst(2).reduce(1) { $0 * model.length(of: $1) }
        try site.requireInside(model, length: tokens.length)
        if let operand { try requireShape(of: operand, in: model, tokens) }
    }

    /// Whether applying it twice does what applying it once does.
    var isIdempotent: Bool {
        switch edit {
        case .patch, .replace, .zero: true
        case .add, .scale, .function: false
        }
    }

    /// Whether it lets a position of a sequence up to `last` look at later ones: with edited scores
    /// or patterns, unless the pattern put in is zero there.
    func looksAhead(in sequence: Int, through last: Int) -> Bool {
        guard [.pattern, .attnScores].contains(site.point.kind) else { return false }
        guard site.point.kind == .pattern, case .patch = edit, let pattern = operand else {
            return true
        }
        let queries = (site.positions ?? Array(0...last)).map { $0 < 0 ? $0 + length : $0 }
        let heads = site.head.map { [$0] } ?? Array(0..<pattern.shape[1])
        return heads.contains { head in
            queries.contains { query in
                guard (0...last).contains(query) else { return false }
                let row = pattern.rows[index([sequence, head, query])]
                return row[(query + 1)...].contains { $0 != 0 }
            }
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
        // A norm's value has a head axis while this or other branches have split the heads' inputs;
        // an edit that knows nothing of it holds for every head.
        let width = width ?? rows.columns
        let values = operand.map { $0.rows(of: width) }
        let columns = site.columns(in: width == rows.columns ? shape : [width])
        for row in 0..<rows.count where contains(pos: start + row) {
            let new = values.map { values in
                UnsafeBufferPointer(rebasing: values[index([sequence, start + row])][columns])
            }
            for copy in stride(from: 0, to: rows.columns, by: width)
            where width == rows.columns || site.head ?? copy / width == copy / width {
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

    /// The position behind the last one that the edit changes before the next attention, at most
    /// `end`: one of its own, but of keys and values that other positions look at.
    func endOfChanges(through end: Int) -> Int {
        guard let positions = site.positions, ![.k, .v].contains(site.point.kind) else {
            return end
        }
        return positions.map { ($0 < 0 ? $0 + length : $0) + 1 }.max() ?? 0
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

    /// A patch has the activation's shape; other values may have a batch and a position axis of 1,
    /// and lack the head axis where the site names a head.
    private func requireShape(
        of operand: Tensor, in model: Transformer, _ tokens: TokenBatch
    ) throws(InterventionError) {
        let kind = site.point.kind
        var axes = kind.axes
        if site.head != nil, axes[2] == .head, operand.rank == axes.count - 1 {
            axes.remove(at: 2)
        }
        let expected = axes.map { axis in
            switch axis {
            case .batch: tokens.count
            case .pos, .queryPos, .keyPos: tokens.length
            default: model.length(of: axis)
            }
        }
        var isPatch = false
        if case .patch = edit { isPatch = true }
        let fits =
            expected.count == operand.rank
            && zip(expected, operand.shape).enumerated().allSatisfy { axis, lengths in
                let isShared = !isPatch && lengths.1 == 1 && axes[axis].isPlace
                return lengths.0 == lengths.1 || isShared
            }
        // Norms of split inputs have a head axis of their own.
        let isSplitNorm =
            (kind == .ln1Scale || kind == .ln1Normalized) && operand.rank == expected.count + 1
        guard fits || isSplitNorm else {
            throw .wrongShape(
                point: site.point.description, shape: operand.shape, expected: expected)
        }
    }
}

extension ActivationAxis {
    /// Whether the axis says where a value is, so that one value may stand for all places.
    fileprivate var isPlace: Bool { self == .batch || self == .pos || self == .queryPos }
}

extension HookKind {
    /// The axis along which neurons are counted, if the activation has it.
    ///
    /// The norm's value is shared by the heads until their inputs are split, so it has none.
    fileprivate var neuronAxis: ActivationAxis {
        axes.contains(.head) || self == .ln1Normalized || !axes.contains(.dModel) ? .dMLP : .dModel
    }
}

extension Site {
    /// Checks that the model has what the site names.
    ///
    /// - Throws: ``RunError`` for a layer or position, ``InterventionError/noSuchCoordinate(_:)``
    ///   for others.
    func requireInside(_ model: Transformer, length: Int) throws {
        if let layer = point.layer, layer >= model.config.nLayers {
            throw RunError.noSuchLayer(layer, nLayers: model.config.nLayers)
        }
        guard model.config.has(point) else {
            throw RunError.noSuchPoint(point.description, nLayers: model.config.nLayers)
        }
        for position in (positions ?? []) + (source.map { [$0] } ?? [])
        where !(-length..<length).contains(position) {
            throw RunError.noSuchPosition(position, length: length)
        }
        let coordinates: [(name: String, index: Int?, axis: ActivationAxis)] = [
            ("head", head, .head), ("neuron", neuron, point.kind.neuronAxis),
            ("source", source, .keyPos),
        ]
        for (name, index, axis) in coordinates {
            guard let index else { continue }
            guard point.kind.axes.contains(axis) else {
                throw InterventionError.noSuchCoordinate("\(point) has no \(name)")
            }
            let count = axis == .keyPos ? length : model.length(of: axis)
            guard (0..<count).contains(index) else {
                throw InterventionError.noSuchCoordinate(
                    "there is no \(name) \(index) at \(point); they are 0 to \(count - 1)")
            }
        }
        if positions != nil, !point.kind.axes.contains(where: { $0 == .pos || $0 == .queryPos }) {
            throw InterventionError.noSuchCoordinate("\(point) has no positions")
        }
    }
}
