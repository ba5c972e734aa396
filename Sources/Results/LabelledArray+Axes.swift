internal import Tensors

extension LabelledArray {
    /// Results of the same axes one after the other, along a new first axis.
    ///
    /// The axes' names are the first result's; their labels must agree.
    ///
    /// - Parameters:
    ///   - parts: The results.
    ///   - axis: The new axis's name.
    ///   - labels: Its labels, one per part.
    public static func stacking(
        _ parts: [LabelledArray], along axis: String, labels: [String]
    ) -> LabelledArray {
        precondition(!parts.isEmpty && parts.count == labels.count, "one label for each part")
        let first = parts[0]
        let values = parts.map { part -> Tensor in
            precondition(
                part.axes.map(\.labels) == first.axes.map(\.labels), "parts have different axes")
            return part.values.reshaped([1] + part.values.shape)
        }
        var stack = LabelledArray(
            first.name, quantity: first.quantity, axes: [Axis(axis, labels: labels)] + first.axes,
            values: .concatenating(values, axis: 0), summary: first.summary,
            provenance: first.provenance)
        stack.settings = first.settings
        return stack
    }

    /// One entry of the first axis.
    public func part(_ index: Int) -> LabelledArray {
        var part = LabelledArray(
            name, quantity: quantity, axes: Array(axes.dropFirst()), values: values[at: index],
            summary: summary, provenance: provenance)
        part.settings = settings
        return part
    }

    /// The result with at least two axes: a single one becomes the rows of one column.
    public var asTable: LabelledArray {
        guard axes.count == 1 else { return self }
        var table = LabelledArray(
            name, quantity: quantity, axes: axes + [Axis("all", labels: [""])],
            values: values.reshaped([axes[0].count, 1]), summary: summary, provenance: provenance)
        table.settings = settings
        return table
    }
}
