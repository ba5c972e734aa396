// Interventions: what is changed in a run, what is measured, and many such experiments at once.
// Which study asks is not known here. Start at Sweep.swift.

public import Models
import Tensors

/// Which part of which activation an intervention changes.
///
/// A coordinate that is `nil` means all entries along its axis.
public struct Site: Hashable, Sendable {
    /// The activation.
    public var point: HookPoint
    /// Positions along `pos`, or along `query_pos` of attention scores and patterns; negative ones
    /// count from the end of the batch, padding included.
    public var positions: [Int]?
    /// The position along `key_pos`.
    public var source: Int?
    /// The head.
    public var head: Int?
    /// The neuron: of the MLP's hidden layer, or one coordinate of the residual stream, of what is
    /// written to it or of an embedding.
    public var neuron: Int?

    /// Names a part of an activation.
    public init(
        _ point: HookPoint, positions: [Int]? = nil, source: Int? = nil, head: Int? = nil,
        neuron: Int? = nil
    ) {
        self.point = point
        self.positions = positions
        self.source = source
        self.head = head
        self.neuron = neuron
    }

    /// The chosen entries along each axis of a value of a shape; `nil` for all.
    ///
    /// Positions may count from the end.
    func selection(in shape: [Int]) -> [[Int]?] {
        var axes = point.kind.axes
        // While heads have inputs of their own, the values of their norm have a head axis.
        if shape.count > axes.count { axes.insert(.head, at: 2) }
        return zip(axes, shape).map { axis, length in
            let chosen: [Int]? =
                switch axis {
                case .pos, .queryPos: positions
                case .keyPos: source.map { [$0] }
                case .head: head.map { [$0] }
                case .dMLP, .dModel: neuron.map { [$0] }
                case .batch, .dHead, .dVocab, .one: nil
                }
            return chosen.map { Set($0.map { $0 < 0 ? $0 + length : $0 }).sorted() }
        }
    }
}

extension Site {
    /// How many axes of the activation are of one position: those behind batch and position, or the
    /// keys of a pattern. A norm of heads' split inputs has one for each head.
    var features: Int {
        point.kind.axes.contains(.queryPos) ? 1 : point.kind.axes.count - 2
    }

    /// The part of a position's numbers that the site names.
    ///
    /// - Parameter shape: The activation's axes after the position: [head, d_head], [d_mlp], …
    func columns(in shape: [Int]) -> Range<Int> {
        if let head, shape.count == 2 { return head * shape[1]..<(head + 1) * shape[1] }
        if let neuron { return neuron..<neuron + 1 }
        return 0..<shape.reduce(1, *)
    }
}
