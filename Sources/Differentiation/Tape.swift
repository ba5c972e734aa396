// Differentiation: reverse-mode gradients. A tape records the operations of a computation as it
// runs; one file per operation holds its forward step, its backward step with the derivation, and
// has room for its relevance rule. What a model is is not known here. Start at Tape.swift, then
// Traced.swift.

public import Tensors

/// Records operations as they run, and then carries gradients back through them.
///
/// A tape is used once: watch the parameters, compute with ``Traced`` values, walk back, take the
/// gradients. Parameters are known by their memory: two tensors that share it, such as tied
/// embeddings, are one parameter, whose gradient is the sum over its uses.
///
/// ```swift
/// let tape = Tape()
/// tape.watch(weight)
/// let y = Traced(x, on: tape).linear(weight, bias)
/// tape.backward(from: y, cotangent: dy)
/// let dW = tape.takeGradient(of: weight)
/// ```
///
/// An operation is recorded only where its result depends on something that is watched or
/// observed; it keeps only what its backward step reads, and lets go of it when that is done.
public final class Tape {
    /// By node, in the order of the computation; `nil` for leaves and for what is done.
    private var operations: [(any Operation)?] = []
    private var cotangents = Cotangents()
    private var parameters: [Memory: Node] = [:]

    /// A place on the tape: one value of the computation.
    struct Node { let index: Int }

    /// What tells one parameter from another.
    private struct Memory: Hashable {
        let address: UnsafePointer<Float>
        let count: Int

        init(_ tensor: Tensor) {
            (address, count) = (tensor.rows(of: max(tensor.count, 1)).base, tensor.count)
        }
    }

    /// A tape with nothing on it.
    public init() {}

    /// Asks for the gradient with respect to a parameter, before it is used.
    ///
    /// The tensor must stay in memory and unchanged until the gradients are taken.
    public func watch(_ parameter: Tensor) {
        guard parameters[Memory(parameter)] == nil, parameter.count > 0 else { return }
        parameters[Memory(parameter)] = append(nil, shape: parameter.shape)
    }

    /// Where a parameter stands; `nil` if it is not watched.
    func node(of parameter: Tensor?) -> Node? { parameter.flatMap { parameters[Memory($0)] } }

    /// Puts an operation on the tape.
    func append(_ operation: (any Operation)?, shape: [Int]) -> Node {
        operations.append(operation)
        return cotangents.appendNode(shape: shape)
    }

    /// Carries a gradient from a value back to everything that it depends on.
    ///
    /// - Parameters:
    ///   - output: The value; nothing happens if it depends on nothing that is watched.
    ///   - cotangent: The gradient with respect to it, of its shape.
    public func backward(from output: Traced, cotangent: consuming Tensor) {
        precondition(
            cotangent.count == output.value.count,
            "a gradient of shape \(cotangent.shape) for \(output.value.shape)")
        cotangents.add(cotangent, to: output.node)
        for index in operations.indices.reversed() {
            guard var operation = operations[index] else { continue }
            operations[index] = nil
            let node = Node(index: index)
            guard let gradient = cotangents.take(node, orZeros: operation is Observation) else {
                continue
            }
            operation.backward(gradient, &cotangents)
        }
    }

    /// The gradient with respect to a watched parameter, of its shape, which the tape lets go.
    ///
    /// Zero if nothing depended on the parameter.
    public func takeGradient(of parameter: Tensor) -> Tensor {
        node(of: parameter).flatMap { cotangents.take($0) } ?? Tensor(parameter.shape)
    }
}

/// A step of a computation that can be walked back.
///
/// Conforming types keep what the backward step reads. Each stands in its file with its forward
/// step, a method of ``Traced``; its relevance rule will stand there too.
protocol Operation {
    /// Adds to the gradients of the inputs what follows from that of the output.
    ///
    /// - Parameters:
    ///   - gradient: With respect to the output, of its shape; may be overwritten.
    ///   - cotangents: The gradients so far.
    mutating func backward(_ gradient: consuming Tensor, _ cotangents: inout Cotangents)
}
