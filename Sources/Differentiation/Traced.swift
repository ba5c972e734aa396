public import Tensors

/// A tensor, and where it stands on a tape if one records.
///
/// A computation is written once, with the methods of this type: without a tape they are the
/// kernels and nothing more; with one the same lines record what gradients need. Values that depend
/// on nothing watched are constants, and what is computed from them alone is not recorded.
public struct Traced {
    /// The numbers.
    public private(set) var value: Tensor
    /// The tape that records, if one does.
    let tape: Tape?
    /// The place on the tape; `nil` for constants.
    private(set) var node: Tape.Node?

    /// A constant, or a parameter that the tape watches.
    public init(_ value: Tensor, on tape: Tape? = nil) {
        self.init(value, tape, tape?.node(of: value))
    }

    private init(_ value: Tensor, _ tape: Tape?, _ node: Tape.Node?) {
        (self.value, self.tape, self.node) = (value, tape, node)
    }

    /// The length of each axis.
    public var shape: [Int] { value.shape }

    /// The same elements under another shape, without a copy.
    public func reshaped(_ shape: [Int]) -> Traced { Traced(value.reshaped(shape), tape, node) }

    /// Writes the value; what depends on a tape is recorded by the caller.
    mutating func overwrite(_ body: (inout Tensor) throws -> Void) rethrows { try body(&value) }

    /// The result of an operation on this value and others of the same tape.
    ///
    /// - Parameters:
    ///   - result: What was computed.
    ///   - inputs: Where the inputs stand; if all are constants, so is the result.
    ///   - operation: What to record otherwise.
    func recording(
        _ result: Tensor, from inputs: [Tape.Node?], _ operation: () -> some Operation
    ) -> Traced {
        guard let tape, inputs.contains(where: { $0 != nil }) else {
            return Traced(result, tape, nil)
        }
        return Traced(result, tape, tape.append(operation(), shape: result.shape))
    }

    /// The same value as the result of an operation, even if its input is a constant.
    func recorded(_ operation: some Operation) -> Traced {
        guard let tape else { return self }
        return Traced(value, tape, tape.append(operation, shape: shape))
    }
}
