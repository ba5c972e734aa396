package import Differentiation
package import Tensors

/// One walk of rows through the model: what happens beside the arithmetic.
///
/// The forward pass tells it every value by name and asks whether anyone listens, so that values
/// nobody reads need not exist. Passes call hooks and keep activations, record gradients, or edit
/// the rows of experiments.
package protocol Pass: AnyObject {
    /// Keys and values of the positions before the rows.
    var past: KeyValues? { get }

    /// What records the arithmetic; `nil` if nobody asks for gradients.
    var tape: Tape? { get }

    /// Whether anyone reads or changes the value at a point.
    func listens(to kind: HookKind, _ layer: Int?) -> Bool

    /// Shows a value, which may be changed.
    ///
    /// - Parameters:
    ///   - kind: What it is.
    ///   - layer: The block; `nil` outside.
    ///   - value: [row, …] with the axes of ``HookKind/axes`` after `pos`; scores and patterns of
    ///     one item after the other, each [head, query_pos, key_pos], flat.
    ///   - layout: The rows.
    func visit(_ kind: HookKind, _ layer: Int?, _ value: inout Traced, _ layout: RowLayout)

    /// Receives a layer's keys and values as attention reads them, [row, head, d_head] each.
    func remember(_ layer: Int, keys: Tensor, values: Tensor, _ layout: RowLayout)
}

extension Pass {
    /// Most passes record nothing.
    package var tape: Tape? { nil }
}
