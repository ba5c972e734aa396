import Kernels
import Models
public import Tensors

/// How many of the weights are kept.
public enum Kept: Sendable, Hashable {
    /// A share of them, rounded up.
    case share(Double)
    /// So many.
    case number(Int)
    /// Those whose importance is at least this.
    case threshold(Double)

    /// The places kept, rising.
    func places(in importance: Tensor) -> [Int] {
        func largest(_ count: Int) -> [Int] {
            largestElements(of: importance, count: min(max(count, 1), importance.count))
        }
        switch self {
        case .share(let share):
            return largest(Int((share * Double(importance.count)).rounded(.up)))
        case .number(let count): return largest(count)
        case .threshold(let bound):
            let x = importance.rows(of: importance.count).elements
            return x.indices.filter { Double(abs(x[$0])) >= bound }
        }
    }
}

/// Which weights a feature is learnt on, chosen before training by the mean of a few gradients.
public struct PrePruning: Sendable, Hashable {
    /// How many batches are averaged, the directions in turn.
    public var batches = 8
    /// Rows of a batch.
    public var batchSize = 8
    /// Which gradient.
    public var signal = Signal.alternative
    /// Starts the choice of rows; `nil` for the run's seed.
    public var seed: UInt64?
    /// What is kept.
    public var kept: Kept

    /// Keeps a share of the weights, or those above a threshold.
    public init(_ kept: Kept) { self.kept = kept }

    /// The map of what is kept; weights with large |mean gradient| are important.
    ///
    /// Rows without contrast have no say, as in the Python package.
    func map(
        of map: ParameterMap, _ all: [FeatureRow], _ contrasts: [Contrast],
        in model: Transformer, seed: UInt64
    ) throws -> ParameterMap {
        let used = all.indices.filter { !all[$0].isIdentity }
        let rows = used.map { all[$0] }
        let fewest = Dictionary(grouping: rows, by: \.transition).values.map(\.count).min() ?? 1
        let order = try Batches(
            rows, size: min(batchSize, fewest), seed: (self.seed ?? seed) ^ 0x9e37)
        var mean = Tensor([map.count])
        for batch in 0..<batches {
            let gradient = try map.gradient(
                signal, of: order[batch].map { contrasts[used[$0]] }, in: model)
            add(gradient, times: 1 / Float(batches), to: &mean)
        }
        guard mean.rows(of: max(mean.count, 1)).elements.allSatisfy(\.isFinite) else {
            throw GradiendError.badOption(
                "\(model.name)'s gradients are not finite; look at its weights with probe audit")
        }
        let places = kept.places(in: mean)
        guard !places.isEmpty else {
            throw GradiendError.badOption(
                "no weight's mean gradient reaches the threshold; lower it")
        }
        return map.selecting(places)
    }
}

/// Which of its weights a learnt feature keeps.
public struct PostPruning: Sendable, Hashable {
    /// What is kept.
    public var kept: Kept
    /// By which of its vectors.
    public var part: VectorPart

    /// Keeps the largest of a vector.
    public init(_ kept: Kept, by part: VectorPart = .decoderWeight) {
        self.kept = kept
        self.part = part
    }
}

/// One of the vectors of an encoder-decoder; the names are the Python package's.
public enum VectorPart: String, Sendable, Hashable, CaseIterable {
    /// dec(h) at a factor h.
    case decoder
    /// W_e.
    case encoderWeight = "encoder-weight"
    /// W_d.
    case decoderWeight = "decoder-weight"
    /// b_d.
    case decoderBias = "decoder-bias"
    /// W_d + b_d: dec(1).
    case decoderSum = "decoder-sum"
}

extension EncoderDecoder {
    /// One of the vectors, [n].
    ///
    /// - Parameter factor: h, which ``VectorPart/decoder`` alone depends on.
    public func vector(_ part: VectorPart, factor: Double = 1) -> Tensor {
        switch part {
        case .decoder: decode(factor)
        case .encoderWeight: encoderWeight
        case .decoderWeight: decoderWeight
        case .decoderBias: decoderBias
        case .decoderSum: decode(1)
        }
    }
}

extension Feature {
    /// The feature on its most important weights alone.
    public func pruned(_ pruning: PostPruning) throws -> Feature {
        let places = pruning.kept.places(in: neuron.vector(pruning.part))
        guard !places.isEmpty else {
            throw GradiendError.badOption("no weight reaches the threshold; lower it")
        }
        var pruned = self
        pruned.neuron = neuron.selecting(places)
        pruned.map = map.selecting(places)
        return pruned
    }
}
