// GroundTruth: models with a circuit that is known because it was put there, and the effects of
// patching them in closed form. Whoever finds other parts, or other numbers, is wrong.
// Start here; the models are one file each, and FeatureSpace.swift says how they are built.

public import Interventions
public import Models

/// A transformer with a planted circuit, a prompt pair on which it acts, and what sweeps must find.
public struct PlantedModel: Sendable {
    /// A name such as `planted-head`.
    public let name: String
    /// What the circuit does, in a sentence.
    public let summary: String
    /// The transformer; tests of the tests replace it by a broken one.
    public var model: Transformer
    /// The clean prompt's tokens.
    public let clean: [Int]
    /// The corrupted prompt's tokens, from which branches depart.
    public let corrupted: [Int]
    /// The answer, which the circuit favours on the clean prompt.
    public let answer: Int
    /// The answer it is compared with.
    public let wrong: Int
    /// What each sweep must find.
    public let sweeps: [PlantedSweep]
    /// The circuit's edges, from what writes to what reads.
    public let edges: [CircuitEdge]

    /// The circuit's heads, as z, and its neurons, as the MLP's hidden layer.
    public var circuit: Set<Site> {
        Set(
            sweeps.lazy.filter { [.z, .mlpPost].contains($0.kind) }.flatMap(\.effects.keys))
    }

    /// The effect of each edit that has one, on ``metric``.
    public var expectedEffects: [(site: Site, value: Double)] {
        sweeps.flatMap { $0.effects.map { (site: $0.key, value: $0.value) } }
    }

    /// logit(answer) − logit(wrong) at the last position.
    public var metric: Metric { .logitDifference(.id(answer), .id(wrong)) }

    /// All planted models.
    public static var all: [PlantedModel] {
        [.plantedNeuron, .plantedHead, .induction, .fractionSoFar]
    }
}

/// One sweep over a planted model with its true result.
public struct PlantedSweep: Sendable {
    /// What is done at each site in turn.
    public enum Change: Sendable {
        /// The clean run's value is put in.
        case patch
        /// It is set to zero.
        case zero
    }

    /// The activation.
    public let kind: HookKind
    /// The axes.
    public let axes: [Sweep.Axis]
    /// What is done.
    public var change = Change.patch
    /// The change of the metric at each site that has one, in closed form; 0 at all others.
    public let effects: [Site: Double]

    /// The name in tables, such as `z` or `pattern zeroed`.
    public var name: String { kind.shortName + (change == .zero ? " zeroed" : "") }

    /// The branches, one for each site.
    public func branches(from clean: Run, length: Int) throws -> [Branch] {
        let branches = try Sweep(kind, by: axes, from: clean).branches(
            in: clean.model, length: length)
        guard change == .zero else { return branches }
        return branches.map { branch in
            Branch(branch.interventions.map { Intervention($0.site, .zero) })
        }
    }
}

/// An edge of a circuit, its ends named as InterpBench names them.
///
/// Heads are `blocks.1.attn.hook_result[2]`, MLPs `blocks.0.hook_mlp_out`, the inputs `hook_embed`
/// and `hook_pos_embed`, the output the last layer's `hook_resid_post`. Gupta et al. 2024,
/// https://arxiv.org/abs/2407.14494.
public struct CircuitEdge: Hashable, Sendable, CustomStringConvertible {
    /// What writes.
    public let from: String
    /// What reads.
    public let to: String
    /// Whether what differs between the prompts goes along it; positions, for one, are the same.
    public let carriesChange: Bool

    /// Names an edge.
    public init(_ from: String, _ to: String, carriesChange: Bool = true) {
        self.from = from
        self.to = to
        self.carriesChange = carriesChange
    }

    /// Both ends with an arrow.
    public var description: String { "\(from) → \(to)" }
}

extension PlantedSweep {
    /// Heads, over all positions.
    static func heads(_ effects: [HeadPlace: Double]) -> PlantedSweep {
        PlantedSweep(
            kind: .z, axes: [.layer, .head],
            effects: .init(
                uniqueKeysWithValues: effects.map { place, effect in
                    (Site(HookPoint(.z, layer: place.layer), head: place.head), effect)
                }))
    }

    /// Neurons, over all positions.
    static func neurons(_ effects: [NeuronPlace: Double]) -> PlantedSweep {
        PlantedSweep(
            kind: .mlpPost, axes: [.layer, .neuron],
            effects: .init(
                uniqueKeysWithValues: effects.map { place, effect in
                    (Site(HookPoint(.mlpPost, layer: place.layer), neuron: place.neuron), effect)
                }))
    }

    /// The residual stream before each block, position by position.
    static func residual(_ effects: [(layer: Int, pos: Int, value: Double)]) -> PlantedSweep {
        PlantedSweep(
            kind: .residPre, axes: [.layer, .pos],
            effects: .init(
                uniqueKeysWithValues: effects.map { effect in
                    (
                        Site(HookPoint(.residPre, layer: effect.layer), positions: [effect.pos]),
                        effect.value
                    )
                }))
    }

    /// Each weight of each pattern, set to zero.
    static func patternZeroed(
        _ head: HeadPlace, dest: Int, src: Int, _ value: Double
    ) -> PlantedSweep {
        let site = Site(
            HookPoint(.pattern, layer: head.layer), positions: [dest], source: src, head: head.head)
        return PlantedSweep(
            kind: .pattern, axes: [.layer, .head, .destination, .source], change: .zero,
            effects: [site: value])
    }

    /// Whole patterns.
    static func patterns(_ head: HeadPlace, _ value: Double) -> PlantedSweep {
        PlantedSweep(
            kind: .pattern, axes: [.layer, .head],
            effects: [Site(HookPoint(.pattern, layer: head.layer), head: head.head): value])
    }
}

extension HeadPlace {
    /// The name as an end of an edge.
    var node: String { "blocks.\(layer).attn.hook_result[\(head)]" }
}
