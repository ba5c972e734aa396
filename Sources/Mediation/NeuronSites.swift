import Interventions
public import Models

/// Which of a model's values count as neurons.
public enum NeuronSites: String, Sendable, CaseIterable {
    /// The coordinates of the token's embedding and of every MLP's output, as in the published
    /// study.
    case mlpOut = "mlp_out"
    /// The hidden neurons of every MLP, after the activation function.
    case mlpPost = "mlp_post"
    /// The coordinates of every attention output.
    case attnOut = "attn_out"
    /// The coordinates of the residual stream behind every block.
    case residPost = "resid_post"
    /// The heads: all of z of one.
    case z

    /// The activations, in order.
    public func points(in model: Transformer) -> [HookPoint] {
        let kind: HookKind =
            switch self {
            case .mlpOut: .mlpOut
            case .mlpPost: .mlpPost
            case .attnOut: .attnOut
            case .residPost: .residPost
            case .z: .z
            }
        let embedding = self == .mlpOut ? [HookPoint(.embed)] : []
        return embedding
            + (0..<model.config.nLayers).map { HookPoint(kind, layer: $0) }
    }

    /// What the activations are called: `emb` and the layers' numbers.
    public func labels(in model: Transformer) -> [String] {
        points(in: model).map { $0.layer.map(String.init) ?? "emb" }
    }

    /// How many neurons each activation has.
    public func width(in model: Transformer) -> Int {
        switch self {
        case .mlpOut, .attnOut, .residPost: model.config.dModel
        case .mlpPost: model.config.dMLP
        case .z: model.config.nHeads
        }
    }

    /// The name of the neurons' axis.
    public var axis: String { self == .z ? "head" : "neuron" }

    /// One neuron at a position.
    func site(_ point: HookPoint, _ neuron: Int?, at position: Int) -> Site {
        self == .z
            ? Site(point, positions: [position], head: neuron)
            : Site(point, positions: [position], neuron: neuron)
    }
}

/// One neuron, or all of an activation's.
public struct NeuronUnit: Hashable, Sendable, Comparable {
    /// The activation's place among ``NeuronSites/points(in:)``.
    public let site: Int
    /// Which of its neurons; `nil` for all.
    public let neuron: Int?

    /// Names a neuron.
    public init(site: Int, neuron: Int?) { (self.site, self.neuron) = (site, neuron) }

    /// By site, then by neuron.
    public static func < (a: NeuronUnit, b: NeuronUnit) -> Bool {
        (a.site, a.neuron ?? -1) < (b.site, b.neuron ?? -1)
    }
}
