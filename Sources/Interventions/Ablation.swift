public import Models
import Tensors

/// Parts of a model that are taken out one at a time.
///
/// Taking out means putting in a baseline: zero, the mean over other texts, or what another text
/// has there (Wang et al. 2023, section 3, https://arxiv.org/abs/2211.00593).
public struct Ablation: Sendable {
    /// What is taken out at a time.
    public enum Part: String, Sendable, CaseIterable {
        /// One attention head: z.
        case heads
        /// One neuron of an MLP, after its activation function.
        case neurons
        /// A block's attention output.
        case attention
        /// A block's MLP output.
        case mlp
        /// Both outputs of a block.
        case layers

        /// The activations concerned, in each layer.
        public var kinds: [HookKind] {
            switch self {
            case .heads: [.z]
            case .neurons: [.mlpPost]
            case .attention: [.attnOut]
            case .mlp: [.mlpOut]
            case .layers: [.attnOut, .mlpOut]
            }
        }

        /// The axes of the result.
        public var axes: [Sweep.Axis] {
            switch self {
            case .heads: [.layer, .head]
            case .neurons: [.layer, .neuron]
            case .attention, .mlp, .layers: [.layer]
            }
        }
    }

    /// What is put in.
    public enum Baseline: Sendable {
        case zero
        /// A value per activation, [1, 1, …] each.
        case mean(ActivationCache)
        /// The activations of another run, of the same length.
        case resample(ActivationCache)
    }

    /// What is taken out.
    public let part: Part
    /// What is put in.
    public let baseline: Baseline
    /// The layers; `nil` for all.
    public let layers: [Int]?

    /// Describes an ablation.
    public init(_ part: Part, baseline: Baseline, layers: [Int]? = nil) {
        (self.part, self.baseline, self.layers) = (part, baseline, layers)
    }

    /// One branch per part, in the order of ``Part/axes``.
    ///
    /// - Throws: ``RunError/noSuchLayer(_:nLayers:)``, ``InterventionError/notCached(_:)``.
    public func branches(in model: Transformer) throws -> [Branch] {
        try chosenLayers(in: model).flatMap { layer in
            try (0..<width(in: model)).map { index in
                Branch(
                    try part.kinds.map { kind in
                        var site = Site(HookPoint(kind, layer: layer))
                        if part == .heads { site.head = index }
                        if part == .neurons { site.neuron = index }
                        return Intervention(site, try edit(at: site.point))
                    })
            }
        }
    }

    /// The layers that are ablated.
    public func chosenLayers(in model: Transformer) throws -> [Int] { try model.checked(layers) }

    /// How many parts a layer has.
    public func width(in model: Transformer) -> Int {
        switch part {
        case .heads: model.config.nHeads
        case .neurons: model.config.dMLP
        case .attention, .mlp, .layers: 1
        }
    }

    private func edit(at point: HookPoint) throws -> Edit {
        switch baseline {
        case .zero: return .zero
        case .resample(let cache): return .patch(from: cache)
        case .mean(let cache):
            guard let mean = cache[point] else {
                throw InterventionError.notCached(point.description)
            }
            return .replace(mean)
        }
    }
}

extension Transformer {
    /// The mean of activations over all positions of some sequences, [1, 1, …] each, in double
    /// precision.
    ///
    /// - Parameters:
    ///   - kinds: The activations, in every layer.
    ///   - sequences: Token ids, run one by one.
    ///   - first: The first position that counts; 1 leaves out the beginning-of-text token.
    public func meanActivations(
        of kinds: [HookKind], over sequences: [[Int]], from first: Int = 0
    ) throws -> ActivationCache {
        var sums: [HookPoint: [Double]] = [:]
        var count = 0
        for sequence in sequences where sequence.count > first {
            let cache = try run(
                [sequence], caching: Caching { kinds.contains($0.kind) }, logits: .none
            ).cache
            count += sequence.count - first
            for point in cache.points {
                guard let value = cache[point] else { continue }
                let width = value.shape.dropFirst(2).reduce(1, *)
                var sum = sums[point] ?? [Double](repeating: 0, count: width)
                for pos in first..<sequence.count {
                    let row = value.rows(of: width)[pos]
                    for i in 0..<width { sum[i] += Double(row[i]) }
                }
                sums[point] = sum
            }
        }
        guard count > 0 else { throw RunError.emptyPrompt }
        var means = ActivationCache()
        for (point, sum) in sums {
            let shape = [1, 1] + point.kind.axes.dropFirst(2).map { length(of: $0) }
            means[point] = Tensor(shape, sum.map { Float($0 / Double(count)) })
        }
        return means
    }
}
