public import Models
import Tensors

/// What happens to the part of an activation that a ``Site`` names.
public enum Edit: Sendable {
    /// The value that a run had there.
    case patch(from: ActivationCache)
    /// Zero.
    case zero
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

    /// Adds what this intervention does to the hooks of a run.
    ///
    /// - Throws: ``InterventionError/notCached(_:)`` for a patch whose value was not kept.
    package func install(in hooks: inout Hooks) throws {
        let site = site
        switch edit {
        case .patch(let cache):
            guard let source = cache[site.point] else {
                throw InterventionError.notCached(site.point.description)
            }
            hooks.add(at: site.point) { value, _ in
                precondition(
                    source.shape == value.shape,
                    "patch \(site.point) of shape \(value.shape) from shape \(source.shape)")
                value.update(site.selection(in: value.shape), from: source)
            }
        case .zero:
            hooks.add(at: site.point) { value, _ in
                value.update(site.selection(in: value.shape), from: Tensor(value.shape))
            }
        }
    }
}

/// Edits that are applied together in one run, which departs from a base run.
public struct Branch: Sendable {
    /// The edits; at one point they are applied in this order.
    public var interventions: [Intervention]

    /// Combines interventions.
    public init(_ interventions: [Intervention]) { self.interventions = interventions }
}

/// Why an experiment cannot be run.
public enum InterventionError: Error, Hashable, CustomStringConvertible {
    /// A patch needs an activation that its source did not keep.
    case notCached(String)
    /// A base run whose tokens are not known.
    case baseWithoutTokens
    /// A source whose prompt has another shape.
    case differentShapes(clean: [Int], base: [Int])
    /// An axis that the activation does not have.
    case noSuchAxis(axis: String, site: String, axes: [String])
    /// A normalised metric of two runs that it does not tell apart.
    case indistinguishable(value: Double)
    /// A token reference by text in a model without a tokenizer, or one that is not a single token.
    case badToken(String)

    /// A sentence that says what to do next.
    public var description: String {
        switch self {
        case .notCached(let point): "\(point) was not cached; cache it in the run to patch from"
        case .baseWithoutTokens: "the base run began with a residual stream; run it on tokens"
        case .differentShapes(let clean, let base):
            "the clean prompt is \(clean), the corrupted one \(base) [batch, pos]; they must be "
                + "equally long"
        case .noSuchAxis(let axis, let site, let axes):
            "\(site) has no axis \(axis); sweep it by \(axes.joined(separator: ", "))"
        case .indistinguishable(let value):
            "the metric is \(value) for the clean and the corrupted prompt alike, so effects "
                + "cannot be normalised; choose other prompts or answers, or a metric that is not "
                + "normalised"
        case .badToken(let reason): reason
        }
    }
}

extension Tensor {
    /// Copies the selected entries from a tensor of the same shape.
    ///
    /// - Parameters:
    ///   - selection: Indices along each axis; `nil` for all.
    ///   - source: The values to take.
    mutating func update(_ selection: [[Int]?], from source: Tensor) {
        // The trailing axes that are taken whole form one run of memory.
        let whole = selection.reversed().prefix { $0 == nil }.count
        let inner = shape.suffix(whole).reduce(1, *)
        guard count > 0 else { return }
        let (old, new) = (source.rows(of: inner), mutableRows(of: inner))
        func visit(_ axis: Int, _ row: Int) {
            guard axis < rank - whole else {
                _ = new[row].update(fromContentsOf: old[row])
                return
            }
            for index in selection[axis] ?? Array(0..<shape[axis]) {
                precondition(index >= 0 && index < shape[axis], "index \(index) of shape \(shape)")
                visit(axis + 1, row * shape[axis] + index)
            }
        }
        visit(0, 0)
    }
}
