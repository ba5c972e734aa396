public import Models
public import Tensors

/// What happens to the part of an activation that a ``Site`` names.
///
/// Values given as tensors have the activation's axes, [batch, pos, …]; with a batch or position
/// axis of 1 they hold for all. At a site that names a head they may lack the head axis.
public enum Edit: Sendable {
    /// The value that a run had there.
    case patch(from: ActivationCache)
    /// A given value, such as a mean over a data set.
    case replace(Tensor)
    /// Zero.
    case zero
    /// A given value on top.
    case add(Tensor)
    /// A multiple of the value.
    case scale(Float)
    /// Any change of the chosen numbers of one position: its heads, neurons or key positions.
    case function(@Sendable (UnsafeMutableBufferPointer<Float>) -> Void)

    /// The tensor that is put in or added; `nil` for edits without one.
    ///
    /// - Throws: ``InterventionError/notCached(_:)`` for a patch whose value was not kept.
    func operand(at point: HookPoint) throws -> Tensor? {
        switch self {
        case .patch(let cache):
            guard let source = cache[point] else {
                throw InterventionError.notCached(point.description)
            }
            return source
        case .replace(let value), .add(let value): return value
        case .zero, .scale, .function: return nil
        }
    }

    /// What turns the gradient with respect to the edited numbers into that with respect to those
    /// before; `nil` for a function, of which nothing is known.
    var adjoint: Edit? {
        switch self {
        case .patch, .replace, .zero: .zero
        case .add: .scale(1)
        case .scale: self
        case .function: nil
        }
    }

    /// Edits a run of numbers.
    ///
    /// - Parameters:
    ///   - values: The numbers, edited in place.
    ///   - operand: The same numbers of ``operand(at:)``.
    func apply(
        to values: UnsafeMutableBufferPointer<Float>, operand: UnsafeBufferPointer<Float>?
    ) {
        switch self {
        case .patch, .replace:
            if let operand { _ = values.update(fromContentsOf: operand) }
        case .zero: values.update(repeating: 0)
        case .add:
            if let operand { for i in 0..<values.count { values[i] += operand[i] } }
        case .scale(let factor): for i in 0..<values.count { values[i] *= factor }
        case .function(let function): function(values)
        }
    }
}

/// One edit at one site.
public struct Intervention: Sendable {
    /// Where.
    public let site: Site
    /// What.
    public let edit: Edit

    /// Pairs an edit with a site.
    public init(_ site: Site, _ edit: Edit) {
        self.site = site
        self.edit = edit
    }

    /// Adds what this intervention does to the hooks of a run, and to gradients that pass there.
    ///
    /// - Throws: ``InterventionError/notCached(_:)`` for a patch whose value was not kept.
    package func install(in hooks: inout Hooks) throws {
        let operand = try edit.operand(at: site.point)
        let site = site
        func applying(_ edit: Edit, _ operand: Tensor?) -> Hooks.Action {
            { value, _ in
                value.apply(
                    edit, at: site.selection(in: value.shape), operand: operand,
                    features: site.features)
            }
        }
        hooks.add(
            at: site.point, pullback: edit.adjoint.map { applying($0, nil) },
            applying(edit, operand))
    }
}

/// Edits that are applied together in one run, which departs from a base run.
public struct Branch: Sendable {
    /// The edits; at one point they are applied in this order.
    public var interventions: [Intervention]

    /// Combines interventions.
    public init(_ interventions: [Intervention]) { self.interventions = interventions }
}

extension Tensor {
    /// Edits the selected entries.
    ///
    /// - Parameters:
    ///   - selection: Indices along each axis; `nil` for all.
    ///   - operand: The edit's tensor, with the same axes or axes of 1 in front.
    ///   - features: How many axes at the end are of one position.
    fileprivate mutating func apply(
        _ edit: Edit, at selection: [[Int]?], operand: Tensor?, features: Int
    ) {
        let shape = shape
        var lengths = operand?.shape ?? shape
        if lengths.count < shape.count { lengths.insert(1, at: 2) }
        precondition(lengths.count == shape.count, "an operand of shape \(lengths) for \(shape)")
        // The trailing axes that are taken whole form one run of memory, of one position: that is
        // what a function is given.
        let whole = shape.indices.reversed().prefix(features).prefix {
            selection[$0] == nil && lengths[$0] == shape[$0]
        }.count
        let inner = shape.suffix(whole).reduce(1, *)
        guard count > 0 else { return }
        let other = operand?.rows(of: inner)
        let target = mutableRows(of: inner)
        func visit(_ axis: Int, _ row: Int, _ operandRow: Int) {
            guard axis < shape.count - whole else {
                edit.apply(to: target[row], operand: other?[operandRow])
                return
            }
            let length = lengths[axis]
            precondition(
                length == shape[axis] || length == 1, "an operand of shape \(lengths) for \(shape)")
            for index in selection[axis] ?? Array(0..<shape[axis]) {
                precondition(index >= 0 && index < shape[axis], "index \(index) of shape \(shape)")
                visit(
                    axis + 1, row * shape[axis] + index,
                    operandRow * length + (length == 1 ? 0 : index))
            }
        }
        visit(0, 0, 0)
    }
}
