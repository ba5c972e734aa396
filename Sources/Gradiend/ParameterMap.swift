// Gradiend: learn a feature from gradients, then rewrite the model with it. Gradients over a map of
// weights, an encoder-decoder with one neuron between, its training on texts that differ in one
// word, what the neuron then tells, and weights moved along what it learnt. Drechsel and Herbold
// 2025, https://arxiv.org/abs/2502.01406; formats and numbers are those of the Python package
// `gradiend`. Start here, then EncoderDecoder.swift and FeatureTraining.swift.

import Kernels
public import Models
public import Tensors

/// Which weights of a model a vector stands for, and in which order.
///
/// Position i of a vector is one element of one tensor of the checkpoint: the tensors in the order
/// of `named_parameters()`, each row-major as it is stored there. Tied tensors come once; their
/// gradient is the sum over their uses.
public struct ParameterMap: Sendable, Hashable {
    /// One tensor of the checkpoint.
    public struct Part: Sendable, Hashable {
        /// The name in the checkpoint.
        public let name: String
        /// The shape there.
        public let shape: [Int]
        /// The places of the elements that count, rising; `nil` for all.
        public let indices: [Int32]?

        /// How many elements count.
        public var count: Int { indices?.count ?? size }
        /// How many elements the tensor has.
        public var size: Int { shape.reduce(1, *) }

        /// Names a tensor and its elements.
        public init(name: String, shape: [Int], indices: [Int32]? = nil) {
            self.name = name
            self.shape = shape
            self.indices = indices
        }
    }

    /// The tensors, in order; one of which no element counts stands here too.
    public let parts: [Part]
    /// Where each tensor's elements begin in the vectors, and n after the last.
    private let starts: [Int]
    /// n: the length of the vectors.
    public var count: Int { starts[parts.count] }

    /// Takes tensors in order.
    public init(parts: [Part]) {
        self.parts = parts
        starts = parts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.count) }
    }

    /// The core of a model, or some of its tensors; of the others no element counts.
    ///
    /// - Parameters:
    ///   - model: A model with its weights as loaded.
    ///   - patterns: Names of the checkpoint's tensors, in which `*` stands for anything; `nil` for
    ///     all tensors of the backbone, which leaves out an untied unembedding.
    public init(of model: Transformer, matching patterns: [String]? = nil) throws {
        guard model.processing == .none else {
            throw GradiendError.processedWeights(model: model.name, "\(model.processing)")
        }
        let core = model.checkpointTensors.filter { !$0.isInHead }
        for pattern in patterns ?? [] where !core.contains(where: { matches($0.name, pattern) }) {
            throw GradiendError.noParameter(pattern, model: model.name, known: core.map(\.name))
        }
        self.init(
            parts: core.map { tensor in
                let isChosen = patterns?.contains { matches(tensor.name, $0) } ?? true
                return Part(name: tensor.name, shape: tensor.shape, indices: isChosen ? nil : [])
            })
    }

    /// The map of some of this map's positions.
    ///
    /// - Parameter positions: Places in this map's vectors, rising.
    public func selecting(_ positions: [Int]) -> ParameterMap {
        var (offset, next) = (0, 0)
        return ParameterMap(
            parts: parts.map { part in
                let first = next
                while next < positions.count, positions[next] < offset + part.count { next += 1 }
                let chosen = positions[first..<next].map { position -> Int32 in
                    part.indices?[position - offset] ?? Int32(position - offset)
                }
                offset += part.count
                return Part(
                    name: part.name, shape: part.shape,
                    indices: chosen.count == part.size ? nil : chosen)
            })
    }

    /// Each tensor with the first place of its elements in the vectors.
    var placed: [(part: Part, offset: Int)] { zip(parts, starts).map { ($0, $1) } }

    /// Where a position of the vectors is: the tensor's place among the parts, and the element's
    /// in the tensor.
    ///
    /// - Complexity: O(log parts).
    public func location(of position: Int) -> (part: Int, element: Int) {
        precondition((0..<count).contains(position), "position \(position) of \(count)")
        // The first part that ends behind it; parts without elements end where they begin.
        var (low, high) = (0, parts.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if starts[middle + 1] > position { high = middle } else { low = middle + 1 }
        }
        let local = position - starts[low]
        return (low, parts[low].indices.map { Int($0[local]) } ?? local)
    }
}

extension ParameterMap {
    /// The tensors of a model that the map names.
    ///
    /// - Throws: ``GradiendError/mapDoesNotFit(model:_:)``.
    func tensors(of model: Transformer) throws -> [CheckpointTensor] {
        guard model.processing == .none else {
            throw GradiendError.processedWeights(model: model.name, "\(model.processing)")
        }
        let known = Dictionary(
            model.checkpointTensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        return try parts.map { part in
            guard let tensor = known[part.name] else {
                throw GradiendError.mapDoesNotFit(
                    model: model.name, "it has no tensor \(shown(part.name))")
            }
            guard tensor.shape == part.shape else {
                throw GradiendError.mapDoesNotFit(
                    model: model.name,
                    "its \(part.name) is \(tensor.shape), the map's \(part.shape)")
            }
            return tensor
        }
    }

    /// Puts the chosen elements of a checkpoint's tensors one after the other, [n].
    ///
    /// - Parameter tensor: The values of each part, in its shape; `nil` for zeros.
    func gather(_ tensor: (Int) throws -> Tensor?) rethrows -> Tensor {
        var vector = Tensor(uninitialized: [count])
        let out = vector.mutableRows(of: max(count, 1))
        for (index, (part, offset)) in placed.enumerated() where part.count > 0 {
            let target = UnsafeMutableBufferPointer(
                rebasing: out.elements[offset..<offset + part.count])
            // The rows keep the memory of a tensor that nobody else holds.
            guard let source = try tensor(index)?.rows(of: part.size) else {
                target.update(repeating: 0)
                continue
            }
            if let indices = part.indices {
                for i in 0..<target.count { target[i] = source[0][Int(indices[i])] }
            } else {
                _ = target.update(fromContentsOf: source[0])
            }
        }
        return vector
    }

    /// The chosen weights of a model, [n].
    public func weights(of model: Transformer) throws -> Tensor {
        let tensors = try tensors(of: model)
        return gather { tensors[$0].value(in: model) }
    }

    /// A copy of a model whose chosen weights are moved: θ + α d.
    ///
    /// The model itself keeps its weights, bit for bit: that is how a rewriting is undone.
    ///
    /// - Parameters:
    ///   - direction: d, [n].
    ///   - scale: α.
    public func moving(
        _ model: Transformer, along direction: Tensor, by scale: Double
    ) throws -> Transformer {
        precondition(direction.count == count, "a direction of \(direction.count) for \(count)")
        var moved = model
        let (direction, scale) = (direction.rows(of: max(count, 1)), Float(scale))
        for (tensor, (part, offset)) in zip(try tensors(of: model), placed) where part.count > 0 {
            let (count, indices) = (part.count, part.indices)
            var value = tensor.value(in: moved)
            let rows = value.mutableRows(of: value.count)
            let part = direction.block(at: offset, 1, count)
            if let indices {
                for (i, index) in indices.enumerated() {
                    rows.elements[Int(index)] += scale * part[0][i]
                }
            } else {
                add(part, times: scale, to: rows)
            }
            tensor.set(value, in: &moved)
        }
        return moved
    }
}

/// Whether a name is a pattern's, in which `*` stands for any characters.
private func matches(_ name: String, _ pattern: String) -> Bool {
    let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard pieces.count > 1, let head = pieces.first, let tail = pieces.last else {
        return name == pattern
    }
    guard name.utf8.count >= head.utf8.count + tail.utf8.count, name.hasPrefix(head),
        name.hasSuffix(tail)
    else { return false }
    var rest = name.dropFirst(head.count).dropLast(tail.count)[...]
    for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
        guard let end = rest.firstRange(of: piece)?.upperBound else { return false }
        rest = rest[end...]
    }
    return true
}
