public import Models
public import Results
import Tensors
import Tokenization

/// Many branches that differ in one coordinate after another: an activation patched everywhere.
///
/// ```swift
/// let effects = try Sweep(.residPre, by: [.layer, .pos], from: clean).measure(
///     metric, departingFrom: base)
/// ```
public struct Sweep: Sendable {
    /// An axis to sweep along; the raw value is the column's name in files.
    public enum Axis: String, Sendable, CaseIterable {
        case layer, pos, head, neuron
        case destination = "dest_pos"
        case source = "src_pos"

        /// The axis of the activation that it fixes; `nil` for the layer.
        fileprivate var activationAxis: ActivationAxis? {
            switch self {
            case .layer: nil
            case .pos: .pos
            case .head: .head
            case .neuron: .dMLP
            case .destination: .queryPos
            case .source: .keyPos
            }
        }
    }

    /// The activation.
    public let kind: HookKind
    /// The axes, the first varying slowest.
    public let axes: [Axis]
    /// The run whose values are put in.
    public let clean: Run

    /// Patches every part of an activation, one at a time, from a run.
    ///
    /// - Parameters:
    ///   - kind: The activation, which `clean` must have cached.
    ///   - axes: What one branch fixes; the other axes are patched whole.
    ///   - clean: The run whose values are put in.
    public init(_ kind: HookKind, by axes: [Axis], from clean: Run) {
        self.kind = kind
        self.axes = axes
        self.clean = clean
    }

    /// One branch per combination of coordinates, the last axis varying fastest.
    public func branches(in model: Transformer, length: Int) throws -> [Branch] {
        let possible = Axis.allCases.filter { axis in
            axis.activationAxis.map(kind.axes.contains) ?? kind.isInBlock
        }
        for axis in axes where !possible.contains(axis) {
            throw InterventionError.noSuchAxis(
                axis: axis.rawValue, site: kind.shortName, axes: possible.map(\.rawValue))
        }
        // A sweep that does not fix the layer patches all of them together.
        let layers: [Int?] =
            !kind.isInBlock ? [nil] : axes.contains(.layer) ? [0] : Array(0..<model.config.nLayers)
        let lengths = axes.map { $0.length(in: model, pos: length) }
        return (0..<lengths.reduce(1, *)).map { index in
            Branch(
                layers.map { layer in
                    var rest = index
                    var site = Site(HookPoint(kind, layer: layer))
                    for (axis, length) in zip(axes, lengths).reversed() {
                        site.set(axis, to: rest % length)
                        rest /= length
                    }
                    return Intervention(site, .patch(from: clean.cache))
                })
        }
    }

    /// Measures a metric in every branch.
    ///
    /// - Parameters:
    ///   - metric: What is measured.
    ///   - base: The run the branches depart from.
    ///   - progress: Called after each branch with how many are done, of how many.
    /// - Returns: The metric, with the sweep's axes.
    public func measure(
        _ metric: Metric, departingFrom base: Run, progress: (Int, Int) -> Void = { _, _ in }
    ) throws -> LabelledArray {
        guard let tokens = base.tokens else { throw InterventionError.baseWithoutTokens }
        if let source = clean.tokens, (source.count, source.length) != (tokens.count, tokens.length)
        {
            throw InterventionError.differentShapes(
                clean: [source.count, source.length], base: [tokens.count, tokens.length])
        }
        let branches = try branches(in: base.model, length: tokens.length)
        let values = try NaiveEngine.measure(
            metric, of: branches, departingFrom: base, progress: progress)
        let axes = axes.map { $0.labelled(in: base.model, tokens: tokens) }
        return LabelledArray(
            "patch-\(kind.shortName)",
            quantity: Quantity(metric.quantity.name, unit: metric.quantity.unit),
            axes: axes, values: Tensor(axes.map(\.count), values.map { Float($0) }))
    }
}

extension Sweep.Axis {
    fileprivate func length(in model: Transformer, pos: Int) -> Int {
        switch self {
        case .layer: model.config.nLayers
        case .pos, .destination, .source: pos
        case .head: model.config.nHeads
        case .neuron: model.config.dMLP
        }
    }

    fileprivate func labelled(in model: Transformer, tokens: TokenBatch) -> Axis {
        let count = length(in: model, pos: tokens.length)
        guard activationAxis == .pos, let tokenizer = model.tokenizer, tokens.count == 1 else {
            return Axis(rawValue, count: count)
        }
        let strings = tokens.ids[0].map { tokenizer.string(of: $0) }
        return Axis(rawValue, count: count, companion: .init("token", strings))
    }
}

extension Site {
    /// Fixes one coordinate.
    fileprivate mutating func set(_ axis: Sweep.Axis, to index: Int) {
        switch axis {
        case .layer: point = HookPoint(point.kind, layer: index)
        case .pos, .destination: positions = [index]
        case .head: head = index
        case .neuron: neuron = index
        case .source: source = index
        }
    }
}
