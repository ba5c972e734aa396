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
        return LabelledArray(
            first.name, quantity: first.quantity, axes: [Axis(axis, labels: labels)] + first.axes,
            values: .concatenating(values, axis: 0), summary: first.summary,
            provenance: first.provenance)
    }

    /// One entry of the first axis.
    public func part(_ index: Int) -> LabelledArray {
        LabelledArray(
            name, quantity: quantity, axes: Array(axes.dropFirst()), values: values[at: index],
            summary: summary, provenance: provenance)
    }
}
