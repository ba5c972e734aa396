import Kernels
public import Models
import Tensors

/// A feature learnt from gradients: the neuron, the weights it stands for, and how it was learnt.
public struct Feature: Sendable {
    /// The encoder and the decoder.
    public var neuron: EncoderDecoder
    /// The weights that its vectors stand for.
    public var map: ParameterMap
    /// Which gradient the encoder reads.
    public var source: Signal
    /// Which gradient the decoder writes.
    public var target: Signal
    /// The two classes it tells apart; `nil` if that is not known, as in some folders.
    public var classes: ClassPair?
    /// The base model's name, which the feature belongs to.
    public var baseModel: String
    /// The course of training; `nil` for a feature whose folder tells nothing.
    public var record: TrainingRecord?

    /// Puts a feature together.
    public init(
        neuron: EncoderDecoder, map: ParameterMap, source: Signal, target: Signal,
        classes: ClassPair?, baseModel: String, record: TrainingRecord? = nil
    ) {
        precondition(
            neuron.count == map.count, "a neuron of \(neuron.count) for a map of \(map.count)")
        self.neuron = neuron
        self.map = map
        self.source = source
        self.target = target
        self.classes = classes
        self.baseModel = baseModel
        self.record = record
    }

    /// h of contrasts, each by itself, in order.
    ///
    /// - Parameter signal: Which gradient is read; the source's unless given.
    public func encode(
        _ contrasts: [Contrast], in model: Transformer, reading signal: Signal? = nil
    ) throws -> [Double] {
        try map.inParallel(contrasts.count) { index in
            neuron.encode(
                try map.gradient(signal ?? source, of: [contrasts[index]], in: model))
        }
    }

    /// The factor in place of h that makes a rewritten model say more of a class.
    ///
    /// The decoder writes g⁺ − g⁻. Along a gradient the loss for its word rises, so that moving
    /// along the difference makes the factual word rarer: with the factual gradient as the source,
    /// a class is strengthened by the other class's sign; with the alternative gradient by its own.
    public func factor(strengthening name: String) -> Double {
        let label = classes?.label(of: name) ?? 0
        return source == .alternative ? label : -label
    }
}

extension ParameterMap {
    /// The results of work on single texts: in parallel where its vectors are small beside memory.
    func inParallel<Element: Sendable>(
        _ count: Int, _ body: @Sendable (Int) throws -> Element
    ) throws -> [Element] {
        // Each thread holds gradients of the whole model; large products use the threads inside.
        let size = parts.reduce(0) { $0 + ($1.count > 0 ? $1.size : 0) }
        guard size < 1 << 24 else { return try (0..<count).map(body) }
        return try parallelMap(count, body)
    }
}
