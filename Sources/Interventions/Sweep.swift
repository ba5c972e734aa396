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
        var activationAxis: ActivationAxis? {
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
    /// The layers; all unless chosen.
    public let layers: [Int]?

    /// Patches every part of an activation, one at a time, from a run.
    ///
    /// - Parameters:
    ///   - kind: The activation, which `clean` must have cached.
    ///   - axes: What one branch fixes; the other axes are patched whole.
    ///   - clean: The run whose values are put in.
    ///   - layers: The layers, along an axis `layer` or, without one, patched together; `nil` for
    ///     all.
    public init(_ kind: HookKind, by axes: [Axis], from clean: Run, layers: [Int]? = nil) {
        self.kind = kind
        self.axes = axes
        self.clean = clean
        self.layers = layers
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
        guard model.config.has(kind) else {
            throw RunError.noSuchPoint(kind.rawValue, nLayers: model.config.nLayers)
        }
        // A sweep that does not fix the layer patches all of them together.
        let chosen = try chosenLayers(in: model)
        let layers: [Int?] = !kind.isInBlock ? [nil] : axes.contains(.layer) ? [0] : chosen
        let lengths = axes.map { $0 == .layer ? chosen.count : $0.length(in: model, pos: length) }
        return (0..<lengths.reduce(1, *)).map { index in
            Branch(
                layers.map { layer in
                    var rest = index
                    var site = Site(HookPoint(kind, layer: layer))
                    for (axis, length) in zip(axes, lengths).reversed() {
                        site.set(axis, to: axis == .layer ? chosen[rest % length] : rest % length)
                        rest /= length
                    }
                    return Intervention(site, .patch(from: clean.cache))
                })
        }
    }

    /// The base run's tokens, and the branches that depart from it.
    func planned(departingFrom base: Run) throws -> (tokens: TokenBatch, branches: [Branch]) {
        guard let tokens = base.tokens else { throw InterventionError.baseWithoutTokens }
        if let source = clean.tokens, (source.count, source.length) != (tokens.count, tokens.length)
        {
            throw InterventionError.differentShapes(
                clean: [source.count, source.length], base: [tokens.count, tokens.length])
        }
        return (tokens, try branches(in: base.model, length: tokens.length))
    }

    /// The layers that are swept or patched.
    func chosenLayers(in model: Transformer) throws -> [Int] { try model.checked(layers) }

    /// The result's name.
    public var name: String { "patch-\(kind.shortName)" }

    /// Measures a metric in every branch.
    ///
    /// - Parameters:
    ///   - metric: What is measured.
    ///   - base: The run the branches depart from.
    ///   - options: How the work is cut.
    ///   - store: Where values are kept as they come, from
    ///     ``store(at:for:departingFrom:options:provenance:)``.
    ///   - progress: Called after each chunk with how many branches are done, of how many.
    /// - Returns: The metric, with the sweep's axes.
    public func measure(
        _ metric: Metric, departingFrom base: Run, options: Engine.Options = Engine.Options(),
        store: SweepStore? = nil, progress: @Sendable (Int, Int) -> Void = { _, _ in }
    ) throws -> LabelledArray {
        let (tokens, branches) = try planned(departingFrom: base)
        let values = try metric.measure(
            branches, departingFrom: base, options: options, store: store, progress: progress)
        return try result(values, of: metric, in: base.model, tokens)
    }

    /// Values, one per branch, with the sweep's axes.
    func result(
        _ values: [Double], of metric: Metric, in model: Transformer, _ tokens: TokenBatch
    ) throws -> LabelledArray {
        let chosen = try chosenLayers(in: model)
        let axes = axes.map { axis in
            axis == .layer
                ? Results.Axis(axis.rawValue, labels: chosen.map(String.init))
                : axis.labelled(in: model, tokens: tokens)
        }
        return LabelledArray(
            name, quantity: Quantity(metric.quantity.name, unit: metric.quantity.unit),
            axes: axes, values: Tensor(axes.map(\.count), values.map { Float($0) }))
    }
}

extension Sweep.Axis {
    func length(in model: Transformer, pos: Int) -> Int {
        switch self {
        case .layer: model.config.nLayers
        case .pos, .destination, .source: pos
        case .head: model.config.nHeads
        case .neuron: model.config.dMLP
        }
    }

    fileprivate func labelled(in model: Transformer, tokens: TokenBatch) -> Results.Axis {
        let count = length(in: model, pos: tokens.length)
        guard activationAxis == .pos, let tokenizer = model.tokenizer, tokens.count == 1 else {
            return Results.Axis(rawValue, count: count)
        }
        let strings = tokens.ids[0].map { tokenizer.string(of: $0) }
        return Results.Axis(rawValue, count: count, companion: .init("token", strings))
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

extension Transformer {
    /// Layers that were asked for; all for `nil`.
    ///
    /// - Throws: ``RunError/noSuchLayer(_:nLayers:)``.
    func checked(_ layers: [Int]?) throws(RunError) -> [Int] {
        for layer in layers ?? [] where !(0..<config.nLayers).contains(layer) {
            throw .noSuchLayer(layer, nLayers: config.nLayers)
        }
        return layers ?? Array(0..<config.nLayers)
    }
}
